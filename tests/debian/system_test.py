"""Debian 12 with systemd on a virtio disk: to a login, a network by DHCP, apt, and a clean end."""
import functools
import http.server
import os
import shutil
import subprocess
import threading
import time
import unittest

import debian_guest
from debian_guest import Guest


def repository(directory):
    """An apt repository of one package, as archives are shaped."""
    tree = directory + "/package"
    os.makedirs(tree + "/DEBIAN")
    os.makedirs(tree + "/usr/bin")
    with open(tree + "/DEBIAN/control", "w", encoding="utf-8") as file:
        file.write("Package: greeter\nVersion: 1.0\nArchitecture: all\nMaintainer: m <m@localhost>\n"
                   "Description: says hello\n")
    with open(tree + "/usr/bin/greet", "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\necho \"a package's hello\"\n")
    os.chmod(tree + "/usr/bin/greet", 0o755)
    site = directory + "/site"
    os.makedirs(site)
    subprocess.check_call(["dpkg-deb", "--root-owner-group", "-b", tree, site + "/greeter_1.0_all.deb"],
                          stdout=subprocess.DEVNULL)
    deb = site + "/greeter_1.0_all.deb"
    digest = subprocess.check_output(["sha256sum", deb], text=True).split()[0]
    control = subprocess.check_output(["dpkg-deb", "-f", deb], text=True)
    packages = "%sFilename: ./greeter_1.0_all.deb\nSize: %d\nSHA256: %s\n" % (
        control, os.path.getsize(deb), digest)
    with open(site + "/Packages", "w", encoding="utf-8") as file:
        file.write(packages)
    # Something to be checked for damage on its way.
    with open(site + "/large", "wb") as file:
        file.write(os.urandom(64 << 20))
    return site


class Site:
    """A directory, served on the host's loopback."""

    def __init__(self, directory):
        self.requests = []

        class Handler(http.server.SimpleHTTPRequestHandler):
            def log_message(handler, *words):  # noqa: N805
                self.requests.append(handler.path)
        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Handler, directory=directory))
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@unittest.skipIf(debian_guest.why_not(), debian_guest.why_not())
class SystemTest(unittest.TestCase):
    def setUp(self):
        directory = debian_guest.scratch()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        self.disk = debian_guest.disk(self.directory)

    def log_in(self, **options):
        guest = Guest(self.disk, **options)
        self.addCleanup(guest.kill)
        guest.log_in(600)
        guest.run("systemctl is-system-running --wait || systemctl --failed --no-pager", 300)
        return guest

    def assert_clean(self):
        check = subprocess.run(["/sbin/e2fsck", "-fn", self.disk], capture_output=True, text=True,
                               check=False)
        self.assertEqual(check.returncode, 0, check.stdout + check.stderr)

    def power_off(self, guest):
        guest.type("systemctl poweroff")
        self.assertEqual(guest.end(), 0)
        self.assert_clean()

    def test_login_network_apt_and_a_clean_end(self):
        site = Site(repository(self.directory))
        self.addCleanup(site.server.shutdown)
        guest = self.log_in()
        self.assertIn("s390x", guest.run("uname -m"))
        self.assertIn("10.0.2.15/24", guest.run(
            "networkctl status -n0 --no-pager | cat; ip -4 addr; "
            "for i in $(seq 60); do ip route | grep -q default && break; sleep 1; done; ip route", 90))
        url = "http://10.0.2.2:%d" % site.port
        guest.run("echo 'deb [trusted=yes] %s ./' >/etc/apt/sources.list" % url)
        said = guest.run("apt-get update", 300)
        self.assertIn("Get:", said)
        self.assertIn("/./Packages", " ".join(site.requests))
        guest.run("apt-get install -y greeter", 300)
        self.assertIn("a package's hello", guest.run("greet"))
        there = guest.run("wget -qO- %s/large | sha256sum" % url, 300).split()[0]
        here = subprocess.check_output(["sha256sum", self.directory + "/site/large"], text=True)
        self.assertEqual(there, here.split()[0])
        self.power_off(guest)

    def test_one_cpu_and_four(self):
        for cpus in (1, 4):
            guest = self.log_in(cpus=cpus)
            self.assertEqual(guest.run("nproc").split(), [str(cpus)])
            self.assertIn("running", guest.run("systemctl is-system-running"))
            self.power_off(guest)

    @unittest.skipUnless(shutil.which("e2fsck", path="/sbin"), "there is no e2fsck")
    def test_a_machine_that_is_killed_recovers(self):
        guest = self.log_in()
        guest.run("for i in $(seq 200); do echo $i >/root/f$i; done; sync; (while :; do cp -r /usr/share/doc "
                  "/root/d; rm -r /root/d; done) >/dev/null 2>&1 & true")
        time.sleep(3)
        guest.kill()
        guest = self.log_in()
        self.assertEqual(guest.run("cat /root/f* | wc -l").split(), ["200"])
        self.power_off(guest)


if __name__ == "__main__":
    unittest.main(verbosity=2)
