# For what is served to the public: what the common rules tell stops a build where
# it is told well, and more is told.
dynamism {
  rules = "common"
  deny = [
    "RCE-1", "RCE-2", "UIR-1", "MTP-1", "MTP-2", "MTP-3", "SHP-1", "SHP-2", "QUI-1", "QUI-2", "QUI-3", "QUI-6",
    "CRY-2", "CRY-3", "CRY-4", "CRY-5", "CRY-6", "CRY-7", "CRY-8", "CRY-9",
  ]

  rule "RCE-3" {
    kinds   = ["vm"]
    message = "node:vm runs a string as code"
    reason  = "a context of node:vm is no sandbox: code gets out of it through any object that it is given"
    remedy  = "run code that is not trusted in another process, or not at all"
  }

  rule "RCE-4" {
    kinds   = ["process-binding"]
    message = "Node's internal bindings are used"
    reason  = "they pass by every check of the public modules"
    remedy  = "use the public module"
  }

  rule "UIR-2" {
    kinds    = ["module-internals"]
    severity = "warn"
    message  = "the loader's own parts are used"
    reason   = "whoever changes them decides what every require of the process gives"
    remedy   = "load modules by require and import alone"
  }

  rule "MTP-4" {
    kinds   = ["prebuilt-binary"]
    message = "the package brings machine code"
    reason  = "nobody can review it, and nothing says what source it was built of"
    remedy  = "build the addon from its source in a step, or use a package without one"
  }

  rule "MTP-5" {
    unread  = "file"
    message = "a file could not be read, so that nothing is known of what it does"
    reason  = "a gate that did not look must not pass"
    remedy  = "leave the file out of the image, or look into it"
  }

  rule "MTP-7" {
    unread   = "part"
    severity = "warn"
    message  = "a part of a file could not be read"
    reason   = "Node does not run what is no JavaScript; what it can run after all may do more than was found"
    remedy   = "leave the file out of the image, or look into it"
  }

  rule "MTP-6" {
    kinds    = ["non-js-executable"]
    severity = "warn"
    message  = "the package brings a program that is no JavaScript"
    reason   = "what it does is not in the inventory"
    remedy   = "read it, or use a package without one"
  }

  rule "BOF-1" {
    kinds    = ["native-addon"]
    severity = "warn"
    message  = "machine code is loaded into the process"
    reason   = "it can do whatever the process may, and a mistake in its memory is an attacker's way in"
    remedy   = "use a package in JavaScript or WebAssembly, or build the addon in a step"
  }

  rule "SHP-3" {
    call     = ["node:child_process.exec", "node:child_process.execSync"]
    severity = "warn"
    message  = "a shell command comes from elsewhere"
    reason   = "nothing in the file says what it is"
    remedy   = "use execFile or spawn with a list of arguments and without a shell"

    when {
      argument = 0
      shape    = ["other"]
    }
  }

  rule "QUI-4" {
    call    = [".find", ".findOne", ".findOneAndUpdate", ".findOneAndDelete", ".updateOne", ".updateMany", ".update", ".deleteOne", ".deleteMany", ".count", ".countDocuments", ".aggregate", ".where", ".$where"]
    message = "a query is JavaScript that is joined from parts"
    reason  = "MongoDB runs $where as code, and a part of it is whatever the user sent"
    remedy  = "use the operators $expr, $eq and their kin"

    when {
      property = ["$where"]
      shape    = ["built"]
    }
  }

  rule "QUI-5" {
    call    = [".$where"]
    message = "a query is JavaScript that is joined from parts"
    reason  = "MongoDB runs $where as code, and a part of it is whatever the user sent"
    remedy  = "use the operators $expr, $eq and their kin"

    when {
      argument = 0
      shape    = ["built"]
    }
  }

  rule "CRY-10" {
    call     = ["node:crypto.createHmac", "node:crypto.createCipheriv", "node:crypto.createDecipheriv"]
    severity = "warn"
    message  = "a key stands in the code"
    reason   = "whoever has the package has the key"
    remedy   = "read the key from where secrets are kept"

    when {
      argument = 1
      shape    = ["constant"]
      matches  = "^.{4,}$"
    }
  }
}
