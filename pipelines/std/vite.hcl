# Bundles with the Vite of the project's own devDependencies, as vite.config says. Say
# outputs = […] where build.outDir is another folder.
doc     = "Bundles with vite build and keeps dist."
inputs  = [project.all, npm.deps.all] # npm.deps is the project's first npm block
run     = ["node_modules/.bin/vite", "build"]
env     = { NODE_ENV = "production", CI = "true" }
outputs = ["dist"]
