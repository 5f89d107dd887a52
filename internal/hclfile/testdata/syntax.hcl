edition = "1
owner {
  a = = 2
