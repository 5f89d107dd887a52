# The shop in TypeScript: steps compile, bundle and test it, what loads is traced, the image that they make
# starts and answers, and another folder, store, zone and file mask make the same one.
typescript() {
  binary
  storage
  local first=$work/typescript second="$work/type script" one two said id
  cp -r testdata/storefront-ts "$first"
  (
    cd "$first"
    export NBUILD_STORE=$work/typescript.store
    "$work/nbuild" --progress quiet pin
    # What the tests and the started image load is what the trace that was reviewed says.
    "$work/nbuild" --progress quiet trace --steps --checks >"$work/typescript.trace"
    cmp nbuild.trace "$root/testdata/storefront-ts/nbuild.trace" && grep -q '^server.js  cjs  static traced$' "$work/typescript.trace" || { cat "$work/typescript.trace"; exit 1; }
    "$work/nbuild" --progress plain build --to "oci:$first.out" >"$work/typescript.one" 2>"$work/typescript.log"
  ) || { cat "$work/typescript.log"; return 1; }
  for said in '^bundle | .*bundle/server.js' '^test | # pass 2$' '^storefront-ts.serves | nbuild: GET .*/products: 200$'; do
    grep -q "$said" "$work/typescript.log" || { echo "the build does not say $said:"; cat "$work/typescript.log"; return 1; }
  done
  # Cold: nothing but the artefacts that pin brought.
  cp -r "$first" "$second"
  rm -rf "$second/out"
  cp -r "$work/typescript.store" "$work/typescript.cold"
  rm -rf "$work/typescript.cold/results"
  (
    umask 077
    cd "$second"
    NBUILD_STORE=$work/typescript.cold TZ=Asia/Kathmandu LC_ALL=tr_TR.UTF-8 GOMAXPROCS=1 "$work/nbuild" --progress quiet build --to "oci:$first.again" >"$work/typescript.two"
  )
  one=$(sed 's/.*@//' "$work/typescript.one") two=$(sed 's/.*@//' "$work/typescript.two")
  [ "$one" = "$two" ] || { echo "built twice: $one and $two"; return 1; }
  echo "compiled, bundled, tested, checked, twice: $one"
  # It serves as a container too, and its tests run again by name.
  id=$(podman pull -q "oci:$first.out:latest")
  podman run -d --name "typescript-$$" "${contained[@]}" "$id" >/dev/null
  for _ in $(seq 50); do
    said=$(curl -fsS -d '[{"id":"anvil","count":1},{"id":"rope","count":2}]' http://127.0.0.1:18080/total 2>/dev/null) && break
    sleep 0.2
  done
  podman logs "typescript-$$" >"$work/typescript.served" 2>&1
  podman rm -f -t 2 "typescript-$$" >/dev/null || true
  [ "$said" = '{"cents":15800}' ] || { echo "it answers: $said"; cat "$work/typescript.served"; return 1; }
  # A type error stops the build, and the compiler's words are shown.
  echo 'export const wrong: number = "text"' >>"$first/src/cart.ts"
  if (cd "$first" && NBUILD_STORE=$work/typescript.store "$work/nbuild" --progress quiet build --to "oci:$first.wrong") 2>"$work/typescript.wrong"; then echo "a type error was built"; return 1; fi
  grep -q "error TS2322: Type 'string' is not assignable to type 'number'" "$work/typescript.wrong" || { cat "$work/typescript.wrong"; return 1; }
}
