# Clients as they are, each of one version, install a project from `nbuild registry` alone:
# what no client may reach is any other registry.
replica() {
  binary
  local dir=$work/replica/shop at pid i
  bring clients pnpm@10.34.9 yarn@1.22.22 @yarnpkg/cli-dist@4.18.1 @oven/bun-linux-x64@1.4.5
  local clients=$work/tools/clients/node_modules
  mkdir -p "$dir"
  echo '{"name":"shop","version":"1.0.0","dependencies":{"express":"4.21.2","@sindresorhus/is":"4.6.0","chalk":"4.1.2"}}' >"$dir/package.json"
  printf 'nbuild = "1"\nproject "shop" {}\nnpm "deps" {}\n' >"$dir/build.hcl"
  (
    cd "$dir"
    npm install --package-lock-only --ignore-scripts --no-audit --no-fund --loglevel=error --cache "$work/npm" >/dev/null
    export NBUILD_STORE=$work/replica/store
    "$work/nbuild" pin --progress quiet >/dev/null
    "$work/nbuild" registry --offline --listen 127.0.0.1:0 >../log 2>../said &
    echo $! >../pid
  )
  pid=$(cat "$work/replica/pid")
  trap 'kill $pid 2>/dev/null || true' EXIT
  for i in $(seq 100); do
    at=$(sed -n 's/^serving .* on //p' "$work/replica/said")
    [ -z "$at" ] || break
    sleep 0.2
  done
  [ -n "$at" ]
  client npm-ci env npm_config_registry="$at" npm ci --cache ./cache --no-audit --no-fund
  client npm env npm_config_registry="$at" npm install --cache ./cache --no-audit --no-fund
  client pnpm env npm_config_registry="$at" node "$clients/pnpm/bin/pnpm.cjs" install --store-dir ./cache
  client yarn env npm_config_registry="$at" node "$clients/yarn/bin/yarn.js" install --cache-folder ./cache
  client berry env YARN_NPM_REGISTRY_SERVER="$at" YARN_UNSAFE_HTTP_WHITELIST=127.0.0.1 YARN_NODE_LINKER=node-modules \
    YARN_ENABLE_IMMUTABLE_INSTALLS=0 YARN_ENABLE_GLOBAL_CACHE=0 YARN_GLOBAL_FOLDER=./cache YARN_ENABLE_TELEMETRY=0 node "$clients/@yarnpkg/cli-dist/bin/yarn.js" install
  client bun env BUN_CONFIG_REGISTRY="$at" BUN_INSTALL_CACHE_DIR=./cache "$clients/@oven/bun-linux-x64/bin/bun" install
  kill "$pid"
  trap - EXIT
  # Each client took all tarballs from here.
  for i in npm/ pnpm/ yarn/ Bun/ got; do
    [ "$(grep -c " 200 [0-9]* GET /[^ ]*\.tgz \"$i" "$work/replica/log")" -ge 60 ] || { echo "$i took few tarballs"; return 1; }
  done
}

# client NAME COMMAND… installs the project in a folder of its own and loads what it has, which
# is what was pinned. Only npm ci is given npm's lockfile.
client() {
  local name=$1 dir=$work/replica/$1 start=$SECONDS
  shift
  mkdir -p "$dir"
  cp "$work/replica/shop/package.json" "$dir/"
  [ "$name" != npm-ci ] || cp "$work/replica/shop/package-lock.json" "$dir/"
  [ "$name" != berry ] || touch "$dir/yarn.lock"
  (cd "$dir" && "$@" >said 2>&1) || { cat "$dir/said"; return 1; }
  (cd "$dir" && node -e "
    require('express'); require('chalk'); require('@sindresorhus/is')
    const pinned = require('../shop/package-lock.json').packages['node_modules/express'].version
    if (require('express/package.json').version !== pinned) throw new Error('another express')")
  echo "$name: $((SECONDS - start)) s"
}
