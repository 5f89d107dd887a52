editoin = "1"
bok "x" {}
book = 1
book "y" {
  pags = 3
  cover "x" {}
  wholly_other = 1
}
any {
  inner {}
}
