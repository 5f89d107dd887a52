# Two public servers of the corpus, taken through the command as a user would: from
# their package.json and package-lock.json in a fresh folder to a tree that is npm's, an
# image, its BOM, its inventory and what it loads. Their own sources are not in the
# corpus, so what each starts stands in for them: a file that asks for every production
# dependency.
projects() {
  binary
  local corpus=$root/../shared/corpus
  [ -d "$corpus" ] || { echo "no corpus here: skipped"; return 0; }
  export NBUILD_STORE=$work/projects.store
  through parse-server bin/parse-server
  through uptime-kuma server/server.js
}

# through NAME FILE takes a project through every command; FILE is what it starts.
through() {
  local name=$1 dir=$work/projects/$1
  mkdir -p "$dir/$(dirname "$2")"
  cp "$root/../shared/corpus/$name"/package*.json "$dir/"
  cp "$root/../shared/corpus/$name/.npmrc" "$dir/" 2>/dev/null || true
  chmod -R u+w "$dir"
  # Without its sources nothing of it can be compiled or tested: init is to write no step.
  node -e 'const p = require(process.argv[1]); delete p.scripts.build, delete p.scripts.test
    require("fs").writeFileSync(process.argv[1], JSON.stringify(p, null, 2) + "\n")' "$dir/package.json"
  # What stands in devDependencies too is development's, as npm has it.
  node -p 'const { dependencies, devDependencies } = require(process.argv[1])
    Object.keys(dependencies).filter(d => !(d in devDependencies)).map(d => `require(${JSON.stringify(d)})`).join("\n")' "$dir/package.json" >"$dir/$2"
  printf '%s\n' node_modules/ out/ >"$dir/.gitignore"
  git -C "$dir" init -q
  git -C "$dir" add .
  git -C "$dir" -c user.name=ci -c user.email=ci@example.com commit -qm "As it is"
  run "$name" init
  run "$name" pin
  run "$name" pin --check
  run "$name" install --omit dev
  run "$name" install --check --omit dev
  same "$name"
  built_image "$name"
  run "$name" sbom
  cp "$work/said" "$dir.json"
  run "$name" sbom validate "$dir.json"
  run "$name" scan --production --json
  run "$name" trace --json
  cp "$work/said" "$dir.trace.json"
  node -e '
    const { name } = require(process.argv[1]), bom = require(process.argv[2]), asked = require("fs").readFileSync(process.argv[4], "utf8").match(/(?<=require\(").*(?="\))/g)
    const have = new Set(bom.components.map(c => (c.group ? c.group + "/" : "") + c.name))
    const lost = asked.filter(d => !have.has(d))
    if (lost.length) throw new Error(`${name}: the BOM lacks ${lost}`)
    const files = require(process.argv[3]).files.length
    if (files < 1000) throw new Error(`${name}: only ${files} files are found to load`)
    console.log(`${name}: ${bom.components.length} components, ${files} files that production can load`)
  ' "$dir/package.json" "$dir.json" "$dir.trace.json" "$dir/$2"
}

# built_image builds the image. A package whose install script makes what it needs stops the
# build, with a block to paste: here it is pasted, since no image is started.
built_image() {
  local dir=$work/projects/$1 unbuilt
  run "$1" build && return 0
  unbuilt=$(grep -o 'unbuilt "[^"]*"' "$work/told" | sort -u)
  if [ -z "$unbuilt" ] || grep '^error' "$work/told" | grep -v NB1153; then return 1; fi
  # init may have written the block that they go into.
  grep -q '^npm "deps" {' "$dir/build.hcl" || printf '\nnpm "deps" {\n}\n' >>"$dir/build.hcl"
  while read -r line; do
    sed -i "s|^npm \"deps\" {|&\n  $line {\n    reason = \"no image is started here\"\n  }|" "$dir/build.hcl"
  done <<<"$unbuilt"
  run "$1" build
}

# same holds the tree that nbuild laid out to that of npm ci: files, modes, links.
same() {
  local dir=$work/projects/$1 peer=$work/peers/$1 start=$SECONDS
  mkdir -p "$peer"
  cp "$dir"/package*.json "$peer/"
  cp "$dir/.npmrc" "$peer/" 2>/dev/null || true
  (cd "$peer" && npm ci --ignore-scripts --omit=dev --no-audit --no-fund --loglevel=error --cache "$work/npm" >/dev/null)
  listed "$peer" >"$peer.tree"
  listed "$dir" >"$dir.tree"
  cmp -s "$peer.tree" "$dir.tree" || { echo "the tree of $1 is not npm's:"; diff "$peer.tree" "$dir.tree" | head -20; return 1; }
  echo "$1: the tree of npm ci, $(grep -c '^\./' "$dir.tree") files and links: $((SECONDS - start)) s"
}

# listed lists a tree: the SHA-256 of each file, then modes and targets of links.
listed() {
  (
    cd "$1/node_modules"
    find . -type f ! -path ./.package-lock.json -print0 | sort -z | xargs -0 sha256sum
    find . ! -type d ! -path ./.package-lock.json -printf '%p %m %l\n' | sort
  )
}

# run NAME COMMAND… runs nbuild in a project, its answer into $work/said, and prints
# how long it took; where it fails, what it said.
run() {
  local name=$1 start=$SECONDS
  shift
  (cd "$work/projects/$name" && "$work/nbuild" --progress quiet "$@") >"$work/said" 2>"$work/told" || {
    echo "nbuild $* of $name ends with $?"
    cat "$work/told"
    return 1
  }
  echo "$name: nbuild $*: $((SECONDS - start)) s"
}

# A short run of the campaign that holds nbuild to npm ci on random edits of package.json
# and lockfiles; .ci/long/npm-agreement takes the whole of it.
agreement() {
  local corpus=()
  if [ -d ../shared/corpus ]; then corpus=(--corpus ../shared/corpus --real 40); else echo "no corpus here: made projects only"; fi
  binary
  node .ci/long/agreement/run.mjs --nbuild "$work/nbuild" --work "$work/agreement" --edits 80 --seed 1 --disk 8 --seconds 45 "${corpus[@]}"
}
