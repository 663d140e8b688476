# shellcheck shell=bash
# What all commands in auto/ share: messages, paths, running as the owner of
# the state folder.  The caller has set ROOT, the checkout (or its copy).

# Debian keeps nginx and useradd where the path of ordinary users does not lead
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH LC_ALL=C.UTF-8

# what the caller has for programs of its own is not for ours, which may run as
# a user who cannot even read it
unset PERL5LIB PERL5OPT NODE_OPTIONS BASH_ENV ENV CDPATH

# where the programs are that run: another folder in the checkout than build/
# for `auto/test --sanitize`, which has an nginx of its own
BUILT=${MLFORKIDS_BUILD:-build}
if [ "$BUILT" != build ]; then
    PATH=$ROOT/$BUILT/sbin:$PATH
fi

PG_BIN=/usr/lib/postgresql/15/bin
SYSTEM_USER=mlforkids

say() { printf '%s\n' "$*"; }

warn() { printf 'warning: %s\n' "$*" >&2; }

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

is_root() { [ "$(id -u)" -eq 0 ]; }

# absolute_path PATH: of a file or folder that need not exist; links resolved
absolute_path() { realpath -m -- "$1"; }

# end_of FILE [LINES]: the last lines of a log, indented, to standard error
end_of() {
    [ -s "$1" ] || return 0
    printf '  --- end of %s\n' "$1" >&2
    tail -n "${2:-20}" -- "$1" | sed 's/^/  /' >&2
}

# owner_do USER COMMAND...: as USER when we are root, else as we are.  A user
# who may listen on ports below 1024 only through us keeps that one right.
owner_do() {
    local user=$1 caps=-all
    shift

    if ! is_root; then
        "$@"
        return
    fi

    if [ "${PORT:-8000}" -lt 1024 ]; then
        caps=+net_bind_service
    fi

    if [ "$user" = root ]; then
        die "PostgreSQL does not run as root"
    fi

    if [ "$caps" = -all ]; then
        setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups \
            -- "$@"
    else
        setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups \
            --inh-caps="$caps" --ambient-caps="$caps" -- "$@"
    fi
}
