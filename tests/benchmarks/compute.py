#!/usr/bin/python3
"""Runs the compute kernels of tests/benchmarks/guest on our machine and on qemu-system-s390x, in turn.

Prints, for each kernel, the median time of both and their ratio; a checksum that differs is an error.
Both run the same ELF file without an operating system and read the same clock, the guest's.
"""
import os
import statistics
import subprocess
import sys

ROUNDS = int(os.environ.get("BENCHMARK_ROUNDS", "3"))
KERNELS = "tests/benchmarks/guest/kernels.elf"
OURS = ["tools/boot_guest", "--kernel", KERNELS, "--memory", "64"]
QEMU = ["qemu-system-s390x", "-M", "s390-ccw-virtio", "-m", "64", "-nodefaults", "-nographic",
        "-chardev", "stdio,id=c", "-device", "sclpconsole,chardev=c", "-kernel", KERNELS]
INTEGER = ["hash", "sort", "compress", "interpret", "matrix", "mix"]


def run(command):
    """{kernel: (checksum, microseconds)} of one run."""
    output = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=600,
                            check=True).stdout.decode(errors="replace")
    lines = [line.split() for line in output.replace("\r", "").splitlines()]
    return {line[0]: (line[1], int(line[2])) for line in lines if len(line) == 3}


def geometric_mean(numbers):
    return statistics.geometric_mean(numbers)


def main():
    ours, peers = [], []
    for _ in range(ROUNDS):
        peers.append(run(QEMU))
        ours.append(run(OURS))
    names = list(peers[0])
    failed = False
    ratios = {}
    print("%-10s %12s %12s %8s" % ("kernel", "ours us", "qemu us", "x qemu"))
    for name in names:
        if any(r.get(name, (None,))[0] != peers[0][name][0] for r in ours + peers):
            print("%-10s checksums differ" % name)
            failed = True
            continue
        mine = statistics.median(r[name][1] for r in ours)
        peer = statistics.median(r[name][1] for r in peers)
        ratios[name] = peer / max(mine, 1)
        print("%-10s %12d %12d %8.2f" % (name, mine, peer, ratios[name]))
    integer = [ratios[name] for name in INTEGER if name in ratios]
    if integer:
        print("integer geometric mean: %.2f x qemu" % geometric_mean(integer))
    return 1 if failed else 0


sys.exit(main())
