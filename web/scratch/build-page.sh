#!/bin/sh
#
# Puts the page's own files, as they are, beside the editor, and makes the
# page that offers the source of both.
#
# usage: build-page.sh SOURCE OUT

set -eu

source=$1
out=$2

mkdir -p "$out"

files=$(cd "$source" && find . -type f ! -name source.html \
            ! -name '.*' | sed 's|^\./||' | LC_ALL=C sort)

for file in $files; do
    mkdir -p "$out/$(dirname "$file")"
    cp -p "$source/$file" "$out/$file"
done

for file in $files; do
    echo "<li><a href=\"$file\">$file</a></li>"
done >"$out/.files"

if [ -f "$out/.editor" ]; then
    {
        read -r version
        read -r archive
        read -r sum
        read -r size
    } <"$out/.editor"

    sed -e "s|@VERSION@|$version|g" -e "s|@ARCHIVE@|$archive|g" \
        -e "s|@SUM@|$sum|" -e "s|@SIZE@|$size|" \
        -e "/^@FILES@$/{r $out/.files
d
}" "$source/source.html"
else
    sed -e '/<h2>The editor/,/<\/ul>/d' \
        -e "/^@FILES@$/{r $out/.files
d
}" "$source/source.html"
fi >"$out/.source.html"

rm "$out/.files"
mv "$out/.source.html" "$out/source.html"
