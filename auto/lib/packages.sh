# shellcheck shell=bash
# Debian packages of the table auto/packages.

# has_what "nginx"|"<header.h>"|"/file"
has_what() {
    local header dir

    case $1 in
    /*)
        [ -e "$1" ]
        ;;
    "<"*)
        header=${1#<}
        header=${header%>}
        for dir in /usr/include /usr/include/*-linux-gnu* \
            /usr/include/postgresql /usr/local/include; do
            [ -e "$dir/$header" ] && return 0
        done
        return 1
        ;;
    *)
        command -v -- "$1" >/dev/null
        ;;
    esac
}

# missing_packages KIND...: lines "package|what for" of what is not there
missing_packages() {
    local package needs when why kinds=" $* "

    while IFS='|' read -r package needs when why; do
        package=${package// /}
        needs=${needs// /}
        when=${when// /}
        case $package in ''|'#'*) continue ;; esac
        case $kinds in *" $when "*) ;; *) continue ;; esac

        # PostgreSQL of our own is not needed where an address is given
        if [ "$package" = postgresql-15 ] \
            && [ -n "${DATABASE_URL:-}${POSTGRESQLHOST:-}" ]; then
            continue
        fi

        if ! has_what "$needs"; then
            say "$package|${why# }"
        fi
    done <"$ROOT/auto/packages"
}

# as_root COMMAND...: with sudo where we are not root
as_root() {
    if is_root; then
        "$@"
    else
        sudo -- "$@"
    fi
}

# Debian starts the services it installs and PostgreSQL makes a cluster.  Both
# are held off while we install: a policy says no to starts, a drop-in file
# says no to the cluster.  Neither stays.
hold_services='
policy=/usr/sbin/policy-rc.d
dropin=/etc/postgresql-common/createcluster.d/mlforkids.conf
mark="made by auto/run of mlforkids, goes by itself"
release() {
    if [ -e $policy ] && grep -q "$mark" $policy; then rm -f $policy; fi
    rm -f $dropin
    rmdir /etc/postgresql-common/createcluster.d /etc/postgresql-common \
        2>/dev/null || true
}
release
trap release EXIT
trap "exit 130" INT TERM HUP
if [ ! -e $policy ]; then
    printf "#!/bin/sh\n# %s\nexit 101\n" "$mark" >$policy
    chmod 755 $policy
fi
if [ ! -e /usr/lib/postgresql/15/bin/postgres ]; then
    mkdir -p ${dropin%/*}
    printf "# %s\ncreate_main_cluster = false\n" "$mark" >$dropin
fi
export DEBIAN_FRONTEND=noninteractive
had_nginx=$(command -v nginx || true)
had_postgres=$(command -v pg_lsclusters || true)
apt-get update
apt-get install -y --no-install-recommends "$@"
# nor at the next start of the machine
if [ -d /run/systemd/system ]; then
    [ -n "$had_nginx" ] || systemctl disable nginx || true
    [ -n "$had_postgres" ] || systemctl disable postgresql || true
fi
'

# install_packages LOG KIND...: what is missing of these kinds
install_packages() {
    local log=$1 missing names=()
    shift
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0

    say "Debian packages to install:"
    while IFS='|' read -r name why; do
        printf '  %-22s %s\n' "$name" "$why"
        names+=("$name")
    done <<<"$missing"

    if [ ! -e /etc/debian_version ]; then
        die "this is not Debian: install the above by hand"
    fi

    if ! is_root && ! command -v sudo >/dev/null; then
        die "there is no sudo here: as root, apt-get install ${names[*]}"
    fi

    mkdir -p "${log%/*}"
    # shellcheck disable=SC2024  # the log is ours, not root's
    if ! as_root bash -euc "$hold_services" install "${names[@]}" \
        </dev/null >"$log" 2>&1; then
        end_of "$log"
        die "the packages could not be installed, see $log"
    fi

    missing=$(missing_packages "$@")
    if [ -n "$missing" ]; then
        die "installed, but still not found:" $'\n'"$missing"
    fi
}
