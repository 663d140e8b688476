# shellcheck shell=bash
# The state folder: where it is, whose it is, and what of the checkout its
# owner runs.
#
#   pg/            the embedded database      nginx.conf     generated
#   run/           sockets, pids              training.conf  generated
#   log/           logs, one folder a service sv/            services (runit)
#   nginx.d/       own additions: http-*.conf, server-*.conf
#   app            the checkout, or a copy where the owner cannot read it

# what of the checkout is needed at run time
APP_PARTS=(auto conf "$BUILT/module/ngx_http_mlforkids_module.so" "$BUILT/bin"
    "$BUILT/sbin" build/site build/scratch build/share)

# find_state: STATE, an absolute path with links resolved
find_state() {
    STATE_NAME=${MLFORKIDS_STATE:-$ROOT/var}
    plain_text MLFORKIDS_STATE "$STATE_NAME"
    STATE=$(absolute_path "$STATE_NAME")

    case $STATE in
    / | /bin | /boot | /dev | /etc | /home | /lib* | /media | /mnt | /opt \
        | /proc | /root | /run | /sbin | /srv | /sys | /tmp | /usr | /var \
        | /var/lib | /var/tmp | /usr/* | /proc/* | /sys/* | /dev/* | "$ROOT")
        die "MLFORKIDS_STATE must be a folder of its own, not $STATE"
        ;;
    esac

    # they stand in scripts and configuration files
    case $STATE$ROOT in
    *[\"\'\`\$\\\;\{\}\*\?]*)
        die "the paths of checkout and state folder must do without quotes," \
            "\\ \$ ; { } * ?"
        ;;
    esac

    if [[ $ROOT == "$STATE"/* && ! -e $STATE/.mlforkids ]]; then
        die "MLFORKIDS_STATE must not be a folder that holds the checkout"
    fi

    if [ -e "$STATE" ] && [ ! -d "$STATE" ]; then
        die "$STATE is not a folder"
    fi

    OWNER=
    if [ -e "$STATE/.mlforkids" ]; then
        OWNER=$(stat -c %U "$STATE/.mlforkids")
    fi
}

# state_owner: OWNER, who everything runs as; exists afterwards
state_owner() {
    if ! is_root; then
        if [ -n "$OWNER" ] && [ "$OWNER" != "$(id -un)" ]; then
            die "$STATE belongs to $OWNER: run this as $OWNER or root, or" \
                "choose another MLFORKIDS_STATE"
        fi
        OWNER=$(id -un)
        return
    fi

    if [ -z "$OWNER" ] || [ "$OWNER" = root ] || [ "$OWNER" = UNKNOWN ]; then
        OWNER=$SYSTEM_USER
    fi

    if ! getent passwd "$OWNER" >/dev/null; then
        useradd --system --user-group --no-create-home \
            --home-dir /nonexistent --shell /usr/sbin/nologin "$OWNER"
        say "made the system user $OWNER, because PostgreSQL does not run as" \
            "root"
    fi
}

# A folder that OWNER cannot enter, for example below /root: the state lives in
# /var/lib/mlforkids then and the name asked for is a link to it, because the
# modes of folders that are not ours stay as they are.
move_state() {
    local store

    store=/var/lib/mlforkids/${STATE##*/}-$(printf '%s' "$STATE" \
        | sha256sum | cut -c1-12)

    if [ -d "$STATE" ] && ! rmdir -- "$STATE" 2>/dev/null; then
        die "the user $OWNER cannot enter $STATE, which is not empty:" \
            "choose another MLFORKIDS_STATE"
    fi

    mkdir -p -- "$store"
    ln -sfn -- "$store" "$STATE"
    say "the user $OWNER cannot enter ${STATE%/*}: the state is kept in" \
        "$store, $STATE is a link to it"
    STATE=$store
    chown -- "$OWNER": "$STATE"
}

# make_state: the folder, owned by OWNER
make_state() {
    local made=

    if [ ! -d "$STATE" ]; then
        mkdir -p -- "$STATE" || die "cannot make $STATE"
        made=1
    fi

    if is_root; then
        chown -- "$OWNER": "$STATE"
        owner_do "$OWNER" test -x "$STATE" || move_state
    elif [ ! -w "$STATE" ]; then
        die "cannot write to $STATE"
    fi

    [ -z "$made" ] || chmod 750 -- "$STATE"
    owner_do "$OWNER" mkdir -p -- "$STATE/log" "$STATE/nginx.d"
    owner_do "$OWNER" touch -- "$STATE/.mlforkids"
}

# can_read_checkout: may OWNER read all that is needed of it
can_read_checkout() {
    local part found

    for part in "${APP_PARTS[@]}"; do
        [ -e "$ROOT/$part" ] || continue
        found=$(cd / && owner_do "$OWNER" find -L "$ROOT/$part" \
            ! -readable -print -quit 2>/dev/null) || return 1
        [ -z "$found" ] || return 1
    done
}

# make_app: STATE/app, from which everything runs
make_app() {
    local parts=() part stamp

    if ! is_root || can_read_checkout; then
        owner_do "$OWNER" rm -rf -- "$STATE/copy"
        owner_do "$OWNER" ln -sfn -- "$ROOT" "$STATE/app"
        return
    fi

    for part in "${APP_PARTS[@]}"; do
        [ ! -e "$ROOT/$part" ] || parts+=("$part")
    done

    stamp=$(cd "$ROOT" && find "${parts[@]}" -type f \
        -printf '%p %s %T@\n' | sort | sha256sum)

    if [ "$(cat "$STATE/copy/.stamp" 2>/dev/null)" != "$stamp" ]; then
        say "the user $OWNER cannot read $ROOT: running from a copy in" \
            "$STATE/copy"
        # shellcheck disable=SC2016  # expanded by the inner shell
        tar -C "$ROOT" -cf - "${parts[@]}" | (cd / && owner_do "$OWNER" sh -c '
            set -e
            rm -rf "$1/copy" "$1/copy.new"
            mkdir "$1/copy.new"
            tar -C "$1/copy.new" -xf - --no-same-permissions --no-same-owner
            chmod -R u+rwX "$1/copy.new"
            printf "%s\n" "$2" >"$1/copy.new/.stamp"
            mv "$1/copy.new" "$1/copy"' sh "$STATE" "$stamp")
    fi

    owner_do "$OWNER" ln -sfn -- "$STATE/copy" "$STATE/app"
}

# supervisor_pid STATE: of the running supervisor, else nothing.  A number that
# now is another program's does not count.
supervisor_pid() {
    local pid

    pid=$(cat "$1/run/supervisor.pid" 2>/dev/null) || return 1
    [[ $pid =~ ^[0-9]+$ ]] || return 1
    [ -r "/proc/$pid/cmdline" ] || return 1
    { tr '\0' ' ' <"/proc/$pid/cmdline"; } 2>/dev/null \
        | grep -qF "runsvdir -P $1/sv" || return 1
    printf '%s\n' "$pid"
}
