"""A machine is killed at 50 random moments of writing to its disk: what it said to be written is written."""
import array
import os
import random
import re
import subprocess
import sys
import time
import unittest

sys.path.insert(0, "tests/guests")
import debian_guest
import initramfs

KERNEL = debian_guest.FILES + "/small-kernel"
WRITER = "tests/debian/guest/random_writer.elf"
KILLS = int(os.environ.get("UCONTROL_KILLS", "50"))
BLOCK, BLOCKS, MOST_IN_ONE_GO = 4096, 4096, 16  # the writer's


def place_of(number):
    """The writer's PlaceOf."""
    number ^= number >> 33
    number = number * 0xff51afd7ed558ccd & ~(~0 << 64)
    return (number ^ number >> 33) % BLOCKS


@unittest.skipUnless(os.path.exists(KERNEL), "tools/small-kernel hasn't made " + KERNEL)
class DurabilityTest(unittest.TestCase):
    def setUp(self):
        directory = debian_guest.scratch()
        self.addCleanup(directory.cleanup)
        self.initrd = directory.name + "/initrd"
        with open(self.initrd, "wb") as file:
            file.write(initramfs.archive(debian_guest.find(WRITER, "bazel-bin/" + WRITER)))
        self.disk = directory.name + "/disk"
        self.data = directory.name + "/data"
        with open(self.disk, "wb") as file:
            file.truncate(64 << 20)
        subprocess.check_call(["/sbin/mke2fs", "-q", "-F", "-t", "ext4", self.disk])
        # What each block may hold: the number of its last promised write, and those that were to be promised next.
        self.promised = [0] * BLOCKS
        self.perhaps = [set() for _ in range(BLOCKS)]
        self.promises = 0

    def write_and_be_killed(self, seconds, append=""):
        """random_writer.c, until it has promised something and for `seconds` more."""
        with debian_guest.Machine(["--kernel", KERNEL, "--initrd", self.initrd, "--disk", self.disk, "--memory", "128",
                                   "--append", "console=ttyS1 quiet " + append]) as machine:
            first = int(machine.expect(r"^from (\d+)\n", 60).group(1))
            machine.expect(r"^wrote \d+\n", 60)
            time.sleep(seconds)
            machine.kill()
            last = int(re.findall(r"^wrote (\d+)\n", machine.shown, re.MULTILINE)[-1])
        for number in range(first, last + 1):
            self.promised[place_of(number)] = number
            self.perhaps[place_of(number)].clear()
        for number in range(last + 1, last + 1 + MOST_IN_ONE_GO):
            self.perhaps[place_of(number)].add(number)
        self.promises += last + 1 - first

    def lost(self):
        """The blocks that hold what they mustn't, once the file system has recovered."""
        recovery = subprocess.run(["/sbin/e2fsck", "-fp", self.disk], capture_output=True, text=True, check=False)
        self.assertIn(recovery.returncode, (0, 1), recovery.stdout + recovery.stderr)
        clean = subprocess.run(["/sbin/e2fsck", "-fn", self.disk], capture_output=True, text=True, check=False)
        self.assertEqual(clean.returncode, 0, clean.stdout + clean.stderr)
        subprocess.run(["/sbin/debugfs", "-R", "dump /data " + self.data, self.disk], check=True, capture_output=True)
        data = b""
        if os.path.exists(self.data):  # it isn't if the file is lost
            with open(self.data, "rb") as file:
                data = file.read()
            os.remove(self.data)
        found = []
        for place, promised in enumerate(self.promised):
            words = array.array("Q", data[place * BLOCK:(place + 1) * BLOCK].ljust(BLOCK, b"\0"))
            words.byteswap()
            # A write that was not promised may be there in part.
            if not set(words) <= {promised} | self.perhaps[place]:
                found.append("block %d holds %s instead of %d" % (place, sorted(set(words))[:4], promised))
        return found

    def test_no_promised_write_is_lost(self):
        seed = int(os.environ.get("UCONTROL_SEED") or random.randrange(1 << 32))
        print("seed %d" % seed)
        moments = random.Random(seed)
        for kill in range(KILLS):
            self.write_and_be_killed(moments.uniform(0, 1.5))
            self.assertEqual(self.lost(), [], "after kill %d" % kill)
        print("%d kills, %d promised writes of %d bytes" % (KILLS, self.promises, BLOCK))

    def test_a_promise_before_its_time_is_noticed(self):
        self.write_and_be_killed(1, "hasty")
        self.assertNotEqual(self.lost(), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
