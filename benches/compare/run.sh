#!/usr/bin/env bash
# snat-analyze beside the manual recipe and a one-pass mawk, on one generated log, five times in turn.
#   LINES=2000000 benches/compare/run.sh        WORK=DIR keeps the input there
# Prints a Markdown table of medians; fails where the counts differ from the generator's truth.
set -euo pipefail
cd "$(dirname "$0")/../.."
LINES="${LINES:-2000000}"
if [ -n "${WORK:-}" ]; then mkdir -p "$WORK"; else WORK=$(mktemp -d) && trap 'rm -rf "$WORK"' EXIT; fi

cargo build --release --locked --quiet -p snat-cli
cargo build --release --locked --quiet -p benches --bin generate-log
bin=target/release/snat-analyze
target/release/generate-log "$LINES" 1 --truth "$WORK/truth.tsv" > "$WORK/tcptracer.log"
tar -C "$WORK" -czf "$WORK/bundle.tar.gz" tcptracer.log
gzip -c "$WORK/tcptracer.log" > "$WORK/tcptracer.log.gz"

table=cat
if command -v column >/dev/null; then table="column -t"; fi
recipe="awk '{print \$6,\$10}' | sort | uniq -c | sort -nrk 1 | $table"
export WORK bin recipe
python3 - <<'PY'
import json, os, resource, statistics, subprocess, sys, time
work, binary, recipe = os.environ["WORK"], os.environ["bin"], os.environ["recipe"]
log, bundle, packed = (os.path.join(work, name) for name in ("tcptracer.log", "bundle.tar.gz", "tcptracer.log.gz"))
have = lambda name: subprocess.run(["sh", "-c", f"command -v {name}"], capture_output=True).returncode == 0
runs = {
    "recipe, plain": f"cat '{log}' | {recipe}",
    "recipe, tar.gz": f"tar -xzOf '{bundle}' | {recipe}",
    "gzip -dc": f"gzip -dc '{packed}'",
    "ours, plain": f"'{binary}' report '{log}' -o json",
    "ours, tar.gz": f"'{binary}' report '{bundle}' -o json",
    "ours, pipe": f"cat '{log}' | '{binary}' report - -o json",
}
if have("mawk"):
    runs["mawk, plain"] = "mawk '{c[$6\" \"$10]++} END {for (k in c) print c[k], k}' '" + log + "'"
times, memory = {name: [] for name in runs}, {}
for _ in range(5):
    for name, command in runs.items():
        start = time.perf_counter()
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.execvp("sh", ["sh", "-c", f"exec {command}" if "|" not in command else command])
        _, status, usage = os.wait4(child, 0)
        times[name].append(time.perf_counter() - start)
        memory[name] = max(memory.get(name, 0), usage.ru_maxrss / 1024)
        if status:
            sys.exit(f"{name} failed")
median = {name: statistics.median(found) for name, found in times.items()}
lines = sum(1 for _ in open(log, "rb"))
print(f"{lines:,} lines, {os.path.getsize(log) / 1e6:.0f} MB; tar.gz {os.path.getsize(bundle) / 1e6:.0f} MB; "
      f"{os.cpu_count()} cores; medians of 5\n")
print("| run | seconds | peak MiB |\n|---|---:|---:|")
for name in runs:
    print(f"| {name} | {median[name]:.2f} | {'' if '|' in runs[name] else round(memory[name])} |")
ratios = [("recipe / ours, plain", "recipe, plain", "ours, plain"), ("recipe / ours, tar.gz", "recipe, tar.gz", "ours, tar.gz"),
          ("mawk / ours, plain", "mawk, plain", "ours, plain"), ("ours, tar.gz / gzip -dc", "ours, tar.gz", "gzip -dc")]
print("\n| ratio | |\n|---|---:|")
for title, over, under in ratios:
    if over in median and under in median:
        print(f"| {title} | {median[over] / median[under]:.1f} |")
report = json.loads(subprocess.run([binary, "report", bundle, "-o", "json"], capture_output=True, check=True).stdout)
got = {}
for row in report["nodes"][0]["ranking"]:
    for addr in row["owner"]["addrs"]:
        got[addr] = got.get(addr, 0) + row["connects_public"]
want = dict((addr, int(count)) for addr, count in (line.split("\t") for line in open(os.path.join(work, "truth.tsv"))))
wrong = [addr for addr in sorted(set(got) | set(want)) if got.get(addr, 0) != want.get(addr, 0)]
print(f"\npublic connects by address: {sum(want.values()):,} in the truth, {len(wrong)} addresses differ")
sys.exit(1 if wrong else 0)
PY
