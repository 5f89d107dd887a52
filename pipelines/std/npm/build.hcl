# Runs the project's own build script, the one that `npm run build` runs, without
# npm. What it leaves in dist is kept; say outputs = […] where it is another folder.
doc     = "Runs the build script of package.json and keeps dist."
inputs  = [project.all, npm.deps.all] # npm.deps is the project's first npm block
run     = ["node", "--run", "build"]
env     = { NODE_ENV = "production", CI = "true" }
outputs = ["dist"]
