"""The Debian package on a Debian 12 that has nothing else: installed, under systemd, used, removed.

A Debian is made by debootstrap and runs in systemd-nspawn; what is done in it is installed_check.sh.
"""
import os
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = os.getcwd()
GUEST = os.environ.get("UCONTROL_GUEST") or os.path.expanduser("~/.cache/ucontrol/guest")
MIRROR = os.environ.get("UCONTROL_DEBIAN_MIRROR", "http://deb.debian.org/debian")
CHECK = """[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/srv/installed_check.sh
ExecStopPost=/bin/systemctl poweroff
StandardOutput=file:/srv/said
StandardError=inherit
TimeoutStartSec=600
[Install]
WantedBy=multi-user.target
"""


def why_not():
    if os.geteuid() != 0:
        return "only root can run a container"
    for program in ("debootstrap", "systemd-nspawn"):
        if not shutil.which(program):
            return program + " isn't installed"
    if not os.path.exists(GUEST + "/kernel"):
        return "tools/debian-guest hasn't fetched a kernel"
    return None


def find(*names):
    return next(path for path in (os.path.join(ROOT, name) for name in names)
                if os.path.exists(path))


@unittest.skipIf(why_not(), why_not())
class InstallationTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        work = tempfile.TemporaryDirectory(dir="/var/tmp")
        cls.addClassCleanup(work.cleanup)
        cls.root = work.name + "/debian"
        cls.run_to_the_end(["debootstrap", "--variant=minbase", "--include=systemd-sysv,dbus",
                            "bookworm", cls.root, MIRROR])
        package = find("packaging/ucontrol.deb", "bazel-bin/packaging/ucontrol.deb")
        check = find("tests/service/installed_check.sh")
        for file in (package, check, GUEST + "/kernel", GUEST + "/initramfs"):
            shutil.copy(file, cls.root + "/srv/")
        with open(cls.root + "/etc/systemd/system/check.service", "w", encoding="utf-8") as file:
            file.write(CHECK)
        cls.installing = cls.run_to_the_end(
            cls.nspawn() + ["sh", "-ec", "apt-get -qq update; DEBIAN_FRONTEND=noninteractive "
                            "apt-get -yqq --no-install-recommends install /srv/ucontrol.deb; "
                            "systemctl -q is-enabled ucontrold; systemctl -q enable check"])
        cls.run_to_the_end(cls.nspawn() + ["--boot", "--private-network"])
        with open(cls.root + "/srv/said", encoding="utf-8", errors="replace") as file:
            cls.said = file.read()
        print(cls.said)
        # Each part's output and status.
        cls.parts = {name: (int(status), text) for name, text, status in re.findall(
            r"^== (\S+)\n(.*?)^-- (\d+)$", cls.said, re.DOTALL | re.MULTILINE)}

    @classmethod
    def nspawn(cls):
        return ["systemd-nspawn", "-q", "--register=no", "--keep-unit", "-D", cls.root]

    @staticmethod
    def run_to_the_end(words):
        result = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, errors="replace",
                                timeout=600, check=False)
        if result.returncode != 0:
            raise AssertionError("%s: %d\n%s" % (words, result.returncode, result.stdout[-4000:]))
        return result.stdout

    def part(self, name, status=0):
        self.assertIn(name, self.parts)
        was, text = self.parts[name]
        self.assertEqual(was, status, text[-2000:])
        return text

    def test_it_is_enabled_and_starts_with_the_system(self):
        # Of type notify, it is active only when it said that it is ready.
        self.assertEqual(self.part("active"), "active\n")
        self.assertEqual(self.part("type"), "notify\n")
        self.assertIn("unix:root, ADMIN", self.part("version"))

    def test_systemd_finds_no_fault_with_its_unit(self):
        self.assertEqual(self.part("verified"), "")
        self.assertRegex(self.part("exposure"), r"Overall exposure level for ucontrold.service: [012]")

    def test_a_guest_runs(self):
        self.assertIn("\ns390x", self.part("guest", status=5))

    def test_a_reload_grants_without_a_restart(self):
        self.assertIn("which unix:daemon isn't", self.part("stranger", status=1))
        self.part("reload")
        self.part("granted")
        self.part("same-process")

    def test_it_comes_back_with_what_it_knew(self):
        self.part("kill")
        self.assertEqual(self.part("again"), "active\n")
        self.assertRegex(self.part("kept"), r"(?i)state\s+stopped")

    def test_it_stops_in_order(self):
        self.part("running")
        self.part("stop")
        self.assertEqual(self.part("result"), "success\n")
        self.assertRegex(self.part("log"), r'"message":"draining"}\n(.*\n)*.*"message":"ended"')

    def test_nothing_of_it_stays(self):
        self.part("purge")
        self.part("gone")


if __name__ == "__main__":
    unittest.main()
