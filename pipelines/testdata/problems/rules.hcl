nbuild = "1"

project "rules" {}

dynamism {
  rules = "loose"
  deny  = ["evil", "SHP-1"]
  warn  = ["SHP-1"]

  allow "lodash" {
    kinds  = ["eval"]
    reason = "a purl was meant"
  }
  allow "pkg:npm/lodash" {
    reason = "it says not for what"
  }
  allow "pkg:npm/lodash" {
    rules   = ["shp"]
    reason  = " "
    expires = "soon"
  }

  rule "team" {
    kinds   = ["eval"]
    message = "an id in small letters"
    reason  = "it is none"
    remedy  = "write TEAM-1"
  }
  rule "TEAM-1" {
    kinds   = ["eval"]
    call    = [".query"]
    message = "two subjects"
    reason  = "a rule has one"
    remedy  = "split it"
  }
  rule "TEAM-2" {
    call    = ["exec(", ".a.b", "*"]
    message = "patterns"
    reason  = "none of these is one"
    remedy  = "write them as names"
    when {
      argument = 0
      matches  = "(?=x)"
    }
    when {
      absent = true
    }
    when {
    }
  }
  rule "TEAM-3" {
    kinds   = ["eval"]
    message = "a kind has no arguments"
    reason  = "only calls have"
    remedy  = "remove when"
    when {
      shape = ["build"]
    }
  }
}
