#!/usr/bin/env python3
"""Archives that mean harm, and what they cost: builds them, runs the release binary on each, prints a Markdown table.

    cargo build --release --locked -p snat-cli && benches/compare/hostile.py
    benches/compare/hostile.py xz zip          only the cases with these words in their names
    WORK=DIR benches/compare/hostile.py        keeps the archives there

Each bundle also holds a small log. Fails where a case takes 200 MiB or 30 s or more, or ends in a panic.
Standard library only; `zstd` on the path adds its cases.
"""

import bz2
import gzip
import io
import json
import lzma
import os
import pathlib
import random
import resource
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = ROOT / "target/release/snat-analyze"
MOST_MIB, MOST_SECONDS = 200, 30
MIB = 1 << 20
ROW = b"%d connect 77 curl 4 10.244.3.9 20.51.14.8 %d 443 4026533011\n"
LOG = b"".join(ROW % (n * 1000, 40000 + n) for n in range(100))
NOISE = random.Random(7)
CASES = {}


def case(name):
    def add(build):
        CASES[name] = build
        return build

    return add


def header(name, kind=b"0", size=0, **fields):
    info = tarfile.TarInfo("x")
    info.size = 0
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    block[0:100] = name.encode()[:100].ljust(100, b"\0")
    block[124:136] = fields.get("raw_size", b"%011o\0" % size)
    block[156:157] = kind
    block[345:512] = fields.get("tail", b"").ljust(167, b"\0")
    if "holes" in fields:
        block[386:386 + len(fields["holes"])] = fields["holes"]
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def padded(data):
    return data + b"\0" * (-len(data) % 512)


def member(name, data, kind=b"0"):
    return header(name, kind, len(data)) + padded(data)


def tar_file(path, pieces, pack=None):
    """A tar of these pieces and the log, packed while it is written."""
    out = gzip.open(path, "wb", 6) if pack == "gz" else open(path, "wb")
    with out:
        for piece in pieces:
            out.write(piece)
        out.write(member("tcptracer.log", LOG) + b"\0" * 1024)


def beside(path, name, data):
    tar_file(path, [member(name, data)])


def zeros_gz(total, level=9):
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=level) as pack:
        for _ in range(total // MIB):
            pack.write(bytes(MIB))
    return out.getvalue()


def packed(compressor, total, block=bytes(MIB)):
    parts = [compressor.compress(block) for _ in range(total // len(block))]
    return b"".join(parts) + compressor.flush()


def number(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def aligned(data):
    return data + b"\0" * (-len(data) % 4)


def xz(data, bits):
    """The data stored in an xz that asks for a window; of 64 MiB with 28 bits, of 1 GiB with 36."""
    chunks = [data[at:at + 0x10000] for at in range(0, len(data), 0x10000)]
    stored = b"".join(
        struct.pack(">BH", 1 if at == 0 else 2, len(chunk) - 1) + chunk for at, chunk in enumerate(chunks)
    )
    flags = b"\0\0"
    block = aligned(b"\2\0\x21\1" + bytes([bits]))
    block += struct.pack("<I", zlib.crc32(block))
    body = block + stored + b"\0"
    index = aligned(b"\0\1" + number(len(body)) + number(len(data)))
    index += struct.pack("<I", zlib.crc32(index))
    footer = struct.pack("<I", len(index) // 4 - 1) + flags
    head = b"\xfd7zXZ\0" + flags + struct.pack("<I", zlib.crc32(flags))
    return head + aligned(body) + index + struct.pack("<I", zlib.crc32(footer)) + footer + b"YZ"


def zipped(files, method=zipfile.ZIP_STORED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return out.getvalue()


def zip_list(names, data=b"", copies=False):
    """A zip whose list is written by hand; with `copies` all members are the same bytes."""
    crc, name = zlib.crc32(data), b"x"
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 0, crc, len(data), len(data), 1, 0) + name + data
    rows = []
    for at in range(names):
        name = b"%x" % at
        size = len(data) if copies else 0
        check = crc if copies else 0
        rows.append(
            struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 0, check, size, size, len(name), 0, 0, 0, 0, 0, 0)
            + name
        )
    rows = b"".join(rows)
    at = len(local)
    end64 = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, names, names, len(rows), at)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, at + len(rows), 1)
    few, small = min(names, 0xFFFF), min(len(rows), 0xFFFFFFFF)
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, few, few, small, at, 0)
    return local + rows + (end64 + locator if names >= 0xFFFF else b"") + end


@case("control: the log alone")
def _(path):
    tar_file(path, [])


@case("gzip bomb, 1 GiB of zeros")
def _(path):
    beside(path, "bomb.gz", zeros_gz(1024 * MIB))


@case("gzip of gzip of 1 GiB")
def _(path):
    beside(path, "bomb.gz.gz", gzip.compress(zeros_gz(1024 * MIB)))


@case("bzip2 bomb, 1 GiB")
def _(path):
    beside(path, "bomb.bz2", packed(bz2.BZ2Compressor(9), 1024 * MIB))


@case("xz bomb, 1 GiB")
def _(path):
    beside(path, "bomb.xz", packed(lzma.LZMACompressor(preset=1), 1024 * MIB))


@case("zip bomb, deflate, 1 GiB, on disk")
def _(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tcptracer.log", LOG)
        with archive.open("bomb", "w", force_zip64=True) as out:
            for _ in range(1024):
                out.write(bytes(MIB))


@case("zip bomb, bzip2, 256 MiB, in a tar")
def _(path):
    beside(path, "bomb.zip", zipped([("bomb", bytes(256 * MIB))], zipfile.ZIP_BZIP2))


@case("tar in gzip in zip in tar, 512 MiB")
def _(path):
    inner = io.BytesIO()
    with gzip.GzipFile(fileobj=inner, mode="wb") as pack:
        pack.write(header("bomb", size=512 * MIB))
        for _ in range(512):
            pack.write(bytes(MIB))
    beside(path, "bomb.zip", zipped([("bomb.tgz", inner.getvalue())]))


@case("zip in zip in zip, 16 to the third")
def _(path):
    data = zipped([("bomb", bytes(32 * MIB))], zipfile.ZIP_DEFLATED)
    for _ in range(3):
        data = zipped([(f"{n}.zip", data) for n in range(16)], zipfile.ZIP_DEFLATED)
    beside(path, "bomb.zip", data)


@case("stored zips in one another, 40 MiB")
def _(path):
    data = NOISE.randbytes(40 * MIB)
    for _ in range(4):
        data = zipped([("inner.zip", data)])
    beside(path, "nested.zip", data)


@case("stored zip of 60 MiB of text in a tar")
def _(path):
    beside(path, "large.zip", zipped([("text", b"some words of no format at all, and more of them\n" * (60 * MIB // 50))]))


@case("zip with a million members, on disk")
def _(path):
    path.write_bytes(zip_list(1_000_000))


@case("zip with 29,000 members, on disk")
def _(path):
    path.write_bytes(zip_list(29_000))


@case("zip with 28,000 members in a tar")
def _(path):
    beside(path, "many.zip", zip_list(28_000))


@case("zip of 65,000 members over one another")
def _(path):
    beside(path, "over.zip", zip_list(65_000, NOISE.randbytes(4 * MIB).hex().encode(), copies=True))


@case("xz windows of 32 MiB, xz in xz in xz")
def _(path):
    beside(path, "windows.xz", xz(xz(xz(NOISE.randbytes(80 * MIB), 26), 26), 26))


@case("xz window of 64 MiB")
def _(path):
    beside(path, "window.xz", xz(NOISE.randbytes(80 * MIB), 28))


@case("xz window of 1 GiB")
def _(path):
    beside(path, "window.xz", xz(b"words\n", 36))


def zstd(data, *flags):
    return subprocess.run(["zstd", "-q", "-c", *flags], input=data, stdout=subprocess.PIPE, check=True).stdout


if shutil.which("zstd"):

    @case("zstd bomb, 1 GiB")
    def _(path):
        beside(path, "bomb.zst", zstd(bytes(1024 * MIB), "-1"))

    @case("zstd window of 128 MiB")
    def _(path):
        beside(path, "window.zst", zstd(NOISE.randbytes(200 * MIB), "-1", "--long=27"))

    @case("zstd window of 64 MiB")
    def _(path):
        beside(path, "window.zst", zstd(NOISE.randbytes(200 * MIB), "-1", "--long=26"))

    @case("zstd windows in one another")
    def _(path):
        inner = zstd(NOISE.randbytes(200 * MIB), "-1", "--long=26")
        beside(path, "window.zst", zstd(zstd(inner, "-1", "--long=26"), "-1", "--long=26"))

    @case("zip held within a zstd window")
    def _(path):
        data = zipped([("noise", NOISE.randbytes(24 * MIB))])
        beside(path, "held.zst", zstd(data, "-1", "--long=25"))


@case("120 MiB of noise, as it is")
def _(path):
    path.write_bytes(NOISE.randbytes(120 * MIB))


@case("120 MiB of unknown text")
def _(path):
    beside(path, "text", b"some words of no format at all, and more of them\n" * (120 * MIB // 50))


@case("60 MiB of empty lines")
def _(path):
    beside(path, "text", b"\n" * (60 * MIB))


@case("a line of 64 MiB")
def _(path):
    beside(path, "line.txt", b"x" * (64 * MIB))


@case("a line of 1 GiB in gzip")
def _(path):
    pieces = [header("line.txt", size=1024 * MIB)] + [NOISE.randbytes(MIB).hex().encode()[:MIB]] * 1024
    tar_file(path, pieces, "gz")


@case("a million tiny members")
def _(path):
    tar_file(path, (member("d/%07d" % n, b"x\n") for n in range(1_000_000)), "gz")


@case("29,000 members with names of 4,000 bytes")
def _(path):
    def pieces():
        for n in range(29_000):
            name = b"%06d" % n + b"n" * 4000
            yield member("././@LongLink", name, b"L") + member("short", b"x\n")

    tar_file(path, pieces(), "gz")


@case("a million links")
def _(path):
    tar_file(path, (header("l/%07d" % n, b"2") for n in range(1_000_000)), "gz")


@case("29,000 gzips, each of one line")
def _(path):
    line = gzip.compress(b"words\n")
    tar_file(path, (member("%07d.gz" % n, line) for n in range(29_000)), "gz")


@case("29,000 dumps of one row")
def _(path):
    pods = b"        NS TYPE NPROCS   PID USER COMMAND\n4026532785 net       3 19832 root bash\n"
    tar_file(path, (member("%07d" % n, pods) for n in range(29_000)), "gz")


@case("a name of 512 MiB")
def _(path):
    pieces = [header("././@LongLink", b"L", 512 * MIB)] + [b"n" * MIB] * 512 + [member("x", b"x\n")]
    tar_file(path, pieces, "gz")


@case("an extension of 512 MiB")
def _(path):
    pieces = [header("pax", b"x", 512 * MIB), b"536870912 comment="] + [b"n" * MIB] * 512
    tar_file(path, pieces, "gz")


def base256(value):
    return b"\x80\0\0\0" + struct.pack(">Q", value)


@case("a sparse giant of 4 EiB")
def _(path):
    size = 1 << 62
    holes = b"%011o\0" % 0 + b"%011o\0" % 6 + base256(size) + b"%011o\0" % 0
    holes = holes.ljust(24 * 4, b"\0") + b"\0" + base256(size)
    tar_file(path, [header("giant", b"S", 6, holes=holes) + padded(b"words\n")])


@case("a sparse list of 512 MiB")
def _(path):
    holes = (b"%011o\0" % 0 * 2).ljust(96, b"\0") + b"\1" + b"%011o\0" % 0
    more = ((b"%011o\0" % 1 + b"%011o\0" % 0) * 21 + b"\1").ljust(512, b"\0")
    tar_file(path, [header("list", b"S", 0, holes=holes)] + [more * 2048] * 512, "gz")


def wrapper(message):
    return json.dumps({"value": [{"code": "ProvisioningState/succeeded", "message": message}]}).encode()


@case("a wrapper of 15 MiB")
def _(path):
    beside(path, "run.json", wrapper("Enable succeeded: \n[stdout]\n" + "words \\ \"\n" * (MIB) + "\n[stderr]\n"))


@case("a wrapper of 200,000 texts")
def _(path):
    one = {"code": "ProvisioningState/succeeded", "message": "a\n"}
    beside(path, "run.json", json.dumps({"value": [one] * 200_000}).encode())


@case("15 MiB of brackets")
def _(path):
    beside(path, "run.json", b"[{\"a\":" * (15 * MIB // 6))


@case("1,000 wrappers cut at their ends")
def _(path):
    text = wrapper("Enable succeeded: \n[stdout]\n" + LOG.decode())[:-40]
    tar_file(path, [member("%d.json" % n, text) for n in range(1000)])


def first_notice(out, err):
    try:
        # The list stands at the end, and the rest may be large.
        notices = json.loads(b"{" + out[out.rindex(b'"notices"'):])["notices"]
    except ValueError:
        return [line.strip() for line in err.decode(errors="replace").strip().split("\n")][:2][-1]
    odd = [n for n in notices if not n["code"].startswith(("missing-", "no-match-"))]
    return "%s %s: %s" % (odd[0]["code"], odd[0]["entry"], odd[0]["message"]) if odd else ""


def made(build, path):
    """Builds in a process of its own: what a process once took counts for those that it starts."""
    child = os.fork()
    if child == 0:
        try:
            build(path)
            os._exit(0)
        finally:
            os._exit(1)
    if os.waitpid(child, 0)[1] != 0:
        sys.exit(f"{path} could not be made")


def tail(path):
    """The last bytes: an output may be large, and this process has to stay small."""
    with open(path, "rb") as file:
        file.seek(max(0, path.stat().st_size - 4 * MIB))
        return file.read()


def run(path, folder):
    """Exit code, seconds, peak MiB and the first notice."""
    out, err = folder / "out", folder / "err"
    with open(out, "wb") as stdout, open(err, "wb") as stderr:
        began = time.monotonic()
        child = subprocess.Popen([BINARY, "report", path, "-o", "json"], stdout=stdout, stderr=stderr)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.monotonic() - began
        child.returncode = os.waitstatus_to_exitcode(status)
    said, wrong = tail(out), tail(err)
    return child.returncode, seconds, usage.ru_maxrss / 1024, first_notice(said, wrong), b"panicked" in wrong


def main():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    words = sys.argv[1:]
    kept = os.environ.get("WORK")
    work = pathlib.Path(kept or tempfile.mkdtemp(prefix="hostile-"))
    work.mkdir(parents=True, exist_ok=True)
    failed = []
    print("| case | bytes | exit | seconds | peak MiB | first notice |\n|---|---:|---:|---:|---:|---|")
    try:
        for name, build in CASES.items():
            if words and not any(word in name for word in words):
                continue
            path = work / ("".join(c if c.isalnum() else "-" for c in name) + ".archive")
            if not path.exists():
                made(build, path)
            code, seconds, peak, said, panicked = run(path, work)
            said = said.replace("|", "\\|")
            said = said if len(said) < 110 else said[:109] + "…"
            print(f"| {name} | {path.stat().st_size:,} | {code} | {seconds:.1f} | {peak:.0f} | {said} |", flush=True)
            if panicked or code not in (0, 2) or peak >= MOST_MIB or seconds >= MOST_SECONDS:
                failed.append(name)
            if not kept:
                path.unlink()
    finally:
        if not kept:
            shutil.rmtree(work)
    if failed:
        sys.exit("too much: " + "; ".join(failed))


if __name__ == "__main__":
    main()
