# shellcheck shell=bash
# The services under runit's supervisor: PostgreSQL (embedded), the training
# worker, nginx.  Runs as the owner of the state folder.

START_TIME=60       # seconds until all must be healthy
PG_DATABASE=mlforkidsdb
PG_USER=mlforkids

services() {
    [ "$DB_KIND" = external ] || printf 'postgres '
    printf 'training nginx rotate'
}

# make_service NAME: its folder; the run script comes from standard input.
# What it prints goes to log/NAME/current, which svlogd cuts into pieces.
make_service() {
    local dir=$STATE/sv/$1 name=$1

    mkdir -p "$dir/log" "$STATE/log/$1"
    {
        printf '#!/bin/sh\nexec 2>&1\ncd %q || exit 1\n' "$STATE"
        cat
    } >"$dir/run"

    # how often it ended tells a service that cannot start from a slow one
    # what it left behind must not be in the way of the next
    case $1 in training) name=mlforkids-traini ;; esac
    cat >"$dir/finish" <<FINISH
#!/bin/sh
echo "\$1 \$2" >>"$STATE/run/$1.ends"
exec sh "$APP/auto/lib/reap.sh" $name
FINISH
    printf '#!/bin/sh\nexec svlogd -tt %q\n' "$STATE/log/$1" >"$dir/log/run"
    printf 's1000000\nn5\n' >"$STATE/log/$1/config"
    chmod 755 "$dir/run" "$dir/finish" "$dir/log/run"
    touch "$dir/down"
}

# on_term NAME SIGNAL PIDFILE|-: what a service gets instead of TERM
on_term() {
    local dir=$STATE/sv/$1/control

    mkdir -p "$dir"
    printf '#!/bin/sh\nread -r pid <%q && kill -%s "$pid"\n' \
        "$STATE/sv/$1/supervise/pid" "$2" >"$dir/t"
    chmod 755 "$dir/t"
}

make_services() {
    local key limits=
    rm -rf -- "$STATE/sv"

    # AddressSanitizer takes terabytes of addresses
    [ "$BUILT" = build ] || limits=--no-limits

    if [ "$DB_KIND" = embedded ]; then
        # No error of a statement in the log (its client hears of it), no
        # statement, value or detail: they hold what children wrote.  TERM
        # would wait for clients to leave.
        make_service postgres <<RUN
exec $PG_BIN/postgres -D "$STATE/pg" -k "$RUN" -c listen_addresses= \\
    -c log_min_messages=log -c log_error_verbosity=terse \\
    -c log_min_error_statement=panic \\
    -c log_parameter_max_length_on_error=0 -c log_statement=none \\
    -c log_destination=stderr -c logging_collector=off \\
    -c log_line_prefix='%p ' -c timezone=UTC -c log_timezone=UTC
RUN
        on_term postgres INT
    fi

    make_service training <<RUN
exec "$APP/$BUILT/bin/mlforkids-training" -c "$STATE/training.conf" $limits
RUN

    make_service nginx <<RUN
exec nginx -e stderr -p "$APP" -c "$STATE/nginx.conf"
RUN
    on_term nginx QUIT

    make_service rotate <<RUN
exec sh "$APP/auto/lib/rotate.sh" "$STATE/log/access.log" \\
    "$STATE/run/nginx.pid"
RUN

    # a supervisor with an environment of its own: passwords of ours end here
    SERVICE_ENV=(PATH="$PATH" LC_ALL=C.UTF-8 HOME="$STATE" TZ=UTC)
    for key in ASAN_OPTIONS UBSAN_OPTIONS LSAN_OPTIONS; do
        [ -z "${!key:-}" ] || SERVICE_ENV+=("$key=${!key}")
    done
}

# close_other_files: all but standard input, output and error, so that nothing
# that stays keeps open what our caller opened
close_other_files() {
    local fd

    for fd in /proc/self/fd/*; do
        fd=${fd##*/}
        [ "$fd" -le 2 ] || eval "exec $fd>&-"
    done
}

start_supervisor() {
    (
        close_other_files
        cd "$STATE" || exit 1
        # shellcheck disable=SC2016  # setsid may fork: the last one knows
        exec setsid env -i "${SERVICE_ENV[@]}" sh -c '
            echo $$ >"$1/run/supervisor.pid"
            exec runsvdir -P "$1/sv"' sh "$STATE" \
            </dev/null >"$STATE/log/supervisor.log" 2>&1
    ) &
    disown "$!"

    wait_for 20 "the supervisor does not start" "$STATE/log/supervisor.log" \
        services_known
}

services_known() {
    local name
    for name in $(services); do
        [ -p "$STATE/sv/$name/supervise/ok" ] || return 1
        [ -p "$STATE/sv/$name/log/supervise/ok" ] || return 1
    done
}

# wait_for SECONDS MESSAGE LOG COMMAND...: until COMMAND succeeds.  WATCH names
# a service; when it ends three times, waiting on is no use.
wait_for() {
    local end=$((SECONDS + $1)) message=$2 log=$3 ends
    shift 3

    until "$@"; do
        ends=0
        if [ -n "${WATCH:-}" ] && [ -e "$STATE/run/$WATCH.ends" ]; then
            ends=$(wc -l <"$STATE/run/$WATCH.ends")
        fi
        if [ "$SECONDS" -ge "$end" ] || [ "$ends" -ge 3 ]; then
            FAILED=$message
            FAILED_LOG=$log
            return 1
        fi
        sleep 0.1
    done
}

# up NAME: starts it, and again whenever it dies
up() {
    sv up "$STATE/sv/$1" >/dev/null
    rm -f "$STATE/sv/$1/down"
}

# make_cluster: the embedded database.  Only its owner (and root, for
# auto/psql) gets in, through the socket.  What serves the web is no superuser.
make_cluster() {
    local me log=$STATE/log/initdb.log

    me=$(id -un)
    DB=([host]=$RUN [user]=$PG_USER [dbname]=$PG_DATABASE)

    if [ ! -e "$STATE/pg/PG_VERSION" ] || [ -e "$STATE/pg/unfinished" ]; then
        rm -rf -- "$STATE/pg"
        if ! "$PG_BIN/initdb" -D "$STATE/pg" -U postgres -E UTF8 \
            --locale=C.UTF-8 --auth=peer --no-instructions >"$log" 2>&1; then
            FAILED="the embedded database could not be made"
            FAILED_LOG=$log
            return 1
        fi
        touch "$STATE/pg/unfinished"
    fi

    if [ "$(cat "$STATE/pg/PG_VERSION")" != 15 ]; then
        FAILED="the database in $STATE/pg is of another PostgreSQL"
        FAILED_LOG=
        return 1
    fi

    printf 'local all all peer map=owner\n' >"$STATE/pg/pg_hba.conf"
    {
        printf 'owner %s %s\n' "$me" "$PG_USER" "$me" postgres
        [ "$me" = root ] || printf 'owner root %s\n' "$PG_USER" postgres
    } >"$STATE/pg/pg_ident.conf"
}

as_superuser() {
    env -u PGOPTIONS psql -X -q -At -h "$RUN" -U postgres -d postgres \
        -v ON_ERROR_STOP=1 "$@"
}

# make_database: role and database in the running cluster
make_database() {
    as_superuser -f - >"$STATE/log/database.log" 2>&1 <<SQL || return 1
SELECT 'CREATE ROLE $PG_USER LOGIN' WHERE NOT EXISTS
    (SELECT FROM pg_roles WHERE rolname = '$PG_USER') \\gexec
SELECT 'CREATE DATABASE $PG_DATABASE OWNER $PG_USER' WHERE NOT EXISTS
    (SELECT FROM pg_database WHERE datname = '$PG_DATABASE') \\gexec
SQL
    rm -f "$STATE/pg/unfinished"
}

start_database() {
    local log=$STATE/log/postgres/current

    [ "$DB_KIND" = embedded ] || return 0
    up postgres
    WATCH=postgres wait_for 30 "PostgreSQL does not start" "$log" \
        "$PG_BIN/pg_isready" -q -h "$RUN" -U postgres -d postgres || return 1

    if [ -e "$STATE/pg/unfinished" ] && ! make_database; then
        FAILED="the database could not be made"
        FAILED_LOG=$STATE/log/database.log
        return 1
    fi
}

migrate() {
    local log=$STATE/log/migrate.log

    if ! "$APP/$BUILT/bin/mlforkids-migrate" --config "$STATE/training.conf" \
        --dir "$APP/conf/sql" >"$log" 2>&1; then
        FAILED="the database's tables could not be brought up to date"
        FAILED_LOG=$log
        return 1
    fi
}

http_ok() {
    [ "$(curl -s -o /dev/null -w '%{http_code}' -m 5 --noproxy '*' "$@")" \
        = 200 ]
}

training_healthy() {
    http_ok --unix-socket "$RUN/training.sock" http://localhost/healthz
}

web_healthy() { http_ok "$URL/api"; }

# port_free: can nginx have the address; else it would try for ever
port_free() {
    perl -MSocket=:all -e '
        my ($err, @all) = getaddrinfo($ARGV[0], $ARGV[1],
            { socktype => SOCK_STREAM, flags => AI_PASSIVE });
        die "HOST=$ARGV[0]: $err\n" if $err;
        for (@all) {
            socket(my $s, $_->{family}, SOCK_STREAM, 0) or die "$!\n";
            setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
            setsockopt($s, IPPROTO_IPV6, IPV6_V6ONLY, 1)
                if $_->{family} == AF_INET6;
            bind($s, $_->{addr}) or die "$ARGV[0] port $ARGV[1]: $!\n";
        }' "$HOST" "$PORT" 2>"$STATE/log/port.log"
}

start_worker() {
    up training
    WATCH=training wait_for "$START_TIME" "the training worker is not healthy" \
        "$STATE/log/training/current" training_healthy
}

start_web() {
    up nginx
    up rotate
    WATCH=nginx wait_for "$START_TIME" "nginx does not answer at $URL/api" \
        "$STATE/log/nginx/current" web_healthy
}

check_web() {
    local log=$STATE/log/nginx-test.log

    if ! nginx -t -q -e stderr -p "$APP" -c "$STATE/nginx.conf" \
        >"$log" 2>&1; then
        FAILED="nginx refuses its configuration"
        FAILED_LOG=$log
        return 1
    fi

    if ! port_free; then
        FAILED="cannot listen on $(cat "$STATE/log/port.log")"
        FAILED_LOG=
        return 1
    fi
}

# make_run: RUN, the folder of the sockets.  A socket's path has 107 bytes at
# most: where the state folder's is longer, run is a link to a short one.
make_run() {
    local long="$STATE/run/.s.PGSQL.5432.lock"

    remove_run
    if [ "${#long}" -le 107 ]; then
        mkdir -p -m 750 "$STATE/run"
        RUN=$STATE/run
    else
        RUN=$(mktemp -d /tmp/mlforkids.XXXXXXXX)
        ln -sfn -- "$RUN" "$STATE/run"
    fi

    mkdir -p "$STATE/tmp" "$STATE/log" "$STATE/nginx.d"
}

remove_run() {
    local target

    if [ -L "$STATE/run" ]; then
        target=$(readlink -- "$STATE/run")
        case $target in
        /tmp/mlforkids.????????) rm -rf -- "$target" ;;
        esac
    fi
    rm -rf -- "$STATE/run"
}

prepare() {
    make_run
    : >"$STATE/log/run.log"

    if [ -n "$DB_WARNING" ]; then
        warn "$DB_WARNING"
        printf '%s warning: %s\n' "$(date -u +%FT%TZ)" "$DB_WARNING" \
            >>"$STATE/log/run.log"
    fi

    if [ "$DB_KIND" = embedded ]; then
        make_cluster || return 1
    fi

    write_training_conf
    write_database_env
    write_nginx_conf
    check_web || return 1
    make_services
}

start_all() {
    FAILED=
    FAILED_LOG=

    prepare && start_supervisor && start_database && migrate \
        && start_worker && start_web
}

# leftovers: processes of ours that lost their supervisor (it was killed): they
# work in the state folder
leftovers() {
    local pid pattern=${STATE//[*?[\\]/\\&}

    for pid in $(find /proc -maxdepth 2 -path '/proc/[0-9]*/cwd' \
        \( -lname "$pattern" -o -lname "$pattern/*" \) \
        -printf '%h\n' 2>/dev/null); do
        pid=${pid#/proc/}
        case $(cat "/proc/$pid/comm" 2>/dev/null) in
        nginx | postgres | mlforkids-* | svlogd | runsv | runsvdir)
            printf '%s\n' "$pid"
            ;;
        sh)
            if tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" \
                | grep -qF "rotate.sh $STATE/"; then
                printf '%s\n' "$pid"
            fi
            ;;
        esac
    done
}

none_left() { [ -z "$(leftovers)" ]; }

# down NAME...: stops these, those that run
down() {
    local name some=()

    for name; do
        [ ! -p "$STATE/sv/$name/supervise/ok" ] || some+=("$STATE/sv/$name")
    done
    [ "${#some[@]}" -eq 0 ] || sv -w 8 down "${some[@]}" >/dev/null 2>&1 || true
}

# stop_all: web server first, database last, then the supervisor; whatever does
# not go by itself is made to
stop_all() {
    local pid name dirs=()

    if [ ! -e "$STATE/sv" ] && none_left; then
        remove_run
        return
    fi

    # an auto/run in the foreground must know why the supervisor ends
    touch "$STATE/run/stopping" 2>/dev/null || true

    for name in nginx rotate training postgres; do
        [ ! -p "$STATE/sv/$name/supervise/ok" ] || dirs+=("$STATE/sv/$name")
    done

    # the database must not end before those who use it
    down nginx rotate
    down training

    if pid=$(supervisor_pid "$STATE"); then
        kill -HUP "$pid" 2>/dev/null || true
    fi

    if [ "${#dirs[@]}" -gt 0 ]; then
        sv -w 8 force-shutdown "${dirs[@]}" >/dev/null 2>&1 || true
    fi

    if ! wait_for 5 "" "" none_left; then
        leftovers | xargs -r kill -KILL 2>/dev/null || true
        wait_for 5 "" "" none_left || true
    fi

    rm -rf -- "$STATE/sv" "$STATE/tmp"
    remove_run
}
