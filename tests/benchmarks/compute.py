#!/usr/bin/python3
"""Runs the compute kernels of tests/benchmarks/guest on our engines, on qemu-system-s390x and as a program of the host's, in turn.

Prints, for what guests are compiled for, each engine and kernel, the median time, QEMU's divided by ours (above 1:
ours is faster), ours divided by the host's, and million instructions a second of CPU time; a checksum that differs is
an error. All guests run the same ELF file without an operating system and read the same clock, the guest's; the host
runs the same source.

In the environment: BENCHMARK_ROUNDS, BENCHMARK_ENGINES, BENCHMARK_PROGRAMS (of kernels, vectors) and
BENCHMARK_ARCHITECTURES (of z196, z14), of which the interpreter runs only the last one.
"""
import os
import shutil
import statistics
import subprocess
import sys

ROUNDS = int(os.environ.get("BENCHMARK_ROUNDS", "5"))
ENGINES = os.environ.get("BENCHMARK_ENGINES", "interpreter translator").split()
PROGRAMS = os.environ.get("BENCHMARK_PROGRAMS", "kernels vectors").split()
ARCHITECTURES = os.environ.get("BENCHMARK_ARCHITECTURES", "z196 z14").split()
COMPILED = {"z196": ["kernels"], "z14": ["kernels", "vectors"]}  # what vectors.c is written with came after z196
GUEST = "tests/benchmarks/guest/"
OURS = ["tests/benchmarks/run_kernels", GUEST + "%s.elf"]
HOST = [GUEST + "host_%s"]
QEMU = ["qemu-system-s390x", "-M", "s390-ccw-virtio", "-cpu", "max", "-m", "64", "-nodefaults",
        "-nographic", "-chardev", "stdio,id=c", "-device", "sclpconsole,chardev=c",
        "-kernel", GUEST + "%s.elf"]
CLASSES = {
    "integer": ["hash", "sort", "compress", "interpret", "matrix", "mix"],
    "calls and returns": ["calls"],
    "pointer chasing": ["chase"],
    "binary floating point": ["double", "bodies", "fourier"],
    "storage to storage": ["move", "copy", "compare", "lengths"],
    "vector": ["sum", "scale", "filter", "dot", "axpy", "polynomial"],
    "storage vector": ["vector-move", "vector-compare", "vector-lengths"],
}
CLASSES["storage, by both"] = CLASSES["storage to storage"] + CLASSES["storage vector"]
# Sums of rounded numbers: a compiler may fuse a multiplication and an addition, or not.
FLOATING = CLASSES["binary floating point"] + ["dot", "axpy", "polynomial"]


def programs(architecture):
    return [program for program in PROGRAMS if program in COMPILED[architecture]]


def run(command, files, engine=""):
    """{kernel: (checksum, microseconds, instructions, CPU microseconds)}; only ours have the last two."""
    lines = []
    for program in files:
        process = subprocess.run([word.replace("%s", program) for word in command], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, timeout=120, env=dict(os.environ, UCONTROL_ENGINE=engine))
        lines += [line.split() for line in process.stdout.decode(errors="replace").splitlines()]
    return {line[0]: (line[1], *map(int, line[2:])) for line in lines if len(line) >= 3}


def load():
    with open("/proc/loadavg") as file:
        return file.read().split()[0]


def compare(title, ours, peers, hosts):
    """Prints the tables of one engine's runs; whether every checksum is QEMU's."""
    print("\n%-16s %10s %10s %10s %8s %8s %8s" % (title, "ours us", "qemu us", "host us", "x qemu", "of host", "MIPS"))
    right, ratios, slowdowns = bool(peers[0]), {}, {}
    for name in peers[0]:
        if not any(name in r for r in ours):
            continue  # the machine lacks what it needs
        guests = ours + peers if name in FLOATING else ours + peers + hosts
        if any(r.get(name, (None,))[0] != peers[0][name][0] for r in guests):
            print("%-16s checksums differ" % name)
            right = False
            continue
        mine, peer, host = (statistics.median(r[name][1] for r in runs) for runs in (ours, peers, hosts))
        rate = statistics.median(r[name][2] / max(r[name][3], 1) for r in ours)
        ratios[name] = peer / max(mine, 1)
        slowdowns[name] = mine / max(host, 1)
        print("%-16s %10d %10d %10d %8.2f %8.2f %8.1f" % (name, mine, peer, host, ratios[name], slowdowns[name], rate))
    for kind, names in CLASSES.items():
        if all(name in ratios for name in names):
            print("%s: %.2f x qemu, %.2f times the host's time" % (
                kind, statistics.geometric_mean(ratios[name] for name in names),
                statistics.geometric_mean(slowdowns[name] for name in names)))
    return right


def main():
    if not shutil.which(QEMU[0]):
        print(QEMU[0], "is not installed")
        return 1
    print("host: %d CPUs, load %s before" % (os.cpu_count(), load()))
    hosts = []
    peers = {architecture: [] for architecture in ARCHITECTURES}
    ours = {(architecture, engine): [] for architecture in ARCHITECTURES for engine in ENGINES
            if engine != "interpreter" or architecture == ARCHITECTURES[-1]}
    for _ in range(ROUNDS):
        hosts.append(run(HOST, PROGRAMS))
        for architecture in ARCHITECTURES:
            files = ["%s_%s" % (program, architecture) for program in programs(architecture)]
            peers[architecture].append(run(QEMU, files))
            for engine in ENGINES:
                if (architecture, engine) in ours:
                    ours[architecture, engine].append(run(OURS, files, engine))
    right = True
    for (architecture, engine), runs in ours.items():
        right = compare("%s %s" % (architecture, engine), runs, peers[architecture], hosts) and right
    # One kernel, one checksum: what it is compiled for is no matter, but to the rounding of sums.
    for name in peers[ARCHITECTURES[0]][0]:
        sums = {runs[0][name][0] for runs in peers.values() if name in runs[0]}
        if len(sums) > 1 and name not in FLOATING:
            print("%-16s differs by what it is compiled for" % name)
            right = False
    print("\nload %s after" % load())
    return 0 if right else 1


sys.exit(main())
