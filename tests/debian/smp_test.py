"""Four CPUs of Debian's kernel under ten minutes of competition, and at rest."""
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, "tests/guests")
import debian_guest
import initramfs

SMALL_KERNEL = debian_guest.FILES + "/small-kernel"
STORM = "tests/debian/guest/smp_storm.elf"
SECONDS = int(os.environ.get("UCONTROL_STORM_SECONDS", "600"))
CPUS = 4
PATIENCE = 60  # seconds without a line
COMPLAINTS = r"stall|lockup|BUG:|WARNING:|Oops|^failed:|hung task|Unable to handle"


@unittest.skipIf(debian_guest.why_not(disk=False), debian_guest.why_not(disk=False))
class SmpTest(unittest.TestCase):
    def guest(self, kernel, initrd, append):
        guest = debian_guest.Machine(["--kernel", kernel, "--initrd", initrd, "--cpus", str(CPUS), "--memory", "512",
                                      "--append", append])
        self.addCleanup(guest.kill)
        return guest

    def test_storms_do_not_stall_and_sums_are_exact(self):
        with tempfile.NamedTemporaryFile() as initrd:
            initrd.write(initramfs.archive(debian_guest.find(STORM, "bazel-bin/" + STORM)))
            initrd.flush()
            guest = self.guest(debian_guest.KERNEL, initrd.name, "console=ttysclp0 %d" % SECONDS)
            guest.expect("the storms rage", PATIENCE)
            last = ""
            for second in range(5, SECONDS + 1, 5):
                last = guest.expect(r"^second %d:.*$" % second, PATIENCE).group(0)
            guest.expect("sums are exact", PATIENCE)
            guest.expect("no storm stalled", PATIENCE)
            self.assertEqual(guest.end(), 0)
        print(last)
        complaints = [line for line in guest.shown.splitlines()
                      if re.search(COMPLAINTS, line) and "no storm stalled" not in line]
        self.assertEqual(complaints, [])

    @unittest.skipUnless(os.path.exists(SMALL_KERNEL), "tools/small-kernel hasn't made " + SMALL_KERNEL)
    def test_an_idle_guest_leaves_the_host_alone(self):
        # Debian's own kernel can't rest: it has no CONFIG_NO_HZ, and ticks 250 times a second on each CPU.
        guest = self.guest(SMALL_KERNEL, debian_guest.INITRAMFS, "console=ttyS1")
        guest.expect(r"[~/] # ", PATIENCE)
        time.sleep(5)
        before, began = guest.processor_seconds(), time.monotonic()
        time.sleep(60)
        used = (guest.processor_seconds() - before) / (time.monotonic() - began)
        print("%d idle CPUs use %.2f %% of a processor" % (CPUS, 100 * used))
        self.assertLess(used, 0.01)


if __name__ == "__main__":
    unittest.main(verbosity=2)
