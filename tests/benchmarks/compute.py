#!/usr/bin/python3
"""Runs the compute kernels of tests/benchmarks/guest on our engines and on qemu-system-s390x, in turn.

Prints, for each kernel and engine, the median time, QEMU's divided by ours (above 1: ours is faster) and
million instructions a second of CPU time; a checksum that differs is an error. All run the same ELF file
without an operating system and read the same clock, the guest's.
"""
import os
import shutil
import statistics
import subprocess
import sys

ROUNDS = int(os.environ.get("BENCHMARK_ROUNDS", "5"))
ENGINES = ["interpreter", "translator"]
KERNELS = "tests/benchmarks/guest/kernels.elf"
OURS = ["tests/benchmarks/run_kernels", KERNELS]
QEMU = ["qemu-system-s390x", "-M", "s390-ccw-virtio", "-m", "64", "-nodefaults", "-nographic",
        "-chardev", "stdio,id=c", "-device", "sclpconsole,chardev=c", "-kernel", KERNELS]
INTEGER = ["hash", "sort", "compress", "interpret", "matrix", "mix"]


def run(command, engine=""):
    """{kernel: (checksum, microseconds, instructions, CPU microseconds)}; QEMU lacks the last two."""
    process = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=60,
                             env=dict(os.environ, UCONTROL_ENGINE=engine))
    lines = [line.split() for line in process.stdout.decode(errors="replace").splitlines()]
    return {line[0]: (line[1], *map(int, line[2:])) for line in lines if len(line) >= 3}


def load():
    with open("/proc/loadavg") as file:
        return file.read().split()[0]


def compare(engine, ours, peers):
    """Prints one engine's table; whether every checksum is QEMU's."""
    print("\n%-12s %10s %10s %8s %8s" % (engine, "ours us", "qemu us", "x qemu", "MIPS"))
    right, ratios, rates = True, {}, []
    for name in peers[0]:
        if any(r.get(name, (None,))[0] != peers[0][name][0] for r in ours + peers):
            print("%-12s checksums differ" % name)
            right = False
            continue
        mine = statistics.median(r[name][1] for r in ours)
        peer = statistics.median(r[name][1] for r in peers)
        rates.append(statistics.median(r[name][2] / max(r[name][3], 1) for r in ours))
        ratios[name] = peer / max(mine, 1)
        print("%-12s %10d %10d %8.2f %8.1f" % (name, mine, peer, ratios[name], rates[-1]))
    integer = [ratios[name] for name in INTEGER if name in ratios]
    if integer:
        print("integer geometric mean: %.2f x qemu" % statistics.geometric_mean(integer))
    return right


def main():
    if not shutil.which(QEMU[0]):
        print(QEMU[0], "is not installed")
        return 1
    print("host: %d CPUs, load %s before" % (os.cpu_count(), load()))
    peers, ours = [], {engine: [] for engine in ENGINES}
    for _ in range(ROUNDS):
        peers.append(run(QEMU))
        for engine in ENGINES:
            ours[engine].append(run(OURS, engine))
    right = bool(peers[0])
    for engine in ENGINES:
        right = compare(engine, ours[engine], peers) and right
    print("\nload %s after" % load())
    return 0 if right else 1


sys.exit(main())
