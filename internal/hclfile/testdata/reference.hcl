edition = vra.channel
owner {}
book "a" {
  cover = var.chanel
  tags  = [upper("x")]
}
