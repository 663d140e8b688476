#!/bin/sh
#
# Fetches the Scratch editor and unpacks what the page needs of it.
#
# usage: install-editor.sh OUT FETCHED
#   OUT      folder of the page, build/scratch
#   FETCHED  folder that keeps the archive (150 MB), which is fetched once
#
# Ends well, with a message, when the npm registry cannot be reached: then the
# page says that the editor is not installed, and the next build tries again.

set -eu

version=15.1.1
package=@scratch/scratch-gui
archive=scratch-scratch-gui-$version.tgz
sha512=b2bc2ef9f569f0a1d6ec125b8a43238f2e7e579381734847f4b18dc5012ca560983ca503e79d8323a45c53e2e0e8d41a0d78f88110b939453794f64d192e9c4e

out=$1
fetched=$2
stamp=$out/.editor

trap 'rm -rf "$fetched/new" "$out/.new"' EXIT

sum_is_right() {
    echo "$sha512  $1" | sha512sum --check --status
}

fetch() {
    rm -rf "$fetched/new"
    mkdir -p "$fetched/new"

    echo "fetching $package $version (150 MB, once)"

    if ! npm pack "$package@$version" --pack-destination "$fetched/new" \
             --ignore-scripts --loglevel=error \
             --fetch-retries=1 --fetch-retry-mintimeout=1000 >/dev/null
    then
        echo "$package $version could not be fetched from the npm registry:" \
             "the site is built without the Scratch editor." >&2
        exit 0
    fi

    if ! sum_is_right "$fetched/new/$archive"; then
        echo "$archive has a wrong checksum and is not used." >&2
        exit 1
    fi

    mv "$fetched/new/$archive" "$fetched/$archive"
}

# The tutorials are hidden, so that their pictures (64 MB) are left out: all
# of static/assets that also stands in the sources of the tutorials, there
# without the hash in its name.  Source maps are for the package's developers.
unpack() {
    rm -rf "$out/.new"
    mkdir -p "$out/.new"

    tar -xmzf "$fetched/$archive" -C "$out/.new" \
        --exclude='*.map' --exclude=package/dist/types \
        --exclude=package/dist/libraries \
        --exclude='package/dist/scratch-gui.js*' \
        --exclude='package/dist/chunks/*-steps.*' \
        package/LICENSE package/TRADEMARK package/dist \
        package/src/lib/libraries/decks

    (
        cd "$out/.new/package"
        find src/lib/libraries/decks -type f | sed 's|.*/||' >decks
        ls dist/static/assets | awk '
            NR == FNR { deck[$0] = 1; next }
            {
                plain = $0
                sub(/\.[0-9a-f]+\.[a-z]+$/, substr($0, match($0, /\.[a-z]+$/)),
                    plain)
                if (plain in deck) {
                    print "dist/static/assets/" $0
                }
            }' decks - | xargs rm -f
    )
}

# nginx sends NAME.gz where it stands beside NAME.
compress() {
    find "$1" -type f -size +1k \( -name '*.js' -o -name '*.svg' \
        -o -name '*.wasm' -o -name '*.hex' -o -name '*.cur' \
        -o -name '*.tflite' -o -name '*.data' \) -print0 \
        | xargs -0 -n 8 -P 2 gzip -9 --keep
}

place() {
    rm -rf "$out/chunks" "$out/static" "$out/source"
    mkdir -p "$out/source"

    mv "$out/.new/package/LICENSE" "$out/.new/package/TRADEMARK" "$out/source/"
    mv "$out/.new/package/dist"/* "$out/"
    ln -f "$fetched/$archive" "$out/source/$archive" 2>/dev/null \
        || cp "$fetched/$archive" "$out/source/$archive"

    printf '%s\n' "$version" "$archive" "$sha512" \
        "$(($(stat -c %s "$fetched/$archive") / 1000000))" >"$stamp"
}

if [ -f "$stamp" ] && [ "$(head -n 1 "$stamp")" = "$version" ]; then
    exit 0
fi

mkdir -p "$out" "$fetched"

if ! { [ -f "$fetched/$archive" ] && sum_is_right "$fetched/$archive"; }; then
    fetch
fi

unpack
compress "$out/.new/package/dist"
place
