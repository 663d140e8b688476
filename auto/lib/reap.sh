#!/bin/sh
# reap.sh NAME: ends what a service's main process left when it was killed:
# processes of that name in the session that runsv made for the service.  A new
# nginx could not listen while workers of the old one do.
read -r stat </proc/$$/stat
# shellcheck disable=SC2086  # split into fields: state parent group session
set -- "$1" ${stat##*) }
session=$5

for proc in /proc/[0-9]*; do
    { read -r stat <"$proc/stat"; } 2>/dev/null || continue
    case $stat in
    *"($1)"*) ;;
    *) continue ;;
    esac
    # shellcheck disable=SC2086
    set -- "$1" ${stat##*) }
    [ "$5" != "$session" ] || kill -KILL "${proc#/proc/}"
done
