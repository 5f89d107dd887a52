nbuild = "1"
project "x y" {
  platforms = ["linux/amd64", "linux/arm"]
  dir       = "../up"
}
variable "channel" {
  type = strng
}
variable "missing" {}
variable "key" {
  sensitive = true
  default   = "x"
}
snapshot {
  cooldown = "three days"
}
npm "deps" {
  lockfile = "/etc/passwd"
  script "Bad Name" {
    allow  = ["instal"]
    reason = " "
  }
  patch "qs" {
    file = "../qs.patch"
  }
}
base "b" {
  node   = "lts"
  image  = "registry.example.com/x"
}
base "c" {
  node   = "lts"
  debian = { suite = "T", pkgs = [] }
}
step "s" {
  use     = "npm/tets"
  outputs = ["dist", "dist/x", "/abs"]
  env     = { "A=B" = "c" }
  timeout = "5 minutes"
  memory  = "lots"
  network = "host"
}
image "i" {
  repository = "registry.example.com/Shop:tag"
  tags       = ["a b"]
  user       = "root"
  workdir    = "app"
  expose     = ["8080"]
  guard      = "enforced"
}
dynamism {
  deny = ["evla"]
  allow "lodash" {
    kinds   = ["vm"]
    sites   = 0
    reason  = "x"
    expires = "soon"
  }
  load "../x" {
    reason = "y"
  }
}
release "r" {
  deny = ["integrity-change"]
}
