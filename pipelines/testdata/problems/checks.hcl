nbuild = "1"
project "x" {}

image "x" {
  cmd = ["node", "server.js"]
  check "nothing" {}
  check "nothing" {
    alive = "1s"
  }
  check "question" {
    expect_http = "http://localhost:80/"
  }
  check "port" {
    expect_http   = "70000/"
    expect_status = 200
  }
  check "status" {
    expect_http   = "8080"
    expect_status = 600
  }
  check "answer" {
    run           = []
    expect_status = 200
  }
  check "both" {
    expect_http = "8080/"
    alive       = "1s"
  }
  check "long" {
    alive   = "31s"
    timeout = "0s"
    memory  = "lots"
    env     = { "A=B" = "c" }
  }
  check "never" {
    alive   = "1m"
    timeout = "2h"
  }
}

image "guarded" {
  cmd   = ["node", "server.js"]
  guard = "report"
  check "other" {
    run = ["sh", "-c", "true"]
  }
  check "same" {
    run = ["node", "--version"]
  }
}

image "large" {
  cmd  = ["node", "server.js"]
  user = "4294967295:5"
  check "same" {
    run = ["node", "--version"]
  }
}
