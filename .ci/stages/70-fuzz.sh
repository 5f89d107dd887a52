# Every fuzz target for some seconds: its seeds are run by ordinary tests already.

fuzz() { fuzz_all 3s; }

# fuzz_all TIME gives each target that long of one core, two packages at a time; a crash
# is printed with its input. A package is compiled and linked once for all its targets.
# The first has the most dependencies and is built alone: two builds at once from an empty
# cache would each compile what both need.
fuzz_all() {
  git grep -E '^func Fuzz[A-Za-z0-9_]*\(' -- '*_test.go' | sed -E 's#^(.*)/[^/]*:func (Fuzz[A-Za-z0-9_]*).*#./\1 \2#' | sort >"$work/targets"
  cut -d ' ' -f 1 "$work/targets" | uniq | xargs go list -test -f '{{if .ForTest}}{{len .Deps}} {{.Dir}}{{end}}' |
    sort -rn | sed "s#^[0-9]* $PWD/#./#" | awk '!seen[$0]++' >"$work/packages"
  [ "$(wc -l <"$work/packages")" = "$(cut -d ' ' -f 1 "$work/targets" | uniq | wc -l)" ] || { echo "a package of fuzz targets is missing"; return 1; }
  echo "$(wc -l <"$work/targets") targets in $(wc -l <"$work/packages") packages"
  fuzz_build "$(head -1 "$work/packages")"
  export -f fuzz_build fuzz_package
  export work
  xargs -P 2 -I {} bash -c 'fuzz_package "$0" "$1" || exit 255' "$1" {} <"$work/packages"
}

# fuzz_build PACKAGE compiles its tests with the fuzzer's counters.
fuzz_build() {
  mkdir -p "$work/fuzz/$1"
  [ -x "$work/fuzz/$1/test" ] || go test -c -vet=off -fuzz . -o "$work/fuzz/$1/test" "$1"
}

# fuzz_package TIME PACKAGE runs the targets of a package, one after the other. Go's fuzzer
# now and then reports the end of its own time as a failure ("context deadline exceeded",
# no input named): such a run says nothing of the target, and is taken again, twice at most.
fuzz_package() {
  local dir=$work/fuzz/$2 target try
  fuzz_build "$2" || return
  for target in $(awk -v package="$2" '$1 == package { print $2 }' "$work/targets"); do
    for try in 1 2 3; do
      (cd "$2" && exec "$dir/test" -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "$1" -test.fuzzminimizetime 1x -test.parallel 1 -test.fuzzcachedir "$dir/inputs") >"$dir/log" 2>&1 && continue 2
      grep -q "^    context deadline exceeded$" "$dir/log" && ! grep -qE "Failing input|panic:|fatal error" "$dir/log" || break
      echo "fuzz $2 $target: out of time in try $try, as the fuzzer says it"
    done
    echo "fuzz $2 $target"
    cat "$dir/log"
    return 1
  done
  rm "$dir/test"
}
