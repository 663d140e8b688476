# shellcheck shell=bash
# The fresh-machine check: a minimal Debian 12 in a folder, a clone of the
# repository in it, the two commands as a newcomer would type them.  How to
# reach packages (mirror, proxy, certificates, npm's registry) is taken from
# this machine while it runs, and never written into the tree.

FRESH_HOME=/root/mlforkids

# the mirror of this machine's own sources for Debian 12
fresh_mirror() {
    # shellcheck disable=SC2016  # apt's own variables
    apt-get indextargets --format '$(SUITE) $(CODENAME) $(REPO_URI)' \
        'Created-By: Packages' | awk '
        $2 == "bookworm" || $1 == "bookworm" { print $3; exit }'
}

# copy_in FILE...: to the same place in the new root
copy_in() {
    local file
    for file in "$@"; do
        [ -e "$file" ] || continue
        mkdir -p "$FRESH_ROOT${file%/*}"
        cp -aL -- "$file" "$FRESH_ROOT$file"
    done
}

# fresh_network: names, mirror, proxy and certificates as here
fresh_network() {
    local file value name

    copy_in /etc/resolv.conf /etc/hosts /etc/apt/sources.list
    for file in /etc/apt/sources.list.d/*.sources \
        /etc/apt/sources.list.d/*.list; do
        # the distribution's own, not what else this machine has
        if [ -e "$file" ] && grep -q bookworm "$file" \
            && grep -q main "$file" && ! grep -q signed-by=/etc "$file"; then
            copy_in "$file"
        fi
    done
    for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/* \
        /etc/apt/auth.conf.d/*; do
        if [ -f "$file" ] && grep -qi 'acquire\|machine' "$file"; then
            copy_in "$file"
        fi
    done
    while read -r value; do
        copy_in "$value"
    done < <(apt-config dump | sed -n 's/.*:CAInfo "\(.*\)";/\1/Ip')

    FRESH_ENV=(HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb
        LANG=C.UTF-8)
    for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY \
        NO_PROXY CI; do
        [ -z "${!name:-}" ] || FRESH_ENV+=("$name=${!name}")
    done

    if [ -s /etc/ssl/certs/ca-certificates.crt ]; then
        file=/usr/local/share/host-certificates.pem
        mkdir -p "$FRESH_ROOT${file%/*}"
        cp -L /etc/ssl/certs/ca-certificates.crt "$FRESH_ROOT$file"
        FRESH_ENV+=("NODE_EXTRA_CA_CERTS=$file" "npm_config_cafile=$file"
            "SSL_CERT_FILE=$file" "CURL_CA_BUNDLE=$file")
    fi

    if command -v npm >/dev/null; then
        for name in registry proxy https-proxy; do
            value=$(cd / && npm config get "$name" 2>/dev/null) || continue
            case $value in '' | null | undefined) continue ;; esac
            FRESH_ENV+=("npm_config_${name//-/_}=$value")
        done
    fi
}

# what happens inside; arguments: home, port, options of auto/test
# shellcheck disable=SC2016  # expanded inside
FRESH_SCRIPT='
set -euo pipefail
cd "$1"
port=$2
shift 2
set -x
PORT=$port auto/run --detach
curl -fsS -m 10 http://127.0.0.1:$port/api
echo
PORT=$port auto/run --detach
echo "SELECT count(*) FROM mlforkids_migrations" | auto/psql -At
auto/stop
auto/test "$@"
'

# test_fresh [options of auto/test]
test_fresh() {
    local mirror start=$SECONDS status=0 port

    is_root || die "--fresh needs root"
    install_packages "$ROOT/build/packages.log" run test fresh

    mirror=$(fresh_mirror)
    [ -n "$mirror" ] || die "no mirror of Debian 12 in this machine's sources"

    if [ -n "$(git -C "$ROOT" status --porcelain 2>/dev/null)" ]; then
        warn "what is not committed is not in the clone"
    fi

    FRESH_ROOT=$(mktemp -d "${TMPDIR:-/var/tmp}/mlforkids-fresh.XXXXXX")
    trap 'rm -rf --one-file-system -- "$FRESH_ROOT"' EXIT
    trap 'exit 130' INT TERM HUP

    say "a minimal Debian 12 in $FRESH_ROOT"
    if ! debootstrap --variant=minbase bookworm "$FRESH_ROOT" "$mirror" \
        >"$ROOT/build/debootstrap.log" 2>&1; then
        end_of "$ROOT/build/debootstrap.log"
        die "debootstrap failed"
    fi

    # users other than root live in there, too
    chmod 755 "$FRESH_ROOT"
    fresh_network
    git -c safe.directory="$ROOT" clone -q --no-hardlinks -- "$ROOT" \
        "$FRESH_ROOT$FRESH_HOME"
    port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1,
        LocalAddr => "127.0.0.1")->sockport')
    say "prepared in $((SECONDS - start)) s; the two commands:"

    # mounts and processes end with the name spaces
    # shellcheck disable=SC2016
    unshare --mount --pid --fork --kill-child bash -euc '
        root=$1
        shift
        mount --make-rprivate /
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        mkdir -p "$root/dev/shm"
        mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
        # no exec: this shell is the first process here and as such takes
        # leave of those whose parents have ended
        chroot "$root" env -i "$@" || exit $?' fresh "$FRESH_ROOT" \
        "${FRESH_ENV[@]}" bash -c "$FRESH_SCRIPT" newcomer \
        "$FRESH_HOME" "$port" "$@" </dev/null &
    # unshare itself does not hear of Ctrl-C; with it all inside ends
    FRESH_PID=$!
    trap 'kill -KILL "$FRESH_PID" 2>/dev/null || true; exit 130' INT TERM HUP
    wait "$FRESH_PID" || status=$?

    if [ "$status" -ne 0 ]; then
        mkdir -p "$ROOT/build/fresh-failure"
        cp -a "$FRESH_ROOT$FRESH_HOME"/build/*.log \
            "$FRESH_ROOT$FRESH_HOME/build/browser-failures" \
            "$ROOT/build/fresh-failure/" 2>/dev/null || true
        say "fresh machine: failed after $((SECONDS - start)) s; its logs are" \
            "in $ROOT/build/fresh-failure"
        say "Result: FAIL"
    else
        say "fresh machine: all well after $((SECONDS - start)) s"
        say "Result: PASS"
    fi

    return "$status"
}
