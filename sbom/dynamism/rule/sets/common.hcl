# What a team should know of before it ships, and what is seldom wanted. This set
# only tells: a project that says nothing is never stopped by it.
dynamism {
  rule "RCE-1" {
    kinds    = ["eval", "function-ctor", "ctor-trick"]
    severity = "warn"
    message  = "a string becomes code"
    reason   = "whoever can change the string runs code in this process, with all that it may do"
    remedy   = "parse data with JSON.parse, and call functions by a table of names"
  }

  rule "RCE-2" {
    kinds    = ["string-timer"]
    severity = "warn"
    message  = "a timer is given a string"
    reason   = "Node refuses it and a browser evaluates it, so the code does not do what it says"
    remedy   = "give the timer a function"
  }

  rule "UIR-1" {
    kinds    = ["nonliteral-require", "nonliteral-import"]
    severity = "warn"
    message  = "a module is loaded by a name that is made at run time"
    reason   = "whoever chooses the name runs any file of the image, tests and examples too"
    remedy   = "load from a table of literal names"
  }

  rule "MTP-1" {
    kinds    = ["install-script"]
    severity = "warn"
    message  = "an install would run a script of the package"
    reason   = "it is the way that most malicious packages took; nbuild runs none, but `npm install` on a desk does"
    remedy   = "install with --ignore-scripts, or use `nbuild install`"
  }

  rule "MTP-2" {
    kinds    = ["implicit-gyp"]
    severity = "warn"
    message  = "an install would run node-gyp, though no script says so"
    reason   = "binding.gyp can run any command, and a list of scripts does not show it"
    remedy   = "install with --ignore-scripts, or use `nbuild install`"
  }

  rule "MTP-3" {
    kinds    = ["obfuscated"]
    severity = "warn"
    message  = "the text hides what it does"
    reason   = "nobody can review it, and hardly any honest package has a need for it"
    remedy   = "do not ship it before its author has said what it does"
  }

  rule "SHP-1" {
    call     = ["node:child_process.exec", "node:child_process.execSync", "npm:shelljs.exec", "npm:child-process-promise.exec", "npm:execa.execaCommand*", "npm:execa.command*"]
    severity = "warn"
    message  = "a shell command is joined from parts"
    reason   = "a part that holds ; or $( is a command of its own"
    remedy   = "use execFile or spawn with a list of arguments and without a shell"

    when {
      argument = 0
      shape    = ["built"]
    }
  }

  rule "SHP-2" {
    call     = ["node:child_process.spawn", "node:child_process.spawnSync", "node:child_process.execFile", "node:child_process.execFileSync", "node:child_process.fork"]
    severity = "warn"
    message  = "a command that is joined from parts is handed to a shell"
    reason   = "with shell: true the arguments are joined and read by a shell, so that ; or $( in a part is a command of its own"
    remedy   = "leave out shell: true, and give the arguments as a list"

    when {
      argument = 0
      shape    = ["built"]
    }
    when {
      property = ["shell"]
      matches  = "^(true|/.+|(ba|z|da|k|c|a|fi)?sh|(cmd|powershell|pwsh)(\\.exe)?)$"
    }
  }

  rule "QUI-1" {
    call     = [".query", ".execute", ".raw", ".prepare", ".queryAsync", ".executeAsync", ".executeSql", ".exec", ".all", ".get", ".run", ".each", ".unsafe"]
    severity = "warn"
    message  = "a query is joined from parts"
    reason   = "a part that holds a quote becomes a part of the query"
    remedy   = "put placeholders into the query and give the values beside it"

    when {
      shape   = ["built"]
      matches = "(?is)^[\\s(]*(select\\s.*\\sfrom(\\s|$)|insert\\s+(ignore\\s+)?into\\s|replace\\s+into\\s|update\\s+\\S+\\s+set\\s|delete\\s+from\\s|truncate\\s+table\\s|(drop|alter|create)\\s+(table|database|schema|user|role|index|view)\\s|grant\\s.*\\sto\\s|call\\s+\\S*\\(|with\\s+\\S+\\s+as\\s*\\()"
    }
  }

  rule "QUI-2" {
    call     = [".query", ".execute", ".queryAsync", ".executeAsync", ".executeSql"]
    severity = "warn"
    message  = "a query is joined from parts"
    reason   = "a part that holds a quote becomes a part of the query"
    remedy   = "put placeholders into the query and give the values beside it"

    when {
      property = ["text", "sql"]
      shape    = ["built"]
      matches  = "(?is)^[\\s(]*(select\\s.*\\sfrom(\\s|$)|insert\\s+(ignore\\s+)?into\\s|replace\\s+into\\s|update\\s+\\S+\\s+set\\s|delete\\s+from\\s|truncate\\s+table\\s|(drop|alter|create)\\s+(table|database|schema|user|role|index|view)\\s|grant\\s.*\\sto\\s|call\\s+\\S*\\(|with\\s+\\S+\\s+as\\s*\\()"
    }
  }

  rule "QUI-3" {
    call     = [".$queryRawUnsafe", ".$executeRawUnsafe"]
    severity = "warn"
    message  = "a raw query is joined from parts"
    reason   = "the method's name says it: nothing is escaped"
    remedy   = "use $queryRaw or $executeRaw as a tag of a template"

    when {
      argument = 0
      shape    = ["built"]
    }
  }

  rule "QUI-6" {
    call     = [".whereRaw", ".orWhereRaw", ".andWhereRaw", ".havingRaw", ".orderByRaw", ".groupByRaw", ".joinRaw", ".fromRaw", ".selectRaw", "npm:sequelize.literal", "npm:sequelize.Sequelize.literal"]
    severity = "warn"
    message  = "a piece of a query is joined from parts"
    reason   = "what goes by the name of raw is put into the query as it is, quotes and all"
    remedy   = "put placeholders into the piece and give the values beside it"

    when {
      argument = 0
      shape    = ["built"]
    }
  }

  rule "CRY-1" {
    call     = ["node:crypto.createHash", "node:crypto.createHmac", "node:crypto.hash", "node:crypto.createSign", "node:crypto.createVerify", "node:crypto.Hash", "node:crypto.Hmac"]
    severity = "warn"
    message  = "a hash that is broken"
    reason   = "two texts with one hash can be made for it, so it proves nothing; as a mere checksum it does no harm"
    remedy   = "use sha256, and scrypt for passwords"

    when {
      argument = 0
      matches  = "(?i)^(rsa-)?(md[245]|md5-sha1|sha-?1|ripemd(160)?|rmd160|dss1?)(with[a-z-]+)?$"
    }
  }

  rule "CRY-2" {
    call     = ["node:crypto.createCipheriv", "node:crypto.createDecipheriv", "node:crypto.createCipher", "node:crypto.createDecipher", "node:crypto.Cipheriv", "node:crypto.Decipheriv"]
    severity = "warn"
    message  = "a cipher that is broken, or a mode that shows equal blocks"
    reason   = "DES, RC2 and RC4 can be broken on a desk, Blowfish's blocks are too short, and ECB shows the pattern of what it hides"
    remedy   = "use aes-256-gcm or chacha20-poly1305, with a nonce that is used once"

    when {
      argument = 0
      matches  = "(?i)(^(des|des3|rc2|rc4|bf|blowfish|cast5?|idea|seed)($|-)|-ecb$|^aes(128|192|256)?-?ecb)"
    }
  }

  rule "CRY-3" {
    call     = ["node:crypto.createCipher", "node:crypto.createDecipher"]
    severity = "warn"
    message  = "a cipher without a nonce"
    reason   = "key and nonce are made of the password by one round of MD5; Node 22 has removed it"
    remedy   = "use createCipheriv, with a key of scrypt and a random nonce"
  }

  rule "CRY-4" {
    call     = ["Math.random"]
    severity = "warn"
    message  = "a secret is made of Math.random"
    reason   = "a few of its values give all those that follow"
    remedy   = "use randomBytes, randomUUID or randomInt of node:crypto"

    when {
      target = "(?i:token|secret|passw|passphrase|nonce|salt|csrf|xsrf|session_?id|api_?key|credential|verifier|invite_?code|reset_?code)|^(iv|otp)$|Otp|OTP"
    }
  }

  rule "CRY-5" {
    call     = ["node:crypto.generateKeyPair", "node:crypto.generateKeyPairSync"]
    severity = "warn"
    message  = "a key that is too short"
    reason   = "an RSA or DSA key of less than 2048 bits can be broken"
    remedy   = "set modulusLength to 3072, or use ed25519"

    when {
      property = ["modulusLength"]
      below    = 2048
    }
  }

  rule "CRY-6" {
    call     = ["node:https.*", "node:tls.*", "node:http2.*", "npm:*", "fetch"]
    severity = "warn"
    message  = "whoever is on the way is believed to be the server"
    reason   = "with rejectUnauthorized: false any certificate will do"
    remedy   = "give the private authority's certificate as ca"

    when {
      property = ["rejectUnauthorized"]
      matches  = "^false$"
    }
  }

  rule "CRY-7" {
    assign   = ["process.env.NODE_TLS_REJECT_UNAUTHORIZED"]
    severity = "warn"
    message  = "whoever is on the way is believed to be the server, in the whole process"
    reason   = "NODE_TLS_REJECT_UNAUTHORIZED=0 makes any certificate do, for all of the process's connections"
    remedy   = "set NODE_EXTRA_CA_CERTS to the private authority's certificate"

    when {
      argument = 0
      matches  = "^(0|false)?$"
    }
  }

  rule "CRY-8" {
    call     = ["node:crypto.pbkdf2", "node:crypto.pbkdf2Sync"]
    severity = "warn"
    message  = "a password is hashed in too few rounds"
    reason   = "a graphics card tries millions of passwords a second"
    remedy   = "use scrypt, or 600000 rounds with sha256"

    when {
      argument = 2
      below    = 100000
    }
  }

  rule "CRY-9" {
    call     = ["node:https.*", "node:tls.*", "node:http2.*"]
    severity = "warn"
    message  = "a version of TLS that is broken"
    reason   = "SSL 2 and 3, TLS 1.0 and 1.1 can be read by whoever is on the way"
    remedy   = "leave the option out; Node's own default is TLS 1.2 or later"

    when {
      property = ["minVersion", "secureProtocol"]
      matches  = "^(TLSv1(\\.1)?|(SSLv(2|3|23)|TLSv1(_1)?)_(client_|server_)?method)$"
    }
  }
}
