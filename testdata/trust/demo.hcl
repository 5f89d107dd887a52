# The trust file of the demo: it accepts what the public key in testdata/keys
# signed, so it proves that the machinery works and nothing else. A real one lies in
# a repository of its own and is signed by its root keys.
trust "demo" {
  version = 1
  expires = "2036-01-01T00:00:00Z"

  root {
    threshold = 1
    key "demo" {
      pem = <<-PEM
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAExNRSohj3mUJBA0+YboFavm6pn5FH
        LRpkXM40p6k1eO1EaiowFO+YTUtr7pA0MyFdtm7zUAX278wEfUCsSuatGA==
        -----END PUBLIC KEY-----
      PEM
    }
  }

  team "shop" {
    member "demo" {
      builders = ["https://nbuild.dev/builder/local"]
      key {
        pem = <<-PEM
          -----BEGIN PUBLIC KEY-----
          MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAExNRSohj3mUJBA0+YboFavm6pn5FH
          LRpkXM40p6k1eO1EaiowFO+YTUtr7pA0MyFdtm7zUAX278wEfUCsSuatGA==
          -----END PUBLIC KEY-----
        PEM
      }
    }
  }

  # An OCI layout such as oci:out is in no repository: there the repository counts
  # that the signed release names, which is that of build.hcl.
  environment "production" {
    images   = ["registry.example.com/shop/**"]
    rollback = "deny"
    minimum_release = {
      "registry.example.com/shop/storefront" = 1
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
