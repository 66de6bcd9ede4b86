#!/usr/bin/env bash
# Copies the fixtures to fuzz/corpus/<target>/ as seeds; the corpus itself is not committed.
# seeds.sh [fixtures] [corpus]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
fixtures=${1:-$here/../fixtures}
corpus=${2:-$here/corpus}

# entry NAME FORMAT FILE: the file behind six bytes of head (src/lib.rs): the formats asked for and named, the limits,
# four sizes of pieces. FORMAT is a place in the registry, from 1.
entry() {
    { printf '\0\0\7\100\1\40' && cat "$3"; } >"$corpus/entry/$1"
    { printf "\\$(printf %o "$2")"'\0\200\3\0\21' && cat "$3"; } >"$corpus/entry/$1-asked"
    { printf '\0\120\13\1\144\2' && cat "$3"; } >"$corpus/entry/$1-small"
}

mkdir -p "$corpus/entry"
targets=$(sed -n '/^pub const FORMATS/,/^];/s/^ *&\([a-z_]*\)::.*/\1/p' "$here/../snat-parse/src/formats/mod.rs")
number=0
for target in $targets; do
    number=$((number + 1))
    format=${target//_/-}
    mkdir -p "$corpus/$target"
    for text in "$fixtures/formats/$format"/{ok,err}/*.txt; do
        [ -f "$text" ] || continue
        name=$(basename "$(dirname "$text")")-$(basename "$text" .txt)
        cp "$text" "$corpus/$target/$name"
        entry "$format-$name" "$number" "$text"
    done
done
for text in "$fixtures"/{mixed,none}/*.txt; do
    [ -f "$text" ] || continue
    entry "$(basename "$(dirname "$text")")-$(basename "$text" .txt)" 2 "$text"
done
for folder in "$corpus"/*/; do
    printf '%6d %s\n' "$(find "$folder" -type f | wc -l)" "$(basename "$folder")"
done
