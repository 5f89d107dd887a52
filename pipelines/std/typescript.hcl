# Compiles with the TypeScript of the project's own devDependencies, as tsconfig.json
# says. A type error stops the build. Say outputs = […] where outDir is another folder,
# and run = ["node_modules/.bin/tsc", "--project", "tsconfig.build.json"] for another
# configuration.
doc     = "Compiles with tsc and keeps dist."
inputs  = [project.all, npm.deps.all] # npm.deps is the project's first npm block
run     = ["node_modules/.bin/tsc", "--project", "tsconfig.json"]
env     = { CI = "true" }
outputs = ["dist"]
