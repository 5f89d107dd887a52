nbuild = "1"
project "x" {}
locals {
  a = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
  b = format("%999999999d", 1)
  c = replace(replace(local.a, "", local.a), "", replace(local.a, "", local.a))
  d = [local.a, local.a, local.a, local.a, local.a, local.a, local.a, local.a, local.a, local.a, local.a, local.a, local.a, local.a]
  e = [local.d, local.d, local.d, local.d, local.d, local.d, local.d, local.d, local.d, local.d, local.d, local.d, local.d, local.d]
  f = [local.e, local.e, local.e, local.e, local.e, local.e, local.e, local.e, local.e, local.e, local.e, local.e, local.e, local.e]
  g = [local.f, local.f, local.f, local.f, local.f, local.f, local.f, local.f, local.f, local.f, local.f, local.f, local.f, local.f]
  h = [local.g, local.g, local.g, local.g, local.g, local.g, local.g, local.g, local.g, local.g, local.g, local.g, local.g, local.g]
}
