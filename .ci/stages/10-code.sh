# The code as text: tools, form, lint, race tests and fuzz targets.

tools() {
  local need=()
  command -v podman >/dev/null || need+=(podman runc)
  command -v runc >/dev/null || need+=(runc)
  command -v unshare >/dev/null || need+=(util-linux)
  command -v curl >/dev/null || need+=(curl)
  if [ ${#need[@]} -gt 0 ]; then
    apt-get update -qq && apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null
  fi
  GOBIN=$work/bin go install honnef.co/go/tools/cmd/staticcheck@v0.8.2
  GOBIN=$work/bin go install golang.org/x/tools/cmd/deadcode@v0.52.0
  GOBIN=$work/bin go install github.com/google/go-containerregistry/cmd/crane@v0.22.1
  go mod download
}

format() {
  local bad
  bad=$(git ls-files '*.go' | xargs gofmt -l)
  [ -z "$bad" ] || { echo "not gofmt: $bad"; return 1; }
  # A function of one stage's file would take the place of another's of that name.
  bad=$(grep -hoE '^[a-z_]+\(\)' .ci/stages/*.sh | sort | uniq -d)
  [ -z "$bad" ] || { echo "two stages have a function of this name: $bad"; return 1; }
  go mod tidy -diff
  go mod verify
}

lint() {
  go vet ./... ./.ci/long/mutate
  "$work/bin/staticcheck" ./... ./.ci/long/mutate
  unreachable
}

# What the command and the helper of its sandbox can't reach goes, or is called. Two things are there although it
# can't: the sink that tests are made with, and what keeps a sensitive value from being
# printed, which nothing should ever reach.
unreachable() {
  local found
  found=$("$work/bin/deadcode" ./cmd/nbuild ./builder/sandbox/helper |
    grep -vE '^internal/event/event\.go:.*: Func\.Emit$|^pipelines/sensitive\.go:.*: Sensitive\.[A-Za-z]+$' || true)
  [ -z "$found" ] || { echo "$found"; return 1; }
}

# concurrent prints the packages in which the race detector can see something: a file or a
# test there starts a goroutine, locks, or shares by atomics. To make a value once
# (sync.Once) is no reason. What packages do that only call these, the command does below.
concurrent() {
  git grep -lE '(^|[[:space:]])go (func\(|[A-Za-z_.]+\()|\.Go\(|sync\.(Mutex|RWMutex|WaitGroup|Map|Pool|Cond|NewCond)|atomic\.|AfterFunc\(' -- '*.go' ':!.ci' ':!*/testdata/*' |
    xargs -n 1 dirname | sort -u | grep -vx cmd/nbuild | sed 's#^#./#'
}

# Of the scripts that run the command, those are taken whose commands do several things at
# once. `bash .ci/long/race` takes every package and every script.
race() {
  export CGO_ENABLED=1
  go test -race -timeout 25m $(concurrent)
  go test -race -timeout 25m -run 'TestScripts/(build|install|pin|release|signals|steps|trace|vendor|verify)$' ./cmd/nbuild
}

# Each fuzz target gets five seconds of one core, two at a time; a crash is printed
# with its input. Go's fuzzer now and then reports the end of its own time as a failure
# ("context deadline exceeded", no input named): such a run says nothing of the target,
# and is taken again, twice at most.
fuzz() {
  git grep -E '^func Fuzz[A-Za-z0-9_]*\(' -- '*_test.go' | sed -E 's#^(.*)/[^/]*:func (Fuzz[A-Za-z0-9_]*).*#./\1 \2#' | sort >"$work/targets"
  echo "$(wc -l <"$work/targets") targets"
  xargs -P 2 -L 1 bash -c '
    log=$(mktemp "$0/fuzz.XXXXXX")
    for try in 1 2 3; do
      go test -run "^$" -fuzz "^$2\$" -fuzztime 5s -fuzzminimizetime 1x -parallel 1 "$1" >"$log" 2>&1 && exit 0
      grep -q "^    context deadline exceeded$" "$log" && ! grep -qE "Failing input|panic:|fatal error" "$log" || break
      echo "fuzz $1 $2: out of time in try $try, as the fuzzer says it"
    done
    echo "fuzz $1 $2"
    cat "$log"
    exit 255
  ' "$work" <"$work/targets"
}
