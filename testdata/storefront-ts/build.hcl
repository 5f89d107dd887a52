nbuild = "1"

project "storefront-ts" {}

step "compile" {
  use = "typescript"
}

# The packages stay outside of the bundle: the BOM and the source list have each by name.
step "bundle" {
  use     = "esbuild"
  run     = ["node_modules/.bin/esbuild", "src/server.ts", "--bundle", "--platform=node", "--packages=external", "--outdir=bundle"]
  outputs = ["bundle"]
}

step "test" {
  use    = "node/test"
  inputs = [npm.deps.all, step.compile]
  run    = ["node", "--test", "dist/test/*.test.js"]
  trace  = true
}

image "storefront-ts" {
  cmd   = ["node", "server.js"]
  after = [step.test]
  guard = "enforce"

  check "serves" {
    expect_http = "8080/products"
    expect_text = "Hemp rope"
    trace       = true
  }
  layer "modules" {
    from = npm.deps.production
  }
  layer "server" {
    from = step.bundle.output["bundle"]
  }
}
