#!/bin/bash
# owner.sh start|stop STATE: the part of auto/run and auto/stop that runs as
# the owner of the state folder.  Called by them, with the environment checked.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
STATE=$2
APP=$ROOT
# shellcheck source=auto/lib/common.sh
. "$ROOT/auto/lib/common.sh"
# shellcheck source=auto/lib/settings.sh
. "$ROOT/auto/lib/settings.sh"
# shellcheck source=auto/lib/state.sh
. "$ROOT/auto/lib/state.sh"
# shellcheck source=auto/lib/config.sh
. "$ROOT/auto/lib/config.sh"
# shellcheck source=auto/lib/services.sh
. "$ROOT/auto/lib/services.sh"

umask 027
cd "$STATE"

# one start or stop at a time
exec {lock}>"$STATE/.lock"
flock -w 120 "$lock" || die "another start or stop of $STATE does not end"

case $1 in
start)
    read_settings

    if supervisor_pid "$STATE" >/dev/null; then
        exit 0
    fi

    trap 'trap - INT TERM HUP; stop_all; exit 130' INT TERM HUP
    stop_all

    if ! start_all; then
        printf 'auto/run: %s\n' "$FAILED" >&2
        [ -z "$FAILED_LOG" ] || end_of "$FAILED_LOG"
        printf '%s failed: %s\n' "$(date -u +%FT%TZ)" "$FAILED" \
            >>"$STATE/log/run.log"
        stop_all
        exit 1
    fi

    printf '%s\n' "$URL" >"$STATE/run/url"
    printf '%s started at %s\n' "$(date -u +%FT%TZ)" "$URL" \
        >>"$STATE/log/run.log"
    ;;
stop)
    stop_all
    ;;
esac
