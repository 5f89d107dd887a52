nbuild = "1"

project "hello" {}

image "hello" {
  cmd = ["node", "server.js"]
}
