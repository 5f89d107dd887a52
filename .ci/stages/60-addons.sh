# Native addons are compiled from source in the sandbox, twice, in two stores that share
# nothing but what was downloaded: the images are equal byte for byte, and the base's Node
# loads the addons before an image is made. What no step may have is no part of the test:
# this machine's compiler. `bash .ci/long/addons` takes better-sqlite3 twice; here it is
# compiled once, which takes two minutes of a processor.
addons() {
  binary
  local seconds=$SECONDS
  addon_project small bcrypt@5.1.1 bufferutil@4.0.9 "
    const { hashSync, compareSync } = require('bcrypt')
    if (!compareSync('a', hashSync('a', 4))) throw new Error('bcrypt')
    if (require('bufferutil') === require('bufferutil/fallback')) throw new Error('bufferutil is its fallback')"
  addon_twice small
  addon_project large better-sqlite3@11.10.0 "
    const rows = new (require('better-sqlite3'))(':memory:').prepare('select sqlite_version() as v').all()
    if (rows.length !== 1) throw new Error('better-sqlite3')"
  addon_build large "$work/addons.store"
  echo "addons: $((SECONDS - seconds)) s"
}

# addon_project NAME PACKAGE@VERSION… PROGRAM makes a project that loads packages once their
# install scripts ran, in a step and in its image.
addon_project() {
  local dir=$work/addons/$1 program=${*: -1} package
  shift
  mkdir -p "$dir"
  echo '{"name":"addons","version":"1.0.0","private":true}' >"$dir/package.json"
  printf '%s\n' "$program" >"$dir/server.js"
  {
    printf 'nbuild = "1"\nproject "addons" {}\nnpm "deps" {\n'
    for package in "${@:1:$#-1}"; do
      printf '  script "%s" {\n    allow  = ["install"]\n    reason = "its addon is built from source"\n  }\n' "$package"
    done
    printf '}\nstep "load" {\n  inputs = [files("server.js"), npm.deps.production]\n  run    = ["node", "server.js"]\n}\n'
    printf 'image "addons" {\n  cmd   = ["node", "server.js"]\n  after = step.load\n  guard = "enforce"\n}\n'
  } >"$dir/build.hcl"
  (cd "$dir" && npm install --package-lock-only --ignore-scripts --no-audit --no-fund --loglevel=error --cache "$work/npm" "${@:1:$#-1}" >/dev/null)
  printf '%s\n' out/ >"$dir/.gitignore"
  git -C "$dir" init -q
  git -C "$dir" add .
  git -C "$dir" -c user.name=ci -c user.email=ci@example.com commit -qm "As it is"
  (cd "$dir" && NBUILD_STORE=$work/addons.store "$work/nbuild" --progress quiet pin >/dev/null)
}

# addon_build NAME STORE builds a project without a network and prints the image's digest.
addon_build() {
  (cd "$work/addons/$1" && HOME=$work/addons.home NBUILD_STORE=$2 unshare -n -r "$work/nbuild" --progress quiet --offline build --to "oci:$work/addons.$1" 2>"$work/told") || {
    cat "$work/told"
    return 1
  }
}

# addon_twice NAME builds a project in two stores, of which the second has what the first
# downloaded and nothing that it made.
addon_twice() {
  local first second
  first=$(addon_build "$1" "$work/addons.store")
  mkdir -p "$work/addons.again"
  cp -a "$work/addons.store/blobs" "$work/addons.store/format" "$work/addons.again/"
  second=$(addon_build "$1" "$work/addons.again")
  [ "$first" = "$second" ] || { echo "$1: $first and then $second"; return 1; }
  echo "$1: $first, twice"
  chmod -R u+w "$work/addons.again"
  rm -rf "$work/addons.again"
}
