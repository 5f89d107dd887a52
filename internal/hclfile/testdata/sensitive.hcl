edition = "x-${var.token}"
owner {}
book "a" {
  cover = var.token
  tags  = ["a", var.token]
  notes = { a = var.token }
  lent  = var.token == "x"
  pages = var.token + 1
}
