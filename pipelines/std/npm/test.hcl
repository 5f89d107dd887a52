# Runs the project's own test script, the one that `npm test` runs, without npm:
# Node reads it from package.json. Give it the project's files and npm.NAME.all.
doc = "Runs the test script of package.json."
run = ["node", "--run", "test"]
env = { NODE_ENV = "test", CI = "true" }
