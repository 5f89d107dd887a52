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
  guard      = "enforce" # it loads the files on its production source list, and nothing else

  # It is started in the sandbox, as it is, and has to answer before it is released.
  check "serves" {
    expect_http = "8080/healthz"
    expect_text = "ok"
  }
}

sbom {
  deny_license = ["AGPL-3.0-only"]
}

dynamism {
  deny = ["install-script", "implicit-gyp"]

  # What may turn strings into code. Everywhere else eval and Function throw.
  evaluator "pkg:npm/depd" {
    reason = "wraps deprecated functions so that their number of arguments stays"
  }
  evaluator "pkg:npm/morgan" {
    reason = "compiles the format of its log lines, which src/app.js names"
  }
  evaluator "pkg:npm/ejs" {
    reason = "compiles the shop's own views, which are files of the image"
  }
}
