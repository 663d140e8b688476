# shellcheck shell=bash
# The build that watches itself: nginx from Debian's source package, the module,
# the workers and the unit tests with AddressSanitizer, LeakSanitizer and
# UndefinedBehaviorSanitizer, in a folder of their own.  Where sources come from
# is taken from this machine while it runs; apt's own lists stay as they are.

SANITIZED=build/sanitize
SANITIZERS='-fsanitize=address,undefined -fno-omit-frame-pointer'

# Each allocation from a pool of nginx is one of malloc(), so that what goes
# beyond it is seen.
SANITIZE_FLAGS="-O1 -g $SANITIZERS -DNGX_DEBUG_PALLOC=1"

# What nginx does knowing its compilers and machines: it copies empty strings
# from NULL (ngx_pstrdup() in src/core/ngx_string.c), shifts bytes into the sign
# (src/core/ngx_murmurhash.c) and compares four letters at a time wherever they
# are (src/http/ngx_http_parse.c).  The module and the workers may not.
SANITIZE_NGINX="$SANITIZE_FLAGS -Wno-error"
SANITIZE_NGINX+=" -fno-sanitize=nonnull-attribute,shift,alignment"

# apt_aside DIR COMMAND...: apt with lists of its own in DIR
apt_aside() {
    local dir=$1 command=$2
    shift 2

    "$command" -o Dir::Etc::SourceList="$dir/sources.list" \
        -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$dir/lists" \
        -o Dir::Cache="$dir/cache" -o Debug::NoLocking=true \
        -o APT::Sandbox::User="$(id -un)" "$@"
}

# sanitize_sources FILE: this machine's sources of Debian 12, as source packages
sanitize_sources() {
    # shellcheck disable=SC2016  # apt's own variables
    apt-get indextargets --format '$(CODENAME) $(REPO_URI)' \
        'Created-By: Packages' | sort -u | awk '
        $1 ~ /^bookworm(-security|-updates)?$/ {
            print "deb-src", $2, $1, "main"
        }' >"$1"
    [ -s "$1" ] || die "no source of Debian 12 among this machine's"
}

# sanitize_fetch DIR: the newest source package of nginx that can be had,
# unpacked into DIR/nginx; a version may be listed and not be there any more
sanitize_fetch() {
    local dir=$1 version

    rm -rf -- "$dir"
    mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
    sanitize_sources "$dir/sources.list"
    apt_aside "$dir" apt-get update || return 1

    for version in $(apt_aside "$dir" apt-cache showsrc --only-source nginx \
        | sed -n 's/^Version: //p' | sort -Vru); do
        if (cd "$dir" && apt_aside "$dir" apt-get source --only-source \
            --download-only "nginx=$version"); then
            dpkg-source -x "$dir/nginx_${version#*:}.dsc" "$dir/nginx"
            return
        fi
    done

    return 1
}

# sanitize_nginx: build/sanitize/sbin/nginx, again when Debian's is another one
sanitize_nginx() {
    local dir=$ROOT/$SANITIZED packaged stamp
    local options=$dir/nginx_options.o

    # shellcheck disable=SC2016  # dpkg's own variable
    packaged=$(dpkg-query -W -f '${Version}' nginx)
    stamp="$packaged $SANITIZE_NGINX $(sha256sum \
        <"$ROOT/tests/sanitize/nginx_options.c")"
    if [ "$(cat "$dir/nginx.stamp" 2>/dev/null)" = "$stamp" ]; then
        return
    fi

    rm -f "$dir/nginx.stamp"
    sanitize_fetch "$dir/source" || return 1

    # the package's own configuration, with all that its binary has built in
    {
        sed '$ s/)[[:space:]]*$//' /usr/share/nginx/src/conf_flags
        nginx -V 2>&1 | tr ' ' '\n' | grep -x -e '--with-http_[a-z0-9_]*_module'
        printf ')\n'
    } >"$dir/source/nginx/conf_flags"

    (
        cd "$dir/source/nginx" || exit 1
        # shellcheck disable=SC1091
        . ./conf_flags
        ./configure "${NGX_CONF_FLAGS[@]}" --builddir="$dir/nginx" \
            --with-cc=gcc --with-cc-opt="$SANITIZE_NGINX" \
            --with-ld-opt="$SANITIZERS" || exit 1
        # shellcheck disable=SC2086  # several words
        gcc $SANITIZE_FLAGS -I src/core -I src/event -I src/os/unix \
            -I "$dir/nginx" -c -o "$options" \
            "$ROOT/tests/sanitize/nginx_options.c" || exit 1
        make -j2 -f "$dir/nginx/Makefile" LINK="gcc $options" binary
    ) || return 1

    mkdir -p "$dir/sbin"
    cp -- "$dir/nginx/nginx" "$dir/sbin/nginx.new"
    mv -- "$dir/sbin/nginx.new" "$dir/sbin/nginx"
    printf '%s\n' "$stamp" >"$dir/nginx.stamp"
}

# build_sanitized: all of it.  nginx unloads a module before leaks are looked
# for; what its variables point to would be one.
build_sanitized() {
    local log=$ROOT/$SANITIZED/nginx.log

    mkdir -p "$ROOT/$SANITIZED"
    say "nginx with sanitizers (output in $log)"
    if ! sanitize_nginx >"$log" 2>&1 </dev/null; then
        end_of "$log" 30
        die "nginx could not be built, see $log"
    fi

    build BUILD="$SANITIZED" NGINX_SRC="$SANITIZED/source/nginx" \
        HARDEN="$SANITIZE_FLAGS -fPIE" MODULE_HARDEN="$SANITIZE_FLAGS -fPIC" \
        MODULE_LDFLAGS="$SANITIZERS -Wl,-z,nodelete" \
        WARN='-std=gnu11 -W -Wall -Wextra' \
        module workers unit
}

# sanitize_environment: for tests, so that they run what was built above
sanitize_environment() {
    BUILT=$SANITIZED
    export MLFORKIDS_BUILD=$BUILT MLFORKIDS_PATIENCE=4
    PATH=$ROOT/$BUILT/sbin:$PATH
}
