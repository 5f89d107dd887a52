trust "shop" {
  version = 1
  expires = "2036-01-01T00:00:00Z"

  root {
    threshold = 1
    key "operator" {
      file   = "signer.pub"
      sha256 = "@FINGERPRINT@"
    }
  }

  team "shop" {
    member "ci" {
      builders = ["https://nbuild.dev/builder/local"]
      key {
        file   = "signer.pub"
        sha256 = "@FINGERPRINT@"
      }
    }
  }

  environment "production" {
    images   = ["@REGISTRY@/shop/**"]
    rollback = "deny"
    minimum_release = {
      "@REGISTRY@/shop/web"      = 1
      "@REGISTRY@/elsewhere/web" = 1
    }

    require "provenance" {
      team     = team.shop
      builders = ["https://nbuild.dev/builder/local"]
    }
    require "sbom" {
      team = team.shop
    }
    require "release" {
      team    = team.shop
      max_age = "720h"
    }
  }
}
