#!/usr/bin/env bash
# Copies the fixtures to fuzz/corpus/<target>/ as seeds; the corpus itself is not committed.
set -euo pipefail
cd "$(dirname "$0")"
fixtures=${1:-../fixtures/formats}
corpus=${2:-corpus}

mkdir -p "$corpus/entry"
number=0
for format in tcptracer lsns pstree crictl-ps crictl-pods kubectl-pods kubectl-nodes netstat; do
    number=$((number + 1))
    target=${format//-/_}
    mkdir -p "$corpus/$target"
    for text in "$fixtures/$format"/{ok,err}/*.txt; do
        [ -f "$text" ] || continue
        name=$(basename "$(dirname "$text")")-$(basename "$text" .txt)
        cp "$text" "$corpus/$target/$name"
        # Six bytes of head (src/lib.rs): the format asked for, limits, sizes of the pieces.
        { printf '\0\0\7\100\1\40' && cat "$text"; } >"$corpus/entry/$format-$name"
        { printf "\\$(printf %o "$number")"'\0\200\3\0\21' && cat "$text"; } >"$corpus/entry/$format-$name-asked"
        { printf '\0\120\13\1\144\2' && cat "$text"; } >"$corpus/entry/$format-$name-small"
    done
done
find "$corpus" -type f | wc -l
