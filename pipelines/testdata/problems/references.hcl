nbuild = "1"
project "x" {}

fetch "data" {
  url = "http://user@data.example.com/x"
}

step "test" {
  base   = fetch.data
  inputs = ["package.json", npm.deps.all]
  run    = []
}

image "x" {
  base  = base.nodde
  after = [step.tset]
  cmd   = ["node", vra.x, upcase("x")]
  layer "a" {
    from = [npm.deps.production, npm.deps.prod]
  }
  layer "b" {
    from = base.node
  }
  layer "c" {
    from = files("src/nothing/**")
  }
  layer "d" {
    from = files("../secret")
  }
  layer "e" {
    from = npm.deps.package["lodash"]
    to   = "relative/../x"
  }
  layer "f" {
    from = [for f in ["a"] : fetch.data]
  }
}
