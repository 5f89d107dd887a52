nbuild = "1"

project "x" {
  owner = var.token
}

variable "token" {
  sensitive = true
}

locals {
  direct  = var.token
  derived = format("Bearer %s", upper(local.direct))
  picked  = startswith(var.token, "h") ? "yes" : "no"
  listed  = concat(["a"], [var.token])
}

step "s" {
  run     = ["curl", local.derived]
  env     = { TOKEN = var.token }
  inputs  = [files(var.token)]
  outputs = local.listed
}

image "i" {
  cmd        = ["node", "--token=${var.token}"]
  env        = { A = local.picked }
  labels     = { (var.token) = "a" }
  repository = "registry.example.com/shop/${var.token}"
  tags       = [substr(var.token, 0, 3)]
  layer "l" {
    from = files("src/**")
    to   = "/${lower(var.token)}"
  }
}

release "r" {
  baseline = lookup({ a = var.token }, "a", "")
}

fetch "f" {
  url = "https://data.example.com/${var.token}"
}

base "b" {
  image = "registry.example.com/x:${length(var.token)}"
}
