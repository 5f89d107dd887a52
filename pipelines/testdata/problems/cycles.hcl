nbuild = "1"
project "x" {}

locals {
  a = local.b
  b = "x${local.c}"
  c = local.a
  d = local.d
  e = "fine"
}

step "one" {
  inputs = [step.two]
  run    = ["a"]
}

step "two" {
  inputs = [step.three]
  run    = ["a"]
}

step "three" {
  inputs = [step.one]
  run    = ["a"]
}

step "self" {
  inputs = step.self
  run    = ["a"]
}
