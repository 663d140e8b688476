# shellcheck shell=bash
# Building into build/, one at a time.

# build TARGET|VARIABLE=VALUE...: with make; its output goes to build/build.log
build() {
    local log=$ROOT/build/build.log lock start=$SECONDS

    if ! mkdir -p "$ROOT/build" 2>/dev/null || [ ! -w "$ROOT/build" ]; then
        die "cannot write to $ROOT/build: run this as its owner"
    fi

    exec {lock}>"$ROOT/build/.lock"
    if ! flock -n "$lock"; then
        say "another build is running, waiting for it"
        flock "$lock"
    fi

    say "bringing the build up to date (output in $log)"
    if ! make -j2 -C "$ROOT" "$@" </dev/null >"$log" 2>&1 {lock}>&-; then
        end_of "$log" 30
        die "the build failed, see $log"
    fi

    exec {lock}>&-
    if [ $((SECONDS - start)) -gt 2 ]; then
        say "built in $((SECONDS - start)) s"
    fi
}
