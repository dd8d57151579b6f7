#!/usr/bin/python3
"""Runs a machine of ours and one of qemu-system-s390x in turn, and compares what they cost and what they move.

  boot     Debian's own kernel: seconds from the start of the process to a shell's prompt, and the instructions that
           the guest executed (ours counts them); how much of our process's CPU time went into translating, which is
           to be less than 10 %
  rest     at that prompt, with 1 and 4 CPUs: how much of a host CPU the process uses, and how much of its resident
           memory isn't the guest's storage. Debian's kernel ticks 250 times a second on each CPU; the small one can
           rest
  devices  a disk that is a file, and TCP to a host's process through the network inside the machine's

Arguments name the sections; none: all. A ratio above 1 says that ours is better. The images come from
tools/small-kernel and tools/debian-guest.
"""
import os
import re
import resource
import socket
import statistics
import sys
import tempfile
import threading
import time

sys.path[:0] = ["tests/benchmarks", "tests/guests"]
import initramfs
import peers

REST = int(os.environ.get("BENCHMARK_REST", "30"))  # seconds
SETTLED = 5  # seconds behind the prompt
DISK = 256  # MiB
STORAGE = 256 << 20  # the guest's, as peers.py asks for it
DISKS = os.environ.get("BENCHMARK_DISKS", "/var/tmp")  # in memory, as /dev/shm, it costs what the machine does
DEVICES = "tests/benchmarks/guest/linux_devices.elf"
PEERS = (("qemu", peers.qemu), ("ours", peers.ours))
MIB = 1 << 20
WAYS = {"disk-write": ("MiB/s", MIB), "disk-read": ("MiB/s", MIB), "disk-random-read": ("/s", 1),
        "disk-random-write": ("/s", 1), "net-send": ("MiB/s", MIB), "net-receive": ("MiB/s", MIB)}


def row(name, unit, ours, qemu, ratio):
    print("%-34s %12.2f %12.2f %-6s %8.2f" % (name, ours, qemu, unit, ratio))


def boot():
    seconds, instructions, shares = {"ours": [], "qemu": []}, [], []
    for _ in range(peers.ROUNDS):
        for who, command in PEERS:
            words = command(peers.DEBIAN, peers.SHELL, "")
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            with tempfile.TemporaryFile() as said:
                # Ours ends at the prompt by itself, to say what it counted.
                words += ["--statistics", "--expect=/ # "] if who == "ours" else []
                with peers.Shell(words, stderr=said) as shell:
                    if shell.seconds is None:
                        raise RuntimeError(who + " shows no prompt")
                    seconds[who].append(shell.seconds)
                    if who == "ours":
                        shell.process.wait(peers.PATIENCE)
                        said.seek(0)
                        counts = dict(re.findall(rb"^(.+) (\d+)$", said.read(), re.MULTILINE))
                        after = resource.getrusage(resource.RUSAGE_CHILDREN)
                        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
                        instructions.append(int(counts[b"instructions"]))
                        shares.append(int(counts.get(b"microseconds of translating", 0)) / 1e6 / used)
    mine, peer = (statistics.median(seconds[who]) for who in ("ours", "qemu"))
    row("boot to a prompt", "s", mine, peer, peer / mine)
    print("%-34s %12.2f %12s G" % ("instructions until then", statistics.median(instructions) / 1e9, "-"))
    print("%-34s %12.1f %12s %% of CPU time" % ("translating until then", 100 * statistics.median(shares), "-"))


def processor_seconds(pid):
    """What all threads of a process have used of the host's CPUs: its clock, as clock_getcpuclockid makes it."""
    return time.clock_gettime((~pid << 3) | 2)


def memory_above_storage(pid):
    """{"Rss": bytes, "Pss": bytes} that a process keeps in memory beside the guest's storage, a mapping of that size.
    Rss counts what is mapped twice, as our translated code, twice; Pss once, and libraries by their share."""
    sums, storage, is_storage = {"Rss": 0, "Pss": 0}, 0, False
    with open("/proc/%d/smaps" % pid, encoding="utf-8") as file:
        for line in file:
            mapping = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if mapping or re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                is_storage = bool(mapping) and int(mapping[2], 16) - int(mapping[1], 16) == STORAGE
            name = line.partition(":")[0]
            if name in sums:
                size = int(line.split()[1]) << 10
                storage += size if is_storage else 0
                sums[name] += 0 if is_storage else size
    if not storage:
        raise RuntimeError("the guest's storage isn't among the mappings")
    return sums


def rest_of(who, words):
    if who == "qemu":
        words += ["-object", "memory-backend-memfd,id=storage,size=256M", "-machine", "memory-backend=storage"]
    with peers.Shell(words) as shell:
        if shell.seconds is None:
            raise RuntimeError(who + " shows no prompt")
        time.sleep(SETTLED)
        pid = shell.process.pid
        before, began = processor_seconds(pid), time.monotonic()
        time.sleep(REST)
        used = (processor_seconds(pid) - before) / (time.monotonic() - began)
        return used, memory_above_storage(pid)


def rest():
    for name, kernel in (("Debian's kernel", peers.DEBIAN), ("small kernel", peers.SMALL)):
        for cpus in (1, 4):
            found = {who: rest_of(who, command(kernel, peers.SHELL, "", cpus)) for who, command in PEERS}
            (used, kept), (peer_used, peer_kept) = found["ours"], found["qemu"]
            what = "%s, %d CPU%s" % (name, cpus, "s" if cpus > 1 else "")
            row(what + ": at rest", "% CPU", 100 * used, 100 * peer_used, peer_used / used)
            for kind in kept:
                mine, peer = kept[kind] / MIB, peer_kept[kind] / MIB
                row("%s: %s" % (what, kind), "MiB", mine, peer, peer / mine)


class Host:
    """The process that a guest talks to: whoever connects says whether it shall send or receive."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    @staticmethod
    def serve(connection):
        piece = bytearray(MIB)
        try:
            with connection:
                if connection.recv(1) == b"s":
                    while True:
                        connection.sendall(piece)
                received = 0
                while count := connection.recv_into(piece):
                    received += count
                connection.sendall(received.to_bytes(8, "big"))
        except OSError:
            pass  # the guest has had enough


def with_devices(who, words, disk):
    if who == "ours":
        return words + ["--disk", disk, "--net", "--net_host"]
    return words + ["-drive", "file=%s,format=raw,if=none,id=d" % disk, "-device", "virtio-blk-ccw,drive=d", "-netdev",
                    "user,id=n", "-device", "virtio-net-ccw,netdev=n"]


def new_disk(path):
    """Whose blocks the host's file system has allotted already."""
    with open(path, "wb") as file:
        for _ in range(DISK):
            file.write(bytes(MIB))
        os.fsync(file.fileno())


def devices():
    host = Host()
    found = {"ours": [], "qemu": []}
    with tempfile.TemporaryDirectory(dir=DISKS) as directory:
        initrd, disk = directory + "/initrd", directory + "/disk"
        with open(initrd, "wb") as file:
            file.write(initramfs.archive(DEVICES))
        for _ in range(peers.ROUNDS):
            for who, command in PEERS:
                new_disk(disk)
                # What the kernel doesn't know is an argument of /init.
                words = with_devices(who, command(peers.SMALL, initrd, str(host.port)), disk)
                found[who].append(peers.rates(words))
    for name, (unit, size) in WAYS.items():
        if not all(name in rates for rates in found["ours"] + found["qemu"]):
            raise RuntimeError(name + " is missing")
        mine, peer = (statistics.median(rates[name] for rates in found[who]) for who in ("ours", "qemu"))
        row(name, unit, mine / size, peer / size, mine / peer)


SECTIONS = {"boot": boot, "rest": rest, "devices": devices}


def main(only):
    if peers.missing() or not set(only) <= set(SECTIONS):
        print("missing:", *(peers.missing() or set(only) - set(SECTIONS)))
        return 1
    print("host: %d CPUs, load %s before" % (os.cpu_count(), peers.load()))
    print("%-34s %12s %12s %-6s %8s" % ("", "ours", "qemu", "", "x qemu"))
    right = True
    for name, section in SECTIONS.items():
        if only and name not in only:
            continue
        try:
            section()
        except RuntimeError as error:
            print(error)
            right = False
    print("load %s after" % peers.load())
    return 0 if right else 1


sys.exit(main(sys.argv[1:]))
