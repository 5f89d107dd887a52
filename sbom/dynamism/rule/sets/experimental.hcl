# Rules that are wrong now and then, or find what is common and mostly harmless:
# for looking, not for stopping. What proves itself here moves to strict.
dynamism {
  rules = "strict"

  rule "RCE-5" {
    kinds    = ["wasm"]
    severity = "warn"
    message  = "WebAssembly is compiled or run"
    reason   = "what it does is not in the inventory, only what it is given"
    remedy   = "look at what its imports are"
  }

  rule "RCE-6" {
    kinds    = ["worker"]
    severity = "warn"
    message  = "a thread or a process of Node is started"
    reason   = "what it runs may not be what this process was allowed to load"
    remedy   = "give it a file of the image, by a literal name"
  }

  rule "RCE-7" {
    kinds    = ["monkey-patch"]
    severity = "warn"
    message  = "what all code shares is changed"
    reason   = "all other code then runs by a definition that its authors never saw"
    remedy   = "export a function instead"
  }

  rule "UIR-3" {
    kinds    = ["create-require", "require-resolve"]
    severity = "warn"
    message  = "a place to load from is worked out"
    reason   = "what is loaded there is not always known beforehand"
    remedy   = "use require and import with literal names"
  }

  rule "SHP-4" {
    kinds    = ["child_process"]
    severity = "warn"
    message  = "another program is run"
    reason   = "production seldom needs it, and an attacker always does"
    remedy   = "use a library"
  }

  rule "SHP-5" {
    call     = ["node:child_process.*"]
    severity = "warn"
    message  = "a shell reads the command"
    reason   = "what it makes of an argument is hard to know"
    remedy   = "leave out shell: true, and give the arguments as a list"

    when {
      property = ["shell"]
      matches  = "^(true|/.+|(ba|z|da|k|c|a|fi)?sh|(cmd|powershell|pwsh)(\\.exe)?)$"
    }
  }

  rule "LQC-1" {
    kinds    = ["test-code"]
    severity = "warn"
    message  = "the package ships its tests"
    reason   = "they are code that production can load and nobody expects there"
    remedy   = "the guard and the production source list keep them from being loaded"
  }

  rule "CRY-11" {
    call     = ["Math.random"]
    severity = "warn"
    message  = "an id is made of Math.random"
    reason   = "an id that can be guessed must not be what keeps others out"
    remedy   = "use randomUUID of node:crypto"

    when {
      target = "(^(id|uuid|guid)|Id|ID|_id|Uuid|UUID|Guid|GUID)$"
    }
  }

  rule "CRY-12" {
    call     = [".digest"]
    severity = "warn"
    message  = "a digest is compared in a time that shows how much of it is right"
    reason   = "who can measure the time finds the right one piece by piece"
    remedy   = "use timingSafeEqual of node:crypto"

    when {
      compared = true
    }
  }

  rule "DOS-1" {
    call     = ["RegExp"]
    severity = "warn"
    message  = "a regular expression repeats a group that can match the same text in many ways"
    reason   = "a text that almost matches can cost time that doubles with each of its characters"
    remedy   = "write the inner part so that it can match in one way only, or bound the length of the text"

    when {
      argument = 0
      matches  = "\\((\\?:)?((\\\\.|\\[\\^?([^\\]\\\\]|\\\\.)*\\]|[^()\\[\\]\\\\|+*?{}^$])[*?])*(\\\\.|\\[\\^?([^\\]\\\\]|\\\\.)*\\]|[^()\\[\\]\\\\|+*?{}^$])[+*]((\\\\.|\\[\\^?([^\\]\\\\]|\\\\.)*\\]|[^()\\[\\]\\\\|+*?{}^$])[*?])*\\)([+*]|\\{[0-9]+,\\})[^)|?]"
    }
  }
}
