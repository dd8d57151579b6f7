"""Debian's own programs in Debian on our CPUs: their verdict on themselves, or values computed here."""
import base64
import hashlib
import math
import os
import re
import subprocess
import unittest

import debian_guest
from debian_guest import Guest

# With the interpreter instead, this takes ten times as long.
ENGINE = os.environ.get("UCONTROL_DEBIAN_ENGINE", "")
PYTHON_SUITES = ("test_math test_float test_struct test_decimal test_hashlib test_zlib test_json "
                 "test_re test_threading")


@unittest.skipIf(debian_guest.why_not(), debian_guest.why_not())
class ProgramsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = debian_guest.scratch()
        cls.addClassCleanup(directory.cleanup)
        cls.disk = debian_guest.disk(directory.name)
        cls.boot()
        cls.addClassCleanup(lambda: cls.guest.kill())

    @classmethod
    def boot(cls):
        cls.guest = Guest(cls.disk, cpus=4, engine=ENGINE)
        cls.guest.log_in(900)

    def test_python_tests_itself(self):
        text = self.guest.run("python3 -m test -j4 --timeout 1200 " + PYTHON_SUITES, 3600)
        print(text[-1500:])
        self.assertIn("All %d tests OK" % len(PYTHON_SUITES.split()), text)

    def test_openssl_agrees_with_the_host(self):
        data = bytes(range(256)) * 64
        self.guest.run("python3 -c 'open(\"/root/data\", \"wb\").write(bytes(range(256)) * 64)'")
        for name in ("md5", "sha1", "sha256", "sha512", "sha3-256", "blake2b512"):
            here = subprocess.run(["openssl", "dgst", "-" + name, "-r"], input=data,
                                  capture_output=True, check=True).stdout.split()[0].decode()
            self.assertEqual(self.guest.run("openssl dgst -%s -r /root/data" % name).split()[0], here)
        for name in ("aes-128-cbc", "aes-256-ctr", "aes-192-ecb", "des-ede3-cbc", "chacha20"):
            words = ["enc", "-" + name, "-K", "00112233445566778899aabbccddeeff0011223344556677"
                     "8899aabbccddeeff"[:{"aes-128-cbc": 32, "aes-192-ecb": 48,
                                          "des-ede3-cbc": 48}.get(name, 64)]]
            if not name.endswith("ecb"):
                words += ["-iv", "0123456789abcdef0123456789abcdef"[:16 if "des" in name else 32]]
            here = subprocess.run(["openssl"] + words, input=data, capture_output=True,
                                  check=True).stdout
            there = self.guest.run("openssl %s -in /root/data | sha256sum" % " ".join(words))
            self.assertEqual(there.split()[0], hashlib.sha256(here).hexdigest(), name)
            back = self.guest.run("openssl %s -in /root/data | openssl %s -d | sha256sum" % (
                " ".join(words), " ".join(words)))
            self.assertEqual(back.split()[0], hashlib.sha256(data).hexdigest(), name)

    def test_openssl_signs_what_the_host_verifies(self):
        self.guest.run("openssl genrsa -out /root/key 2048; openssl rsa -in /root/key -pubout "
                       "-out /root/public 2>/dev/null; echo signed >/root/text; "
                       "openssl dgst -sha256 -sign /root/key -out /root/signature /root/text", 300)
        self.assertIn("Verified OK", self.guest.run(
            "openssl dgst -sha256 -verify /root/public -signature /root/signature /root/text"))
        with debian_guest.scratch() as directory:
            for name in ("public", "signature"):
                with open(directory + "/" + name, "wb") as file:
                    file.write(base64.b64decode(self.guest.run("base64 /root/" + name)))
            said = subprocess.run(["openssl", "dgst", "-sha256", "-verify", directory + "/public",
                                   "-signature", directory + "/signature"], input=b"signed\n",
                                  capture_output=True, check=False).stdout
        self.assertIn(b"Verified OK", said)

    def test_perl_computes(self):
        said = self.guest.run(
            r"""perl -e 'printf("%.17g %.17g %d %s\n", exp(1), 1/3, 2**53 - 1, 7 ** 77); """
            r"""my $h = 0; $h = ($h * 31 + $_) % 4294967296 for 1 .. 300000; print "$h\n";'""", 300)
        value = 0
        for i in range(1, 300001):
            value = (value * 31 + i) % 4294967296
        words = said.split()
        self.assertEqual(float(words[0]), math.exp(1))
        self.assertEqual(float(words[1]), 1 / 3)
        self.assertEqual(words[2], str(2 ** 53 - 1))
        self.assertAlmostEqual(float(words[3]) / 7.0 ** 77, 1, places=12)
        self.assertEqual(words[4], str(value))

    def test_gcc_compiles_and_its_program_runs(self):
        source = b"""#include <stdio.h>
#include <stdint.h>
int main(void) {
  uint64_t h = 14695981039346656037u;
  double d = 0;
  for (int i = 1; i < 100000; ++i) {
    h = (h ^ i) * 1099511628211u;
    d += 1.0 / i;
  }
  printf("%llx %.12f\\n", (unsigned long long)h, d);
}
"""
        h, d = 14695981039346656037, 0.0
        for i in range(1, 100000):
            h = ((h ^ i) * 1099511628211) % (1 << 64)
            d += 1.0 / i
        self.guest.run("echo %s | base64 -d >/root/p.c" % base64.b64encode(source).decode())
        for flags in ("-O0", "-O2", "-O2 -march=zEC12"):
            said = self.guest.run("gcc %s -o /root/p /root/p.c && /root/p" % flags, 300)
            self.assertEqual(said.split()[-2:], ["%x" % h, "%.12f" % d], flags)

    # Last in the alphabet: it starts the machine anew.
    def test_sqlite_survives_kills(self):
        self.guest.run("rm -f /root/db*; sqlite3 /root/db 'pragma journal_mode=wal; "
                       "create table t(k integer primary key, v text);'")
        fill = ("for i in $(seq %d 1000000); do sqlite3 /root/db \"pragma synchronous=full; insert into t "
                "values($i, hex(randomblob(200)));\" && echo kept $i; done")
        # A process is killed ...
        self.guest.run("(%s) >/root/log 2>&1 & sleep 5; kill -9 $!; pkill -9 sqlite3; true" % (fill % 1))
        self.assertEqual(self.guest.run("sqlite3 /root/db 'pragma integrity_check'").split()[-1], "ok")
        kept = int(self.guest.run("grep -c kept /root/log").split()[-1])
        count = int(self.guest.run("sqlite3 /root/db 'select count(*) from t'").split()[-1])
        self.assertGreater(kept, 0)
        self.assertGreaterEqual(count, kept)
        # ... and a machine.
        self.guest.type(fill % (count + 1))
        for _ in range(5):
            last = int(self.guest.expect(r"^kept (\d+)$", 60).group(1))
        self.guest.kill()
        last = max(map(int, re.findall(r"^kept (\d+)$", self.guest.shown, re.MULTILINE)))
        type(self).boot()
        self.assertEqual(self.guest.run("sqlite3 /root/db 'pragma integrity_check'").split()[-1], "ok")
        self.assertGreaterEqual(
            int(self.guest.run("sqlite3 /root/db 'select max(k) from t'").split()[-1]), last)


if __name__ == "__main__":
    unittest.main(verbosity=2)
