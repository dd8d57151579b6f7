"""The Debian package, and the documents that are made from the sources."""
import gzip
import subprocess
import tempfile
import unittest

from harness import ROOT, find, os


class PackageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.package = find("packaging/ucontrol.deb", "bazel-bin/packaging/ucontrol.deb")
        cls.directory = tempfile.TemporaryDirectory()
        subprocess.check_call(["dpkg-deb", "-x", cls.package, cls.directory.name])

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    def path(self, name):
        return os.path.join(self.directory.name, name)

    def test_its_programs_run(self):
        for program in ("usr/sbin/ucontrold", "usr/bin/ucctl"):
            words = [self.path(program), "--version" if "ucontrold" in program else "help"]
            self.assertIn("ucont", subprocess.check_output(words, text=True))

    def test_it_depends_on_what_the_programs_need(self):
        fields = subprocess.check_output(["dpkg-deb", "-f", self.package, "Depends"], text=True)
        for package in ("libgrpc++", "libsqlite3-0", "libc6", "libprotobuf"):
            self.assertIn(package, fields)

    def test_manuals_and_completion_are_there(self):
        with gzip.open(self.path("usr/share/man/man1/ucctl.1.gz"), "rt") as page:
            self.assertIn(".SS ucctl run", page.read())
        with gzip.open(self.path("usr/share/man/man8/ucontrold.8.gz"), "rt") as page:
            self.assertIn("ucontrold", page.read())
        for name in ("bash-completion/completions/ucctl", "zsh/vendor-completions/_ucctl",
                     "fish/vendor_completions.d/ucctl.fish"):
            self.assertGreater(os.path.getsize(self.path("usr/share/" + name)), 100)

    def test_its_configuration_is_one_that_the_daemon_takes(self):
        with tempfile.TemporaryDirectory(dir="/tmp") as directory:
            with open(self.path("etc/ucontrol/ucontrold.conf"), encoding="utf-8") as file:
                text = file.read().replace("/run/ucontrol", directory)
            # What is commented out as an example is right too.
            text = "\n".join(line[2:] if line.startswith("# ") and (":" in line or "{" in line or
                             line.strip() == "# }" or line.startswith("#   "))
                             and "grants," not in line and "message" not in line else line
                             for line in text.splitlines())
            text = text.replace("/etc/ucontrol/", directory + "/").replace("0.0.0.0:7443", "127.0.0.1:0")
            path = directory + "/config"
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            result = subprocess.run(
                [self.path("usr/sbin/ucontrold"), "--config=" + path,
                 "--state_directory=" + directory + "/state"],
                capture_output=True, text=True, timeout=60, check=False)
            # It is understood, and the certificates aren't there.
            self.assertIn("server.crt can't be read", result.stderr)

    def test_the_reference_is_that_of_the_protos(self):
        with tempfile.NamedTemporaryFile() as page:
            subprocess.check_call(["/usr/bin/python3", os.path.join(ROOT, "tools/api_reference.py"),
                                   page.name])
            with open(os.path.join(ROOT, "docs/api-reference.md"), "rb") as present:
                self.assertEqual(page.read(), present.read(),
                                 "docs/api-reference.md is old: run tools/api_reference.py")
