#!/usr/bin/env python3
"""What the verdict says of a node whose NAT refuses: a table over rates, lengths of the trace and times at which it starts.

    benches/compare/verdict.py [target/release/snat-analyze]

A NAT with 1,024 ports that holds each for 240 s after its close; connects as a Poisson process, retried like a SYN; the
log has successes only, cut out of the middle; two dumps of sockets show what hangs. Seeded. Fails where a node that was
short is said not to be, or one with ports to spare is called exhausted.
"""
import collections
import heapq
import json
import os
import random
import subprocess
import sys
import tempfile

PORTS, HOLD, LIFE, TOTAL = 1024, 240.0, 0.3, 1500.0
RATES, LENGTHS, STARTS, SEEDS = (3, 5, 10, 20), (60, 180, 300, 600), (0, 150, 300, 420, 540, 660, 800), (1, 2)
POD, OTHER, HOT = "10.244.3.9", "10.244.3.7", "20.60.10.4"
HEAD = "Tracing TCP established connections. Ctrl-C to end.\n" + (
    f"{'TIME(ns)':<14}{'TYPE':<12} {'PID':<6} {'COMM':<16} {'IP':<2} {'SADDR':<16} {'DADDR':<16} "
    f"{'SPORT':<6} {'DPORT':<6} {'NETNS':<8}\n")
NETSTAT = ("Active Internet connections (servers and established)\n"
           "Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name     Timer\n"
           f"tcp        0      0 {POD}:8080         0.0.0.0:*               LISTEN      77/app               off (0.00/0/0)\n")
PODS = ("NAMESPACE   NAME             READY   STATUS    RESTARTS   AGE   IP           NODE          NOMINATED NODE   READINESS GATES\n"
        f"payments    payments-api-0   1/1     Running   0          6h    {POD}   aks-np1-000   <none>           <none>\n"
        f"web         frontend-0       1/1     Running   0          6h    {OTHER}   aks-np1-000   <none>           <none>\n")
NODES = ("NAME          STATUS   ROLES   AGE   VERSION   INTERNAL-IP   EXTERNAL-IP   OS-IMAGE             KERNEL-VERSION"
         "      CONTAINER-RUNTIME\n") + "".join(
    f"aks-np1-{at:03}   Ready    agent   41d   v1.30.4   {'10.240.0.' + str(at + 4):<13} <none>        Ubuntu 22.04.5 LTS   "
    "5.15.0-1075-azure   containerd://1.7.22-1\n" for at in range(23))


def row(time, kind, pid, comm, saddr, daddr, sport, netns):
    return (time, f"{int(time * 1e9):<14}{kind:<12} {pid:<6} {comm:<16} {4:<2} {saddr:<16} {daddr:<16} {sport:<6} {443:<6} {netns:<8}\n")


def through_the_nat(rate, seed):
    """Events of connects that succeed, and when each of the others hung."""
    draw, waiting, held, events, hung, time, number = random.Random(seed), [], [], [], [], 0.0, 0
    while time < TOTAL:
        time += draw.expovariate(rate)
        waiting.append((time, time, 0))
    heapq.heapify(waiting)
    while waiting:
        now, first, tries = heapq.heappop(waiting)
        while held and held[0] <= now:
            heapq.heappop(held)
        if len(held) < PORTS:
            close = now + draw.expovariate(1 / LIFE)
            heapq.heappush(held, close + HOLD)
            sport, number = 10_000 + number % 50_000, number + 1
            events += [(now, "connect", sport), (close, "close", sport)]
            hung += [(first, now)] if tries else []
        elif tries < 6:
            heapq.heappush(waiting, (now + 2 ** tries, first, tries + 1))
        else:
            hung.append((first, now))
    return events, hung


def verdict(binary, folder, story, start, length):
    events, hung = story
    rows = [row(time - start, kind, 77, "app", POD, HOT, sport, 4026533011)
            for time, kind, sport in events if start <= time < start + length]
    for number, at in enumerate(range(0, int(length), 10)):
        for dest in range(5):
            time, sport, daddr = at + dest * 0.01, 2_000 + number * 5 + dest, f"20.61.0.{dest}"
            rows += [row(time, "connect", 88, "web", OTHER, daddr, sport, 4026533012),
                     row(time + 0.2, "close", 88, "web", OTHER, daddr, sport, 4026533012)]
    files = {"tcptracer.log": HEAD + "".join(text for _, text in sorted(rows)), "pods.txt": PODS, "nodes.txt": NODES}
    for look, at in enumerate((start + length * 0.4, start + length * 0.9)):
        hanging = [first for first, last in hung if first <= at < last]
        files[f"{look}/netstat-payments_payments-api-0.txt"] = NETSTAT + "".join(
            f"tcp        0      1 {POD}:{20_000 + number:<8} {HOT}:443          SYN_SENT    77/app               "
            f"on (1.02/{int(at - first > 1)}/0)\n" for number, first in enumerate(hanging))
    for name, text in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    done = subprocess.run([binary, "--no-config", "-q", "-o", "json", folder], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)["nodes"][0]["verdict"][0]
    return found["state"], found["row"]


def main():
    binary = sys.argv[1] if len(sys.argv) > 1 else "target/release/snat-analyze"
    wrong = []
    print("| connects a second | trace | verdicts (row of the table) |\n|---:|---:|---|")
    with tempfile.TemporaryDirectory() as folder:
        for rate in RATES:
            stories = [through_the_nat(rate, seed) for seed in SEEDS]
            # 1,024 ports last for 4.27 a second, and a Poisson process strays.
            spare = rate * (HOLD + LIFE) < PORTS * 0.8
            for length in LENGTHS:
                found = collections.Counter()
                for start in STARTS:
                    for story in stories:
                        state, by = verdict(binary, folder, story, start, length)
                        found[f"{state} ({by})"] += 1
                        if state == "not-by-this-node" or (spare and state == "exhausted"):
                            wrong.append((rate, length, start, state))
                print(f"| {rate} | {length} s | {', '.join(f'{count} {said}' for said, count in sorted(found.items()))} |")
    if wrong:
        sys.exit(f"wrong: {wrong}")


if __name__ == "__main__":
    main()
