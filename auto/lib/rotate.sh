#!/bin/sh
# rotate.sh ACCESS_LOG NGINX_PID_FILE: keeps the access log below 50 MB, with
# four older ones.  nginx opens it again on USR1.
log=$1
pid_file=$2
trap 'kill "$waiting"; exit 0' TERM INT HUP

while :; do
    sleep 60 &
    waiting=$!
    wait "$waiting"

    size=$(stat -c %s "$log" 2>/dev/null || echo 0)
    [ "$size" -gt 50000000 ] || continue

    for n in 3 2 1; do
        [ ! -e "$log.$n" ] || mv -f "$log.$n" "$log.$((n + 1))"
    done
    mv -f "$log" "$log.1"
    kill -USR1 "$(cat "$pid_file")"
done
