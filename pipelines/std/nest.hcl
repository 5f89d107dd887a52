# Compiles a NestJS server with the Nest CLI of the project's own devDependencies, as
# nest-cli.json says, assets such as templates among it. The image starts dist/main.js.
doc     = "Compiles with nest build and keeps dist."
inputs  = [project.all, npm.deps.all] # npm.deps is the project's first npm block
run     = ["node_modules/.bin/nest", "build"]
env     = { NODE_ENV = "production", CI = "true" }
outputs = ["dist"]
