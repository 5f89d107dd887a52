nbuild = "1" # language edition

project "storefront" {
  source    = "https://git.example.com/shop/storefront"
  platforms = ["linux/amd64", "linux/arm64"]
  owner     = "shop-platform"
  contact   = "shop-oncall@example.com"
}

variable "channel" {
  type    = string
  default = "stable"
}

locals {
  repository = "registry.example.com/shop/storefront"
}

# Inputs: every byte that enters is named here and pinned in nbuild.lock.
snapshot {
  cooldown = "72h" # nothing younger is pinned
}

npm "deps" {
  lockfile = "package-lock.json"
  script "better-sqlite3" {
    allow  = ["install"]
    reason = "builds its addon against the pinned node headers"
  }
  unbuilt "bufferutil" {
    reason = "ws does without it: its own JavaScript does the same"
  }
  packed "isp" {
    file = "vendor/isp-3.1.0.tgz"
  }
  patch "qs@6.11.0" {
    file     = "patches/qs.patch"
    resolves = ["CVE-2022-24999"]
  }
}

base "runtime" {
  node   = "22"
  debian = { suite = "trixie", packages = ["ca-certificates", "tzdata"] }
}

base "distroless" { # any registry's image serves as well; its digest is in nbuild.lock
  image = "registry.example.com/base/nodejs:22"
}

fetch "geoip" {
  url = "https://data.example.com/geoip/2026-11.mmdb"
}

# Work: a graph. Order comes from references.
step "bundle" {
  base    = base.runtime
  inputs  = [files("package.json", "tsconfig.json", "src/**"), npm.deps.all]
  run     = ["node_modules/.bin/tsc", "--outDir", "dist"]
  env     = { NODE_ENV = "production" }
  outputs = ["dist"]
  timeout = "5m"
  memory  = "2GiB"
  network = "none" # the default; "snapshot" is a loopback replica, nothing else
}

step "test" {
  use    = "npm/test" # a standard pipeline: nbuild explain npm/test
  inputs = [files("package.json", "test/**"), step.bundle, npm.deps.all]
  trace  = true # what loads here joins the production source list
}

image "storefront" {
  base       = base.runtime
  repository = local.repository
  tags       = [var.channel]
  after      = [step.test] # must pass first, adds no files
  user       = "65532:65532"
  workdir    = "/app"
  cmd        = ["node", "dist/server.js"]
  env        = { NODE_ENV = "production" }
  labels     = { "org.opencontainers.image.title" = "storefront" }
  expose     = ["8080/tcp"]
  guard      = "enforce" # off, report, enforce

  guarding {
    eval    = "report"
    console = "module" # each line names the module that wrote it
  }
  check "health" { # it has to answer before it is released
    expect_http = "8080/healthz"
    expect_text = "ok"
  }
  layer "modules" {
    from = npm.deps.production
  }
  layer "app" {
    from = [files("package.json"), step.bundle]
  }
  layer "data" {
    from = fetch.geoip
    to   = "/app/geoip.mmdb"
  }
}

# Evidence and gates.
sbom {
  spec_version = "1.6"
  deny_license = ["AGPL-3.0-only"]
}

dynamism {
  rules = "strict" # common, strict, experimental
  deny  = ["eval", "function-ctor", "vm"]
  warn  = ["nonliteral-require", "child_process"]

  allow "pkg:npm/lodash" {
    kinds   = ["function-ctor"]
    sites   = 2 # a third site fails the build
    reason  = "_.template compiles at call time; we never call it"
    owner   = "platform"
    expires = "2027-06-30"
  }

  rule "SHOP-1" { # a rule of one's own; nbuild explain SHP-1 shows one of the sets
    call     = ["node:child_process.exec*", ".runCommand"]
    severity = "deny"
    message  = "a command is joined from parts"
    reason   = "whoever chooses a part chooses the command"
    remedy   = "use execFile with a list of arguments"

    when {
      argument = 0
      shape    = ["built"]
    }
    allow "pkg:npm/simple-git@3.30.0" {
      sites  = 1
      reason = "the part is a branch's name, which is checked before"
    }
  }

  load "views/**/*.ejs.js" { # joins the production source list by hand
    reason = "compiled templates, loaded by name"
  }
  evaluator "pkg:npm/ejs" { # may turn strings into code in a guarded image
    files  = ["lib/ejs.js"]
    reason = "compiles the templates that the image holds"
  }
  instrumenter "pkg:npm/import-in-the-middle" { # may rewrite what others are made of
    reason = "tracing"
  }
  generated "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9" {
    reason = "a template that is compiled when the program starts"
  }
}

release "stable" {
  baseline = "${local.repository}:stable"
  deny     = ["integrity-changed", "downgrade", "provenance-lost"]
  review   = ["new-dynamism", "new-install-script", "new-package", "new-maintainer"]
}
