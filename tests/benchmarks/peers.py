"""The two that the benchmarks of Linux compare, our machine and qemu-system-s390x, as processes of this host."""
import os
import re
import select
import shutil
import subprocess
import time

ROUNDS = int(os.environ.get("BENCHMARK_ROUNDS", "3"))
PATIENCE = 120  # seconds
GUEST = os.environ.get("UCONTROL_GUEST") or os.path.join(
    os.environ.get("UCONTROL_CACHE") or os.path.expanduser("~/.cache/ucontrol"), "guest")
SMALL, DEBIAN, SHELL = (os.path.join(GUEST, name) for name in ("small-kernel", "kernel", "initramfs"))
CONSOLE = "console=ttyS1 quiet "
PROMPT = re.compile(rb"[~/] # ")


def ours(kernel, initrd, append, cpus=1):
    return ["tools/boot_guest", "--kernel", kernel, "--initrd", initrd, "--memory", "256", "--cpus", str(cpus),
            "--append", CONSOLE + append]


def qemu(kernel, initrd, append, cpus=1):
    return ["qemu-system-s390x", "-M", "s390-ccw-virtio", "-m", "256", "-smp", str(cpus), "-nographic", "-nodefaults",
            "-chardev", "stdio,id=c", "-device", "sclpconsole,chardev=c", "-kernel", kernel, "-initrd", initrd,
            "-append", CONSOLE + append]


def missing():
    """What there must be and isn't."""
    if not shutil.which("qemu-system-s390x"):
        return ["qemu-system-s390x"]
    return [path for path in (SMALL, DEBIAN, SHELL) if not os.path.exists(path)]


def load():
    with open("/proc/loadavg", encoding="utf-8") as file:
        return file.read().split()[0]


def rates(command):
    """{path: how often a second}, of a guest whose /init measures paths and ends the machine."""
    process = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=PATIENCE, check=False)
    found = re.findall(rb"^path (\S+) (\d+) (\d+)\r*$", process.stdout, re.MULTILINE)
    return {name.decode(): int(count) * 1e6 / int(time) for name, count, time in found if name != b"boot"}


class Shell:
    """A machine from its start to a shell's prompt, and until it is killed; `seconds` is how long the prompt took,
    None if it didn't come."""

    def __init__(self, command, stderr=None):
        start = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr)
        self.seconds = None
        text = b""
        while time.monotonic() - start < PATIENCE:
            if not select.select([self.process.stdout], [], [], 1)[0]:
                continue
            piece = os.read(self.process.stdout.fileno(), 65536)
            text += piece
            if PROMPT.search(text):
                self.seconds = time.monotonic() - start
                return
            if not piece:
                return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
