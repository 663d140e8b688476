# shellcheck shell=bash
# The generated files.  Passwords stand in them, so they are the owner's only.

# quoted TEXT: as a word of nginx.conf and of the workers' settings
quoted() {
    local text=${1//\\/\\\\}
    printf '"%s"' "${text//\"/\\\"}"
}

# connection_string: DB as libpq's keywords
connection_string() {
    local key value out=''

    for key in $(printf '%s\n' "${!DB[@]}" | sort); do
        value=${DB[$key]//\\/\\\\}
        out+="${out:+ }$key='${value//\'/\\\'}'"
    done

    printf '%s' "$out"
}

# write_private FILE: standard input into a file of mode 0600, at once
write_private() {
    (umask 077 && cat >"$1.new")
    mv -- "$1.new" "$1"
}

write_training_conf() {
    write_private "$STATE/training.conf" <<CONF
# made by auto/run at each start
database $(quoted "$(connection_string)");
listen $(quoted "unix:$RUN/training.sock");
vectors $(quoted "$APP/build/share/vectors.bin");
log stderr;
CONF
}

# what auto/psql needs; names of libpq's environment variables
write_database_env() {
    local key name
    local -A names=([host]=PGHOST [hostaddr]=PGHOSTADDR [port]=PGPORT
        [user]=PGUSER [password]=PGPASSWORD [dbname]=PGDATABASE
        [sslmode]=PGSSLMODE [sslrootcert]=PGSSLROOTCERT
        [sslcert]=PGSSLCERT [sslkey]=PGSSLKEY [sslcrl]=PGSSLCRL
        [channel_binding]=PGCHANNELBINDING
        [connect_timeout]=PGCONNECT_TIMEOUT)

    for key in "${!DB[@]}"; do
        name=${names[$key]:-}
        [ -z "$name" ] || printf '%s=%s\n' "$name" "${DB[$key]}"
    done | write_private "$STATE/database.env"
}

nginx_workers() {
    local n
    n=$(nproc)
    printf '%d' "$((n > 4 ? 4 : n))"
}

# The parts that differ from machine to machine; the rest is in conf/.
write_nginx_conf() {
    local item

    {
        cat <<CONF
# made by auto/run at each start; conf/nginx.conf is one to write by hand
load_module $(quoted "$APP/$BUILT/module/ngx_http_mlforkids_module.so");
worker_processes $(nginx_workers);
worker_rlimit_nofile 8192;
worker_shutdown_timeout 5s;
daemon off;
pid $(quoted "$STATE/run/nginx.pid");
error_log stderr warn;

events {
    worker_connections 4096;
}

http {
    client_body_temp_path $(quoted "$STATE/tmp/body");
    proxy_temp_path $(quoted "$STATE/tmp/proxy");
    fastcgi_temp_path $(quoted "$STATE/tmp/fastcgi");
    uwsgi_temp_path $(quoted "$STATE/tmp/uwsgi");
    scgi_temp_path $(quoted "$STATE/tmp/scgi");

    include $(quoted "$APP/conf/mlforkids_http.conf");
    access_log $(quoted "$STATE/log/access.log") mlforkids;

    mlforkids_database $(quoted "$(connection_string)");
    mlforkids_site_url $(quoted "$SITE_URL");
    mlforkids_extensions $(quoted "$APP/build/scratch/extensions");
    mlforkids_text_backend $MLFORKIDS_TEXT_BACKEND;
CONF
        if [ "$MAINTENANCE" = on ]; then
            printf '    mlforkids_maintenance on;\n'
        fi

        if [ -n "${MLFORKIDS_ISSUER:-}" ]; then
            printf '    mlforkids_issuer %s %s;\n' \
                "$(quoted "$MLFORKIDS_ISSUER")" \
                "$(quoted "jwks=$MLFORKIDS_JWKS_FILE")"
        fi

        printf '\n    # TRUSTED_PROXIES\n'
        for item in "${PROXIES[@]}"; do
            printf '    set_real_ip_from %s;\n' "$item"
        done
        printf '    real_ip_header X-Forwarded-For;\n'
        printf '    real_ip_recursive on;\n'
        printf '    geo $realip_remote_addr $mlforkids_trusted {\n'
        printf '        default 0;\n'
        for item in "${PROXIES[@]}"; do
            printf '        %s 1;\n' "$item"
        done

        cat <<CONF
    }

    upstream mlforkids_training {
        server $(quoted "unix:$RUN/training.sock");
        keepalive 16;
    }

    include $(quoted "$STATE/nginx.d/http-*.conf");

    server {
        listen $LISTEN;
        include $(quoted "$APP/conf/mlforkids_server.conf");
        include $(quoted "$STATE/nginx.d/server-*.conf");
    }
}
CONF
    } | write_private "$STATE/nginx.conf"
}
