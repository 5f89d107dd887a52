edition = 1
owner {}
owner {}
book {}
book "a" "b" {}
book "c" {
  pages = "many"
  cover = "sotf"
  tags  = [1, null]
  notes = ["x"]
  lent  = "perhaps"
}
book "c" {}
book "😀" { pages = 1.5 }
