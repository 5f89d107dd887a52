# The pipeline that a newcomer runs first: it builds the shop in testdata/storefront.
nbuild = "1"

project "storefront" {
  dir       = "testdata/storefront"
  platforms = ["linux/amd64", "linux/arm64"]
  owner     = "shop-platform"
  contact   = "shop-oncall@example.com"
}

base "runtime" {
  node = "22"

  # The stable suite alone: its packages stay in Debian's archive for as long as a
  # pin must last, while those of updates and security go with the next version.
  debian = { suite = "trixie", packages = ["ca-certificates", "tzdata"] }
}

image "storefront" {
  base       = base.runtime
  repository = "registry.example.com/shop/storefront"
  tags       = ["stable"]
  cmd        = ["node", "src/server.js"]
  env        = { NODE_ENV = "production" }
  expose     = ["8080/tcp"]
}

sbom {
  deny_license = ["AGPL-3.0-only"]
}

dynamism {
  deny = ["install-script", "implicit-gyp"]
}
