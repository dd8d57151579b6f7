"""Debian 12 on a disk, in a machine of tools/boot_guest: as a test talks to it, over its console."""
import fcntl
import os
import re
import subprocess
import tempfile
import threading
import time

ROOT = os.getcwd()
FILES = os.environ.get("UCONTROL_GUEST") or os.path.expanduser("~/.cache/ucontrol/guest")
KERNEL, INITRAMFS, FRESH = FILES + "/kernel", FILES + "/initramfs", FILES + "/disk"
INSTALLED = FILES + "/disk-installed"


def find(*names):
    return next(path for path in (os.path.join(ROOT, name) for name in names)
                if os.path.exists(path))


def why_not(disk=True):
    """Why Debian can't be booted here, or nothing."""
    for file in (KERNEL, INITRAMFS) + ((FRESH,) if disk else ()):
        if not os.path.exists(file):
            return "tools/debian-guest%s hasn't made %s" % (" --disk" if disk else "", file)
    return None


class Machine:
    """A machine of tools/boot_guest; console output is kept in `shown`."""

    def __init__(self, arguments):
        words = [find("tools/boot_guest", "bazel-bin/tools/boot_guest")] + arguments
        self.shown = ""
        self._expected = 0
        self._changed = threading.Condition()
        self.began = time.monotonic()
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while True:
            piece = os.read(self.process.stdout.fileno(), 65536)
            with self._changed:
                if not piece:
                    self._expected = max(self._expected, 0)
                    self._ended = True
                    self._changed.notify_all()
                    return
                self.shown += piece.decode(errors="replace").replace("\r", "")
                self._changed.notify_all()

    _ended = False

    def expect(self, pattern, seconds):
        """The match of a regular expression in what is shown behind the last match."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while True:
                match = re.compile(pattern, re.MULTILINE).search(self.shown, self._expected)
                if match:
                    self._expected = match.end()
                    return match
                left = deadline - time.monotonic()
                if left <= 0 or self._ended:
                    raise AssertionError("%s of %r in:\n%s" % (
                        "the end instead" if self._ended else "%d s without a sign" % seconds,
                        pattern, self.shown[-6000:]))
                self._changed.wait(left)

    def type(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def end(self, seconds=120):
        """Waits until the machine has ended; its status."""
        status = self.process.wait(seconds)
        self._reader.join(10)
        return status

    def processor_seconds(self):
        """What its process has used of the host's processors so far."""
        with open("/proc/%d/stat" % self.process.pid, encoding="utf-8") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self._reader.join(10)
        self.process.stdin.close()
        self.process.stdout.close()

    __enter__ = lambda self: self

    def __exit__(self, *_):
        self.kill()


class Guest(Machine):
    """A machine that boots Debian from a disk."""

    def __init__(self, disk, append="", cpus=2, memory=1024, engine="", flags=()):
        words = ["--kernel", KERNEL, "--initrd", INITRAMFS, "--disk", disk, "--cpus", str(cpus), "--memory",
                 str(memory), "--net", "--net_host", "--append",
                 "console=ttysclp0 root=/dev/vda " + append] + list(flags)
        if engine:
            words.append("--engine=" + engine)
        super().__init__(words)

    def log_in(self, seconds):
        """Root's shell, without echo, prompt or line editing."""
        self.expect("guest login: ", seconds)
        self.login_time = time.monotonic() - self.began
        print("login after %.1f s" % self.login_time)
        self.type("root")
        self.expect(r"root@guest:~# ", 120)
        self.type("exec /bin/sh")
        self.expect(r"# \Z", 60)
        self.type("PS1= PS2=; stty -echo cols 200; export LC_ALL=C.UTF-8 TERM=dumb; echo re''ady")
        self.expect(r"^ready\n", 60)

    def run(self, line, seconds=120):
        """What a line prints in that shell; it must succeed."""
        begin = self._expected
        self.type(line + "; echo status $? end")
        match = self.expect(r"^status (\d+) end\n", seconds)
        text = self.shown[begin:match.start()]
        if match.group(1) != "0":
            raise AssertionError("%s: status %s\n%s" % (line, match.group(1), text))
        return text


def run_line(disk, line, seconds, **options):
    """Boots, runs a shell line under systemd, and powers off: what was shown, and the status."""
    with Guest(disk, 'ucontrol.run="%s"' % line, **options) as guest:
        status = int(guest.expect(r"ucontrol.run: status (\d+)", seconds).group(1))
        if guest.end() != 0:
            raise AssertionError("the machine did not end well:\n" + guest.shown[-4000:])
        return guest.shown, status


def copy(source, target):
    subprocess.check_call(["cp", "--sparse=always", source, target])


def disk(directory):
    """A copy of the disk with Debian installed on it; the first one installs it, in the guest."""
    with open(INSTALLED + ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with open(FILES + "/disk-version", encoding="utf-8") as file:
            version = file.read()
        made = INSTALLED + "-version"
        if not os.path.exists(made) or open(made, encoding="utf-8").read() != version:
            work = INSTALLED + ".work"
            copy(FRESH, work)
            began = time.monotonic()
            _, status = run_line(work, "true", 3600)
            if status != 0:
                raise AssertionError("the installation failed")
            print("Debian was installed in %.0f s" % (time.monotonic() - began))
            os.rename(work, INSTALLED)
            with open(made, "w", encoding="utf-8") as file:
                file.write(version)
    path = directory + "/disk"
    copy(INSTALLED, path)
    return path


def scratch():
    """A directory for disks: in memory if there is room, since copying gigabytes keeps the host's own
    disk busy while the guest boots."""
    room = os.statvfs("/dev/shm")
    memory = room.f_bavail * room.f_frsize >= 8 << 30
    return tempfile.TemporaryDirectory(dir="/dev/shm" if memory else "/var/tmp")
