#!/usr/bin/python3
"""Runs the compute kernels on one machine with twice as many CPUs as the host has, and on one with as many, in turn.

Each CPU does the same work in storage of its own, so twice the CPUs take twice the time if they lose nothing by being
there. Prints the best time of each, and what is lost of the throughput: of the time that passed, which others on the
host take part in, and of the CPU time, which has what CPUs cost each other but not what they wait. The bar is 5 %.
"""
import os
import subprocess
import sys

ROUNDS = int(os.environ.get("BENCHMARK_ROUNDS", "5"))
COMMAND = ["tests/benchmarks/run_kernels", "tests/benchmarks/guest/kernels_z196.elf"]
BAR = 0.05


def run(cpus):
    """(seconds that passed, seconds of CPU time)"""
    process = subprocess.run(COMMAND + [str(cpus)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=300,
                             check=True)
    return tuple(int(word) / 1e6 for word in process.stdout.split())


def load():
    with open("/proc/loadavg") as file:
        return file.read().split()[0]


def main():
    few = len(os.sched_getaffinity(0))
    print("host: %d CPUs, load %s before" % (few, load()))
    runs = {cpus: [] for cpus in (few, 2 * few)}
    for _ in range(ROUNDS):
        for cpus, times in runs.items():
            times.append(run(cpus))
    best = {cpus: [min(way) for way in zip(*times)] for cpus, times in runs.items()}
    lost = [1 - 2 * one / two for one, two in zip(best[few], best[2 * few])]
    for way, name in enumerate(("time passed", "CPU time")):
        print("%-12s %d CPUs %7.2f s, %d CPUs %7.2f s: %5.1f %% lost" % (
            name, few, best[few][way], 2 * few, best[2 * few][way], 100 * lost[way]))
    print("load %s after" % load())
    return 0 if lost[1] < BAR else 1


sys.exit(main())
