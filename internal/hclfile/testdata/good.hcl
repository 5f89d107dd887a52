edition = "1"

owner {}

any {
  whatever = 1
}

book "b" {
  pages = 3
  cover = "hard"
  tags  = ["a", var.channel]
  notes = { a = "b" }
  lent  = true
  chapter {}
  chapter {}
}
