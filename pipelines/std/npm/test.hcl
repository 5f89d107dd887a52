# Runs the project's own test script, the one that `npm test` runs, without npm:
# Node, from 22 on, reads it from package.json.
doc    = "Runs the test script of package.json."
inputs = [project.all, npm.deps.all] # npm.deps is the project's first npm block
run    = ["node", "--run", "test"]
env    = { NODE_ENV = "test", CI = "true" }
