# Bundles a server with the esbuild of the project's own devDependencies. What comes from
# packages stays outside of the bundle (--packages=external), so that the image's tree of
# packages, its BOM and its source list have each of them by name. Name another entry or
# other options with run = […].
doc     = "Bundles src/index.ts with esbuild and keeps dist."
inputs  = [project.all, npm.deps.all] # npm.deps is the project's first npm block
run     = ["node_modules/.bin/esbuild", "src/index.ts", "--bundle", "--platform=node", "--packages=external", "--outdir=dist"]
env     = { NODE_ENV = "production", CI = "true" }
outputs = ["dist"]
