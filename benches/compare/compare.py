#!/usr/bin/env python3
"""The measuring half of run.sh, which says what is measured and builds what it needs. Standard library only.

    compare.py runs LINES RUNS      compare.py stream LINES      compare.py duckdb LOG
"""

import collections
import json
import os
import pathlib
import shlex
import shutil
import statistics
import subprocess
import sys
import time

from processors import Processors

SEED, SHORT = 1, 2_000_000
TIME = "/usr/bin/time"
COUNT = "{c[$6\" \"$10]++} END {for (k in c) print c[k], k}"
# Lines as they are: a delimiter and a quote that no line has. The fields are awk's: runs of blanks do not count.
QUERY = r"""
SELECT count(*) AS count, f[6] AS daddr, f[10] AS netns
FROM (SELECT list_filter(string_split(line, ' '), lambda word: word <> '') AS f
      FROM read_csv($log, columns = {'line': 'VARCHAR'}, delim = chr(1), quote = '', escape = '', header = false,
                    auto_detect = false))
GROUP BY ALL ORDER BY count DESC
"""

Cost = collections.namedtuple("Cost", "seconds cpu peak")


def say(line):
    print(line, flush=True)


def has_time():
    """GNU time, which other programs of that name are not."""
    asked = subprocess.run([TIME, "-v", "true"], capture_output=True, text=True) if os.access(TIME, os.X_OK) else None
    return asked is not None and "Maximum resident set size" in asked.stderr


def measured(words, work, timed, **streams):
    """Runs a command. Its seconds, CPU seconds, and the MiB of its largest process at its peak."""
    told, errors = work / "time.txt", work / "stderr.txt"
    with open(errors, "wb") as stderr:
        began = time.perf_counter()
        child = subprocess.Popen(([TIME, "-v", "-o", told] if timed else []) + words, stderr=stderr, **streams)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{shlex.join(map(str, words))} ended with {child.returncode}\n{errors.read_text(errors='replace')}")
    if not timed:
        return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
    said = dict(line.strip().rsplit(": ", 1) for line in told.read_text().splitlines() if ": " in line)
    cpu = float(said["User time (seconds)"]) + float(said["System time (seconds)"])
    return Cost(seconds, cpu, int(said["Maximum resident set size (kbytes)"]) / 1024)


def truth_of(path):
    pairs = (line.split("\t") for line in path.read_text().splitlines())
    return {addr: int(count) for addr, count in pairs}


def differing(report, truth):
    """Addresses whose public connects are not those that were generated."""
    got = collections.Counter()
    for row in report["nodes"][0]["ranking"]:
        for addr in row["owner"]["addrs"]:
            got[addr] += row["connects_public"] or 0
    return [addr for addr in sorted(set(got) | set(truth)) if got[addr] != truth.get(addr, 0)]


def checked(report, truth):
    wrong = differing(report, truth)
    say(f"\npublic connects by address: {sum(truth.values()):,} in the truth, {len(wrong)} addresses differ")
    if wrong:
        sys.exit("not as generated: " + ", ".join(wrong[:10]))


def preamble(timed):
    if not timed:
        say(f"skipped: {TIME} is not there (Debian package time); peaks are those of wait4, and those of this process at "
            "least")


# Commands beside one another.


def with_duckdb(work):
    """The command, or why there is none."""
    tried = work / "tried.log"
    tried.write_text("a b  c d e f g h i j\n")
    asked = subprocess.run([sys.executable, __file__, "duckdb", tried], capture_output=True, text=True)
    if asked.returncode == 0 and asked.stdout == "1 f j\n":
        return True
    last = (asked.stderr.strip().splitlines() or ["it counts another way"])[-1]
    say(f"skipped: DuckDB, {last} (pip install duckdb)")
    return False


def duckdb_counts(log):
    import duckdb

    rows = duckdb.execute(QUERY, {"log": log}).fetchall()
    sys.stdout.writelines(" ".join("" if cell is None else str(cell) for cell in row) + "\n" for row in rows)


def commands(work, log, bundle):
    """Names and command lines; the tools that are not there are said."""
    binary, inflate = (shlex.quote(os.path.abspath(os.environ[name])) for name in ("BIN", "INFLATE"))
    table = "column -t" if shutil.which("column") else "cat"
    if table == "cat":
        say("skipped: column is not there (Debian package bsdextrautils); the recipe ends with cat")
    recipe = f"awk '{{print $6,$10}}' | sort | uniq -c | sort -nrk 1 | {table}"
    found = {
        "recipe, plain": f"cat {log} | {recipe}",
        "recipe, tar.gz": f"tar -xzOf {bundle} | {recipe}",
    }
    for tool in ("gawk", "mawk"):
        if shutil.which(tool):
            found[f"{tool} one-pass, plain"] = f"exec {tool} '{COUNT}' {log}"
        else:
            say(f"skipped: {tool} is not there (Debian package {tool})")
    if with_duckdb(work):
        found["DuckDB, plain"] = f"exec {shlex.quote(sys.executable)} {shlex.quote(__file__)} duckdb {log}"
    found["gzip -dc"] = f"exec gzip -dc {bundle}"
    found["inflate alone"] = f"exec {inflate} {bundle}"
    for name, path in (("plain", log), ("tar.gz", bundle)):
        for threads in (1, 2):
            title = f"ours, {name}, {threads} thread{'s' * (threads > 1)}"
            found[title] = f"exec {binary} report {path} --threads {threads}"
    found["ours, pipe"] = f"cat {log} | {binary} report -"
    return found


def counts(command):
    """What a command counts; the table's layout and order do not matter."""
    out = subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, text=True, errors="replace", check=True).stdout
    return sorted(tuple(line.split()) for line in out.splitlines())


RATIOS = [
    ("recipe / ours, plain (2 threads)", "recipe, plain", "ours, plain, 2 threads"),
    ("mawk / ours, plain (2 threads)", "mawk one-pass, plain", "ours, plain, 2 threads"),
    ("recipe / ours, tar.gz (2 threads)", "recipe, tar.gz", "ours, tar.gz, 2 threads"),
    ("ours, tar.gz (2 threads) / inflate alone", "ours, tar.gz, 2 threads", "inflate alone"),
    ("one thread / two threads, plain", "ours, plain, 1 thread", "ours, plain, 2 threads"),
]


def runs(work, lines, times):
    generate = os.environ["GENERATE"]
    log, bundle, truth = (work / name for name in ("tcptracer.log", "bundle.tar.gz", "truth.tsv"))
    with open(log, "wb") as out:
        subprocess.run([generate, str(lines), str(SEED), "--truth", truth], stdout=out, check=True)
    subprocess.run(["tar", "-C", work, "-czf", bundle, log.name], check=True)
    timed = has_time()
    preamble(timed)
    found = commands(work, *(shlex.quote(str(path)) for path in (log, bundle)))
    # None of them is measured for another count.
    wanted = counts(found["recipe, plain"])
    for name in ("gawk one-pass, plain", "mawk one-pass, plain", "DuckDB, plain"):
        if name in found and counts(found[name]) != wanted:
            sys.exit(f"{name}: counts differ from the recipe's")
    costs, loops, processors = collections.defaultdict(list), collections.defaultdict(list), Processors()
    for _ in range(times):
        for name, command in found.items():
            before = processors.seconds()
            costs[name].append(measured(["sh", "-c", command], work, timed, stdout=subprocess.DEVNULL))
            loops[name] += before + processors.seconds()
    seconds = {name: statistics.median(cost.seconds for cost in of) for name, of in costs.items()}
    with open(log, "rb") as file:
        total = sum(1 for _ in file)
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_COLLATE") or os.environ.get("LANG") or "C"
    say(f"\n{total:,} lines, {log.stat().st_size / 1e6:.0f} MB; tar.gz {bundle.stat().st_size / 1e6:.0f} MB; "
        f"{os.cpu_count()} cores; medians of {times} runs in turn; awk is {os.path.realpath(shutil.which('awk'))}, "
        f"locale {locale}\n")
    say("| command | seconds | CPU seconds | peak MiB | processors |\n|---|---:|---:|---:|---:|")
    for name, of in costs.items():
        cpu = statistics.median(cost.cpu for cost in of)
        say(f"| {name} | {seconds[name]:.2f} | {cpu:.2f} | {max(cost.peak for cost in of):.0f} | "
            f"{statistics.mean(loops[name] or [float('nan')]) / processors.least:.2f} |")
    say("\nThe peak is that of a command's largest process. DuckDB uses all cores, and its seconds have the start of "
        "Python. Processors: how many times as long as at best a loop took on them, before and behind the command, on "
        "average: some 1.05 where they are free, more where others use them.")
    say("\n| ratio | |\n|---|---:|")
    for title, over, under in RATIOS:
        if over in seconds and under in seconds:
            say(f"| {title} | {seconds[over] / seconds[under]:.2f} |")
    asked = subprocess.run([os.environ["BIN"], "report", bundle, "-o", "json"], stdout=subprocess.PIPE, check=True)
    checked(json.loads(asked.stdout), truth_of(truth))


# A log of any length, through a pipe.


def streamed(work, lines, timed):
    truth, out = work / "truth.tsv", work / "report.json"
    generator = subprocess.Popen(
        [os.environ["GENERATE"], str(lines), str(SEED), "--truth", truth], stdout=subprocess.PIPE)
    with open(out, "wb") as stdout:
        words = [os.environ["BIN"], "report", "-", "-o", "json"]
        cost = measured(words, work, timed, stdin=generator.stdout, stdout=stdout)
    generator.stdout.close()
    if generator.wait() != 0:
        sys.exit(f"the generator ended with {generator.returncode}")
    report, want = json.loads(out.read_bytes()), truth_of(truth)
    wrong = differing(report, want)
    cells = f"{lines:,}", f"{cost.seconds:.1f}", f"{cost.cpu:.1f}", f"{cost.peak:.0f}", f"{sum(want.values()):,}", len(wrong)
    say("| " + " | ".join(map(str, cells)) + " |")
    return cost.peak, wrong


def stream(work, lines):
    timed = has_time()
    preamble(timed)
    say(f"generate-log LINES {SEED} | snat-analyze report - -o json; {os.cpu_count()} cores; the seconds are those of the "
        "pipe, the generator's among them, CPU seconds and peak are the reader's\n")
    say("| lines | seconds | CPU seconds | peak MiB | public connects | addresses that differ |")
    say("|---:|---:|---:|---:|---:|---:|")
    (short, wrong), (long, more) = (streamed(work, count, timed) for count in (SHORT, lines))
    say(f"\npeak of {lines:,} lines / peak of {SHORT:,}: {long / short:.2f}")
    if wrong or more:
        sys.exit("not as generated: " + ", ".join((wrong + more)[:10]))


def main():
    words = sys.argv[1:]
    if len(words) == 2 and words[0] == "duckdb":
        return duckdb_counts(words[1])
    work = pathlib.Path(os.environ["WORK"]).absolute()
    if len(words) == 3 and words[0] == "runs":
        return runs(work, int(words[1]), int(words[2]))
    if len(words) == 2 and words[0] == "stream":
        return stream(work, int(words[1]))
    sys.exit(__doc__)


if __name__ == "__main__":
    main()
