#!/usr/bin/python3
"""Runs the same small Linux on our engine and on qemu-system-s390x, in turn, and compares what its kernel does.

Prints for each path through the kernel how often a second each does it (medians, by the guest's own clock), and
the seconds from the start of the process to a shell's prompt (by ours). The images come from tools/small-kernel
and tools/debian-guest. Arguments name the paths to be run; none: all.
"""
import os
import re
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, "tests/guests")
import initramfs

ROUNDS = int(os.environ.get("BENCHMARK_ROUNDS", "3"))
PATIENCE = 120  # seconds
GUEST = os.environ.get("UCONTROL_GUEST") or os.path.join(
    os.environ.get("UCONTROL_CACHE") or os.path.expanduser("~/.cache/ucontrol"), "guest")
SMALL, DEBIAN, SHELL = (os.path.join(GUEST, name) for name in ("small-kernel", "kernel", "initramfs"))
PATHS = "tests/benchmarks/guest/linux_paths.elf"
CONSOLE = "console=ttyS1 quiet "
PROMPT = re.compile(rb"[~/] # ")


def ours(kernel, initrd, append):
    return ["tools/boot_guest", "--kernel", kernel, "--initrd", initrd, "--memory", "256", "--append",
            CONSOLE + append]


def qemu(kernel, initrd, append):
    return ["qemu-system-s390x", "-M", "s390-ccw-virtio", "-m", "256", "-nographic", "-nodefaults", "-chardev",
            "stdio,id=c", "-device", "sclpconsole,chardev=c", "-kernel", kernel, "-initrd", initrd, "-append",
            CONSOLE + append]


def paths(command):
    """{path: how often a second}."""
    process = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=PATIENCE)
    found = re.findall(rb"^path (\S+) (\d+) (\d+)\r*$", process.stdout, re.MULTILINE)
    return {name.decode(): int(count) * 1e6 / int(time) for name, count, time in found if name != b"boot"}


def boot(command):
    """Seconds until the console shows a prompt; None: it doesn't."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    text = b""
    try:
        while time.monotonic() - start < PATIENCE:
            if not select.select([process.stdout], [], [], 1)[0]:
                continue
            piece = os.read(process.stdout.fileno(), 65536)
            text += piece
            if PROMPT.search(text):
                return time.monotonic() - start
            if not piece:
                break
        return None
    finally:
        process.kill()
        process.wait()


def load():
    with open("/proc/loadavg") as file:
        return file.read().split()[0]


def main(only):
    missing = [path for path in (SMALL, DEBIAN, SHELL) if not os.path.exists(path)]
    if missing or not shutil.which("qemu-system-s390x"):
        print("missing:", *(missing or ["qemu-system-s390x"]))
        return 1
    print("host: %d CPUs, load %s before" % (os.cpu_count(), load()))
    wanted = lambda name: not only or name in only
    boots = [(name, kernel) for name, kernel in (("boot-small", SMALL), ("boot-debian", DEBIAN)) if wanted(name)]
    inside = " ".join(name for name in only if not name.startswith("boot-"))
    rates, times = ({"ours": [], "qemu": []} for _ in range(2))
    with tempfile.NamedTemporaryFile() as initrd:
        initrd.write(initramfs.archive(PATHS))
        initrd.flush()
        for _ in range(ROUNDS):
            for who, command in (("qemu", qemu), ("ours", ours)):
                if inside or not only:
                    # What the kernel doesn't know is an argument of /init.
                    rates[who].append(paths(command(SMALL, initrd.name, inside)))
                times[who].append({name: boot(command(kernel, SHELL, "")) for name, kernel in boots})
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
    print("load %s after" % load())
    return 0 if right else 1


sys.exit(main(sys.argv[1:]))
