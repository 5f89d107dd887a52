# The image: the same everywhere, valid in a registry, and it serves.

# built DIR STORE prints the digest of a build there, in whatever environment the
# caller set.
built() {
  binary
  (cd "$1" && HOME="$1.home" NBUILD_STORE="$2" "$work/nbuild" build --to "oci:$1.out" | sed 's/.*@//')
}

reproducible() {
  local want got store=$work/first.home/.cache/nbuild
  want=$(sed 's/.*@//' "$work/release.out")
  clone_to "$work/a rather long/and odd folder"
  got=$(umask 077; TZ=Asia/Kathmandu LC_ALL=tr_TR.UTF-8 LANG=tr_TR.UTF-8 GOMAXPROCS=1 built "$work/a rather long/and odd folder" "$store")
  [ "$got" = "$want" ] || { echo "warm, umask 077, another zone and locale, one core: $got, not $want"; return 1; }
  # Cold: nothing but the vendored artefacts.
  clone_to "$work/cold"
  cp -r "$store" "$work/cold.store"
  rm -rf "$work/cold.store/results"
  got=$(umask 000; TZ=UTC GOMAXPROCS=8 built "$work/cold" "$work/cold.store")
  [ "$got" = "$want" ] || { echo "cold, umask 000, eight threads: $got, not $want"; return 1; }
  got=$(built "$work/cold" "$work/cold.store")
  [ "$got" = "$want" ] || { echo "warm again: $got, not $want"; return 1; }
  echo "one digest: $want"
}

# How the image runs here: by runc, without systemd, on the host's network.
contained=(--runtime runc --cgroup-manager=cgroupfs --ulimit nofile=1024:1024 --ulimit nproc=1024:1024
  --network host -e HOST=127.0.0.1 -e PORT=18080)

# served IMAGE LOG starts an image, asks it over HTTP, and keeps what it wrote.
served() {
  local name=storefront-$$ ok=1
  podman run -d --name "$name" "${contained[@]}" "$1" >/dev/null
  for _ in $(seq 50); do
    if curl -fsS "http://127.0.0.1:18080/healthz" 2>/dev/null; then ok=0; break; fi
    sleep 0.2
  done
  echo
  if [ $ok = 0 ]; then
    curl -fsS "http://127.0.0.1:18080/" | grep -q 'Hemp rope' || ok=1
    curl -fsS "http://127.0.0.1:18080/api/report.csv" | grep -q anvil || ok=1
  fi
  rm -rf "$work/app"
  podman cp "$name:/app" "$work/app"
  podman logs "$name" >"$2" 2>&1
  podman rm -f -t 2 "$name" >/dev/null || true
  grep -q '"schema":"nbuild.guard/v1"' "$2" && ok=1 # the guard had something to say
  [ $ok = 0 ] || { cat "$2"; return 1; }
}

# storage gives podman a place of its own.
storage() {
  export CONTAINERS_STORAGE_CONF=$work/storage.conf
  printf '[storage]\ndriver = "vfs"\nrunroot = "%s"\ngraphroot = "%s"\n' "$work/run" "$work/graph" >"$work/storage.conf"
}

# An image of each Node starts, with what pin brings for it and nothing else; and where
# the command names a file that is not there, none is built.
starts() {
  binary
  storage
  local v dir said
  for v in 20 22 24 26; do
    dir=$work/start$v
    mkdir -p "$dir"
    echo '{"name":"start","version":"1.0.0"}' >"$dir/package.json"
    echo '{"name":"start","version":"1.0.0","lockfileVersion":3,"requires":true,"packages":{"":{"name":"start","version":"1.0.0"}}}' >"$dir/package-lock.json"
    echo 'console.log("started " + process.version)' >"$dir/index.js"
    printf 'nbuild = "1"\nproject "start" {\n  platforms = ["linux/amd64", "linux/arm64"]\n}\nbase "node" {\n  node = "%s"\n}\nimage "start" {\n  cmd = ["node", "index.js"]\n}\n' "$v" >"$dir/build.hcl"
    (cd "$dir" && HOME=$work/first.home "$work/nbuild" pin >/dev/null && HOME=$work/first.home "$work/nbuild" build --to "oci:$dir.out" >/dev/null)
    said=$(podman run --rm "${contained[@]}" "$(podman pull -q "oci:$dir.out:latest")")
    [[ $said == "started v$v."* ]] || { echo "an image of Node $v says: $said"; return 1; }
    echo "$said"
    rm "$dir/index.js"
    if (cd "$dir" && HOME=$work/first.home "$work/nbuild" build --to "oci:$dir.dead") 2>"$work/dead"; then echo "an image without its file was built"; return 1; fi
    grep -q NB1176 "$work/dead" || { cat "$work/dead"; return 1; }
  done
}

image_runs() {
  local id
  storage
  permitted
  id=$(podman pull -q "oci:$work/first/out:stable")
  served "$id" "$work/served.log"
  one_byte "$id"
}

# The same shop with Node's permission model set from its inventory, and console lines
# that name their module.
permitted() {
  clone_to "$work/permitted"
  sed -i 's|^  guard      = "enforce".*|&\n  guarding {\n    permission = true\n    write      = ["/tmp/*"]\n    console    = "module"\n  }|' "$work/permitted/build.hcl"
  built "$work/permitted" "$work/first.home/.cache/nbuild" >/dev/null
  served "$(podman pull -q "oci:$work/permitted.out:stable")" "$work/permitted.log"
  grep -q '^\[/app/' "$work/permitted.log" || { echo "no line names its module:"; cat "$work/permitted.log"; return 1; }
  grep -q -- '--permission' "$work/permitted.out/blobs/sha256"/* || { echo "no image has the flag"; return 1; }
  echo "with permissions of its inventory: it serves"
}

# One byte more in any module, and the image stops with a line that names the file.
one_byte() {
  local file said
  for file in src/server.js src/cart.js node_modules/express/lib/application.js node_modules/depd/index.js data/products.json; do
    cp "$work/app/$file" "$work/changed"
    printf ' ' >>"$work/changed"
    if said=$(timeout 30 podman run --name "changed-$$" "${contained[@]}" -v "$work/changed:/app/$file:ro" "$1" 2>&1); then echo "$file was changed and it ran"; return 1; fi
    podman rm -f -i "changed-$$" >/dev/null 2>&1 || true
    grep -q "nbuild guard: /app/$file is not the file that was signed" <<<"$said" || { echo "$file was changed: $said"; return 1; }
    echo "one byte more in $file: refused"
  done
}

# The image is pushed to a real registry, judged there, and checked by another tool.
registry() {
  "$work/bin/crane" registry serve --address 127.0.0.1:15123 >"$work/registry.log" 2>&1 &
  # shellcheck disable=SC2064
  trap "kill $!" EXIT
  for _ in $(seq 50); do curl -fs http://127.0.0.1:15123/v2/ >/dev/null && break; sleep 0.1; done
  sed 's#registry.example.com/#127.0.0.1:15123/#' "$work/first/testdata/trust/demo.hcl" >"$work/registry.hcl"
  binary
  (cd "$work/first" && HOME="$work/first.home" "$work/nbuild" release --key testdata/keys/demo.key \
    --trust "$work/registry.hcl" --trust-unsigned --to 127.0.0.1:15123/shop/storefront) | tee "$work/pushed.out"
  "$work/bin/crane" validate --remote "$(cat "$work/pushed.out")"
}
