# The code as text: tools, form, lint and race tests.

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
