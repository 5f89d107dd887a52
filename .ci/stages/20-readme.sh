# The README's two commands, as they stand there, with nothing of ours in any cache.

# readme_command N prints the Nth command of the README's block that begins with "go ".
readme_command() {
  grep -E '^go (run|test) ' README.md | sed -n "${1}p"
}

# alone runs a command line in a fresh clone with an empty HOME and store. Go's
# own caches are kept, with the flags of .ci/run: they hold nothing of nbuild's.
alone() {
  local clone=$1
  shift
  env -i PATH="$PATH" HOME="$clone.home" TMPDIR="$work" CI=true \
    GOPATH="$(go env GOPATH)" GOMODCACHE="$(go env GOMODCACHE)" GOCACHE="$(go env GOCACHE)" \
    GOPROXY="$(go env GOPROXY)" GOFLAGS="-mod=readonly -trimpath -vet=off" \
    ${NPM_CONFIG_REGISTRY:+NPM_CONFIG_REGISTRY="$NPM_CONFIG_REGISTRY"} \
    ${SSL_CERT_FILE:+SSL_CERT_FILE="$SSL_CERT_FILE"} \
    ${HTTPS_PROXY:+HTTPS_PROXY="$HTTPS_PROXY"} ${HTTP_PROXY:+HTTP_PROXY="$HTTP_PROXY"} ${NO_PROXY:+NO_PROXY="$NO_PROXY"} \
    ${NODE_EXTRA_CA_CERTS:+NODE_EXTRA_CA_CERTS="$NODE_EXTRA_CA_CERTS"} \
    bash -c "cd '$clone' && $*"
}

# clone_to DIR makes a fresh clone, of one state whatever happens to the checkout
# meanwhile.
clone_to() {
  [ -d "$work/source.git" ] || git clone -q --bare "$root" "$work/source.git"
  git clone -q "$work/source.git" "$1"
  mkdir -p "$1.home"
}

# A .deb that no source has any more is told here, by name, before anything else fails.
debs() {
  [ -d "$work/first" ] || clone_to "$work/first"
  alone "$work/first" "go run ./cmd/nbuild vendor"
}

readme_release() {
  rm -rf "$work/first.home" && mkdir -p "$work/first.home"
  alone "$work/first" "$(readme_command 1)" | tee "$work/release.out"
  grep -qE '^oci:out@sha256:[0-9a-f]{64}$' "$work/release.out"
  [ -z "$(git -C "$work/first" status --porcelain)" ] || { git -C "$work/first" status --porcelain; return 1; }
}

readme_test() {
  alone "$work/first" "$(readme_command 2)"
}

# binary builds the nbuild that later stages run.
binary() {
  [ -d "$work/first" ] || clone_to "$work/first"
  [ -x "$work/nbuild" ] || (cd "$work/first" && go build -o "$work/nbuild" ./cmd/nbuild)
}

# Once vendored, a build reads the project and the store and nothing else.
offline() {
  binary
  local start digest
  start=$(cat "$work/release.out")
  digest=$(cd "$work/first" && HOME="$work/first.home" unshare -n -r "$work/nbuild" build --to "oci:$work/offline")
  echo "$digest"
  [ "${digest##*@}" = "${start##*@}" ]
}
