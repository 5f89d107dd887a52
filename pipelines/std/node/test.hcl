# Runs Node's own test runner over the files that it finds by their names.
doc    = "Runs the tests with node --test."
inputs = [project.all, npm.deps.all] # npm.deps is the project's first npm block
run    = ["node", "--test"]
env    = { NODE_ENV = "test", CI = "true" }
