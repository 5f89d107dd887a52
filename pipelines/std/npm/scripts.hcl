# Runs install scripts (preinstall, install, postinstall) as npm does, with npm's own
# module. Every `script` block of an npm block is made from this, once for each place of
# its package, platform and Node: such a step sees the package with what it needs, in
# /build/node_modules, and leaves the package's folder. A step that uses it runs those of
# the project's own package.json.
#
# Beside these variables are those that npm gives to scripts: NODE, npm_node_execpath,
# npm_package_*, npm_lifecycle_*, npm_config_node_gyp, npm_config_npm_version, npm_config_user_agent, and
# PATH with every node_modules/.bin above the package. npm_package_resolved is not set, as
# it names a server, nor is what npm takes from its configuration files.
#
# What only compiling needs (objects, dependency files, what gyp generates) is removed
# from a folder `build` of node-gyp. A script that writes outside of its package fails.
doc      = "Runs install scripts, those that `script` blocks allow among them."
inputs   = [project.all, npm.deps.all] # npm.deps is the project's first npm block
run      = ["node", "/usr/local/lib/nbuild/install-scripts.js", "."]
compiler = true
timeout  = "30m"
memory   = "4GiB"
env = {
  CI                           = "true"
  INIT_CWD                     = "/build"
  JOBS                         = "4"
  npm_command                  = "ci"
  npm_config_build_from_source = "true"
  npm_config_cache             = "/tmp/home/.npm"
  npm_config_global_prefix     = "/usr/local"
  npm_config_local_prefix      = "/build"
  npm_config_loglevel          = "warn"
  npm_config_nodedir           = "/usr/local"
  npm_config_offline           = "true"
  npm_execpath                 = "/usr/local/lib/nbuild/npm/bin/npm-cli.js"
}
