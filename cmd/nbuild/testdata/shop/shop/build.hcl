nbuild = "1"

project "shop" {
  platforms = ["linux/amd64", "linux/arm64"]
}

base "runtime" {
  image = "@REGISTRY@/base/node:1"
}

image "shop" {
  base       = base.runtime
  repository = "@REGISTRY@/shop/web"
  tags       = ["stable"]
  cmd        = ["node", "server.js"]
}

release "production" {
  baseline = "@REGISTRY@/shop/web:stable"
  deny     = ["upgrade"]
}
