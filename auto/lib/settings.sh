# shellcheck shell=bash
# The environment, checked and turned into variables.  Nothing else of the
# project reads it.  The values never go into an argument list or a log.

# what libpq may be told in DATABASE_URL's query
PG_OPTIONS=' host hostaddr port user password dbname sslmode sslrootcert
 sslcert sslkey sslcrl sslsni sslnegotiation ssl_min_protocol_version
 ssl_max_protocol_version channel_binding gssencmode connect_timeout
 application_name client_encoding options keepalives keepalives_idle
 keepalives_interval keepalives_count tcp_user_timeout
 target_session_attrs '
DEBIAN_CAS=/etc/ssl/certs/ca-certificates.crt

declare -A DB=()

# plain_text NAME VALUE: a value that a configuration file can hold
plain_text() {
    case $2 in
    *[$'\x01'-$'\x1f'$'\x7f']*)
        die "$1 holds a line end or a control character"
        ;;
    esac
}

# url_decode NAME TEXT: into DECODED
url_decode() {
    local text=$2 out='' char

    while [[ $text == *%* ]]; do
        out+=${text%%'%'*}
        text=${text#*'%'}
        if [[ ! $text =~ ^[0-9A-Fa-f]{2} || $text == 00* ]]; then
            die "$1: % must be followed by two hexadecimal digits"
        fi
        printf -v char '%b' "\\x${text:0:2}"
        out+=$char
        text=${text:2}
    done

    DECODED=$out$text
    plain_text "$1" "$DECODED"
}

is_port() { [[ $1 =~ ^[1-9][0-9]{0,4}$ ]] && [ "$1" -le 65535 ]; }

# database_url URL: postgres://user:password@host:port/name?sslmode=...
database_url() {
    local what=DATABASE_URL rest=$1 query='' authority name='' pair key user

    case $rest in
    postgres://* | postgresql://*) rest=${rest#*://} ;;
    *) die "$what must begin with postgres:// or postgresql://" ;;
    esac

    if [[ $rest == *'#'* ]]; then
        die "$what: write # as %23"
    fi

    if [[ $rest == *'?'* ]]; then
        query=${rest#*'?'}
        rest=${rest%%'?'*}
    fi

    authority=${rest%%/*}
    if [[ $rest == */* ]]; then
        name=${rest#*/}
    fi

    if [[ $authority == *@* ]]; then
        user=${authority%@*}
        authority=${authority##*@}
        if [[ $user == *:* ]]; then
            url_decode "$what, password" "${user#*:}"
            DB[password]=$DECODED
            user=${user%%:*}
        fi
        url_decode "$what, user" "$user"
        [ -z "$DECODED" ] || DB[user]=$DECODED
    fi

    if [[ $authority == *,* ]]; then
        die "$what: one host only"
    fi

    if [[ $authority =~ ^\[([0-9A-Fa-f:.]+)\](:(.*))?$ ]]; then
        DB[host]=${BASH_REMATCH[1]}
        DB[port]=${BASH_REMATCH[3]}
    elif [[ $authority == *:* ]]; then
        url_decode "$what, host" "${authority%:*}"
        DB[host]=$DECODED
        DB[port]=${authority##*:}
    else
        url_decode "$what, host" "$authority"
        DB[host]=$DECODED
    fi

    url_decode "$what, name of the database" "$name"
    [ -z "$DECODED" ] || DB[dbname]=$DECODED

    while [ -n "$query" ]; do
        pair=${query%%&*}
        case $query in *'&'*) query=${query#*&} ;; *) query='' ;; esac
        [ -n "$pair" ] || continue
        key=${pair%%=*}
        url_decode "$what, $key" "${pair#*=}"
        if [ "$key" = ssl ] && [ "$DECODED" = true ]; then
            key=sslmode
            DECODED=require
        fi
        case $PG_OPTIONS in
        *[[:space:]]"$key"[[:space:]]*) DB[$key]=$DECODED ;;
        *) die "$what: unknown parameter \"$key\"" ;;
        esac
    done
}

# database_parts: POSTGRESQLHOST and those beside it
database_parts() {
    local part name

    for part in HOST:host PORT:port USER:user PASSWORD:password \
        DATABASE:dbname CERT:sslrootcert; do
        name=POSTGRESQL${part%%:*}
        if [ -n "${!name:-}" ]; then
            plain_text "$name" "${!name}"
            DB[${part#*:}]=${!name}
        fi
    done

    if [ -z "${DB[host]:-}" ]; then
        die "Missing required environment variable POSTGRESQLHOST"
    fi

    if [ -n "${DB[sslrootcert]:-}" ]; then
        DB[sslmode]=verify-full
    fi
}

# Names without a dot and addresses that are this machine's own count as local.
is_local_host() {
    case $1 in
    '' | /* | @* | localhost | localhost. | 127.* | ::1) return 0 ;;
    esac
    return 1
}

database_settings() {
    DB=()
    DB_WARNING=

    if [ -n "${DATABASE_URL:-}" ]; then
        plain_text DATABASE_URL "$DATABASE_URL"
        database_url "$DATABASE_URL"
    elif [ -n "${POSTGRESQLHOST:-}${POSTGRESQLDATABASE:-}" ] \
        || [ -n "${POSTGRESQLUSER:-}${POSTGRESQLPORT:-}" ]; then
        database_parts
    else
        DB_KIND=embedded
        return
    fi

    DB_KIND=external

    if [ -z "${DB[port]:-}" ]; then
        unset 'DB[port]'
    elif ! is_port "${DB[port]}"; then
        die "the database's port must be a number from 1 to 65535"
    fi

    case ${DB[sslmode]:-} in
    '' | disable | allow | prefer | require | verify-ca | verify-full) ;;
    *) die "sslmode must be one of disable, allow, prefer, require," \
        "verify-ca, verify-full" ;;
    esac

    if [ -z "${DB[sslmode]:-}" ] && ! is_local_host "${DB[host]:-}"; then
        if [ "${DEPLOYMENT:-}" = heroku ]; then
            DB[sslmode]=require
            DB_WARNING="DEPLOYMENT=heroku: the database's certificate is"
            DB_WARNING+=" not checked (sslmode=require)"
        else
            DB[sslmode]=verify-full
        fi
    fi

    case ${DB[sslmode]:-} in
    verify-*) : "${DB[sslrootcert]:=$DEBIAN_CAS}" ;;
    esac

    case ${DB[sslrootcert]:-/} in
    /* | system) ;;
    *) DB[sslrootcert]=$(absolute_path "${DB[sslrootcert]}") ;;
    esac

    if [ -z "${DB[host]:-}" ]; then
        DB[host]=/var/run/postgresql
    fi
}

# proxy_list: TRUSTED_PROXIES, commas or blanks between networks, into PROXIES
proxy_list() {
    local item
    local v4='^[0-9]{1,3}(\.[0-9]{1,3}){3}(/([0-9]|[12][0-9]|3[0-2]))?$'
    local v6='^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(/[0-9]{1,3})?$'

    PROXIES=()
    read -ra PROXIES -d '' <<<"${TRUSTED_PROXIES//,/ }" || true

    for item in "${PROXIES[@]}"; do
        if [[ ! $item =~ $v4 && ! $item =~ $v6 ]]; then
            die "TRUSTED_PROXIES: \"$item\" is no network such as 10.0.0.0/8"
        fi
    done
}

read_settings() {
    : "${PORT:=8000}" "${HOST:=127.0.0.1}"
    : "${MLFORKIDS_TEXT_BACKEND:=auto}"
    : "${TRUSTED_PROXIES=127.0.0.0/8, ::1}"

    is_port "$PORT" || die "PORT must be a number from 1 to 65535"

    if [[ ! $HOST =~ ^[][A-Za-z0-9.:-]+$ ]]; then
        die "HOST must be an address or a name"
    fi
    HOST=${HOST#\[}
    HOST=${HOST%\]}

    # where we reach the server ourselves
    case $HOST in
    0.0.0.0) URL_HOST=127.0.0.1 ;;
    ::) URL_HOST='[::1]' ;;
    *:*) URL_HOST="[$HOST]" ;;
    *) URL_HOST=$HOST ;;
    esac
    case $HOST in
    *:*) LISTEN="[$HOST]:$PORT" ;;
    *) LISTEN="$HOST:$PORT" ;;
    esac
    URL=http://$URL_HOST:$PORT
    # the address that the browser used, unless the operator knows better
    SITE_URL='$scheme://$http_host'
    if [ -n "${SITE_HOST_URL:-}" ]; then
        plain_text SITE_HOST_URL "$SITE_HOST_URL"
        SITE_URL=${SITE_HOST_URL%/}
        if [[ ! $SITE_URL =~ ^https?://[^/?#$\"\'\\[:space:]\<\>]+(/[^?#$\"\'\\[:space:]\<\>]*)?$ ]]; then
            die "SITE_HOST_URL must be an address such as https://ml.example.org"
        fi
    fi

    case $MLFORKIDS_TEXT_BACKEND in
    auto | builtin | watson) ;;
    *) die "MLFORKIDS_TEXT_BACKEND must be auto, builtin or watson" ;;
    esac

    plain_text MLFORKIDS_ISSUER "${MLFORKIDS_ISSUER:-}"
    plain_text MLFORKIDS_JWKS_FILE "${MLFORKIDS_JWKS_FILE:-}"
    if [ -n "${MLFORKIDS_ISSUER:-}" ] && [ -z "${MLFORKIDS_JWKS_FILE:-}" ]; then
        die "MLFORKIDS_ISSUER needs MLFORKIDS_JWKS_FILE, its key set"
    fi
    if [ -n "${MLFORKIDS_JWKS_FILE:-}" ]; then
        if [ -z "${MLFORKIDS_ISSUER:-}" ]; then
            die "MLFORKIDS_JWKS_FILE needs MLFORKIDS_ISSUER, whose keys these are"
        fi
        MLFORKIDS_JWKS_FILE=$(absolute_path "$MLFORKIDS_JWKS_FILE")
        if [ ! -r "$MLFORKIDS_JWKS_FILE" ]; then
            die "MLFORKIDS_JWKS_FILE: cannot read $MLFORKIDS_JWKS_FILE"
        fi
    fi

    case ${MAINTENANCE_MODE:-} in
    true) MAINTENANCE=on ;;
    *) MAINTENANCE=off ;;
    esac

    proxy_list
    database_settings
    export PORT HOST MLFORKIDS_TEXT_BACKEND TRUSTED_PROXIES
}
