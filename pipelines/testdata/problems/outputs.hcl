nbuild = "1"
project "x" {}

step "build" {
  use = "typescript"
}

step "again" {
  inputs = [step.build.output["dost"], project.everything]
  run    = ["node", "dist/a.js"]
}

image "x" {
  cmd = ["node", "a.js"]
  layer "a" {
    from = step.build.output["lib"]
  }
  layer "b" {
    from = step.build.output["../dist"]
  }
  layer "c" {
    from = project.all
  }
  layer "d" {
    from = step.bild.output["dist"]
  }
  layer "e" {
    from = step.again.output["dist"]
  }
  layer "f" {
    from = step.build.outputs["dist"]
  }
}
