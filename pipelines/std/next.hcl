# Builds a Next.js server in its standalone form, whatever next.config says of `output`.
# The image starts server.js, and has three layers:
#
#   layer "server" {
#     from = step.NAME.output[".next/standalone"]
#   }
#   layer "static" {
#     from = step.NAME.output[".next/static"]
#     to   = "/app/.next/static"
#   }
#   layer "public" {
#     from = files("public/**")
#   }
#
# Next makes a random build id, and random keys for previews and server actions, unless
# the project sets them (generateBuildId in next.config; NEXT_SERVER_ACTIONS_ENCRYPTION_KEY):
# until then its output is another one each time that it runs. Pages that are made of what
# a network serves can't be made here.
doc     = "Builds with next build and keeps the standalone server."
inputs  = [project.all, npm.deps.all] # npm.deps is the project's first npm block
run     = ["node_modules/.bin/next", "build"]
env     = { NODE_ENV = "production", CI = "true", NEXT_PRIVATE_STANDALONE = "true", NEXT_TELEMETRY_DISABLED = "1" }
outputs = [".next/standalone", ".next/static"]
timeout = "20m"
memory  = "4GiB"
