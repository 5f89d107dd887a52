# Builds the project's own addon, by its binding.gyp, with node-gyp against the headers of
# the base's Node. What only compiling needs is removed from build.
doc      = "Builds the project's own addon by its binding.gyp and keeps build/Release."
inputs   = [project.all, npm.deps.all] # npm.deps is the project's first npm block
run      = ["node", "/usr/local/lib/nbuild/install-scripts.js", ".", "node-gyp"]
outputs  = ["build/Release"]
compiler = true
timeout  = "30m"
memory   = "4GiB"
env = {
  CI                  = "true"
  JOBS                = "4"
  npm_config_loglevel = "warn"
  npm_config_nodedir  = "/usr/local"
}
