#!/usr/bin/python3
"""Runs the same small Linux on our engine and on qemu-system-s390x, in turn, and compares what its kernel does.

Prints for each path through the kernel how often a second each does it (medians, by the guest's own clock), and
the seconds from the start of the process to a shell's prompt (by ours). The images come from tools/small-kernel
and tools/debian-guest. Arguments name the paths to be run; none: all.
"""
import os
import statistics
import sys
import tempfile

sys.path[:0] = ["tests/benchmarks", "tests/guests"]
import initramfs
import peers

PATHS = "tests/benchmarks/guest/linux_paths.elf"


def boot(command):
    """Seconds until the console shows a prompt; None: it doesn't."""
    with peers.Shell(command) as shell:
        return shell.seconds


def main(only):
    if peers.missing():
        print("missing:", *peers.missing())
        return 1
    print("host: %d CPUs, load %s before" % (os.cpu_count(), peers.load()))
    wanted = lambda name: not only or name in only
    boots = [(name, kernel) for name, kernel in (("boot-small", peers.SMALL), ("boot-debian", peers.DEBIAN))
             if wanted(name)]
    inside = " ".join(name for name in only if not name.startswith("boot-"))
    rates, times = ({"ours": [], "qemu": []} for _ in range(2))
    with tempfile.NamedTemporaryFile() as initrd:
        initrd.write(initramfs.archive(PATHS))
        initrd.flush()
        for _ in range(peers.ROUNDS):
            for who, command in (("qemu", peers.qemu), ("ours", peers.ours)):
                if inside or not only:
                    # What the kernel doesn't know is an argument of /init.
                    rates[who].append(peers.rates(command(peers.SMALL, initrd.name, inside)))
                times[who].append({name: boot(command(kernel, peers.SHELL, "")) for name, kernel in boots})
    print("%-16s %12s %12s %8s" % ("per second", "ours", "qemu", "x qemu"))
    right = True
    for name in rates["qemu"][0] if rates["qemu"] else []:
        if not all(name in r for r in rates["ours"] + rates["qemu"]):
            print("%-16s is missing" % name)
            right = False
            continue
        mine, peer = (statistics.median(r[name] for r in rates[who]) for who in ("ours", "qemu"))
        print("%-16s %12.0f %12.0f %8.2f" % (name, mine, peer, mine / peer))
    right = right and (not rates["qemu"] or bool(rates["qemu"][0]))
    for name, _ in boots:
        if any(t[name] is None for t in times["ours"] + times["qemu"]):
            print("%-16s shows no prompt" % name)
            right = False
            continue
        mine, peer = (statistics.median(t[name] for t in times[who]) for who in ("ours", "qemu"))
        print("%-16s %10.2f s %10.2f s %8.2f" % (name, mine, peer, peer / mine))
    print("load %s after" % peers.load())
    return 0 if right else 1


sys.exit(main(sys.argv[1:]))
