"""Debian through the daemon: its own kernel and busybox, at a terminal, from a program, and as the
README says."""
import pty
import re
import select
import socket
import subprocess
import time

from harness import *  # noqa: F403

GUEST = os.environ.get("UCONTROL_GUEST") or os.path.expanduser("~/.cache/ucontrol/guest")
KERNEL, INITRAMFS = GUEST + "/kernel", GUEST + "/initramfs"
BOOT = 200  # seconds


@unittest.skipUnless(os.path.exists(KERNEL), "tools/debian-guest hasn't fetched a kernel")
class DebianTest(ServiceTest):
    def test_a_line_runs_in_a_pipe(self):
        result = self.ucctl("run", "--kernel", KERNEL, "--initrd", INITRAMFS, "--append",
                            'console=ttysclp0 ucontrol.run="uname -m; cat /proc/cpuinfo; exit 3"',
                            "--net", input="", check=False, timeout=BOOT)
        self.assertEqual(result.returncode, 3, result.stderr)
        self.assertIn("\ns390x\n", result.stdout)
        self.assertIn("vendor_id       : IBM/S390", result.stdout)
        self.assertEqual(self.client.names(), [])

    def test_disks_and_networks_reach_it(self):
        disk, port = self.daemon.directory + "/disk", free_port()
        with open(disk, "wb") as file:
            file.write(b"written by the host".ljust(MIB, b"\0"))
        line = ("head -c 19 /dev/vda; echo; ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up; "
                "echo the guest answers | nc -l -p 80")
        process = subprocess.Popen(
            [UCCTL, "run", "--kernel", KERNEL, "--initrd", INITRAMFS, "--cpus", "2", "--disk", disk,
             "--port", "%d:80" % port, "--append", 'console=ttysclp0 ucontrol.run="%s"' % line],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, "UCONTROL_ADDRESS": "unix:" + self.daemon.socket})
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)

        def answer():
            if process.poll() is not None:
                return b"it ended"
            try:
                with socket.create_connection(("127.0.0.1", port), 5) as connection:
                    return connection.recv(100)
            except OSError:
                return None
        answered = self.wait_for(answer, BOOT, "the guest's answer")
        said = process.communicate(timeout=BOOT)[0]
        self.assertEqual(answered, b"the guest answers\n", said[-2000:])
        self.assertIn(b"written by the host", said)
        self.assertEqual(process.returncode, 0)

    def test_a_shell_at_a_terminal(self):
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ["UCONTROL_ADDRESS"] = "unix:" + self.daemon.socket
            os.execv(UCCTL, [UCCTL, "run", "--kernel", KERNEL, "--initrd", INITRAMFS, "--append",
                             "console=ttysclp0"])
        shown = b""

        def expect(text):
            nonlocal shown
            deadline = time.time() + BOOT
            while text not in shown and time.time() < deadline:
                if select.select([terminal], [], [], 1)[0]:
                    try:
                        shown += os.read(terminal, 4096)
                    except OSError:
                        break
            self.assertIn(text, shown)
        expect(b"# ")
        os.write(terminal, b"echo $((6 * 7)) on $(uname -m)\r")
        expect(b"42 on s390x")
        os.write(terminal, b"exit\r")
        _, status = os.waitpid(pid, 0)
        os.close(terminal)
        self.assertEqual(os.waitstatus_to_exitcode(status), 0)
        self.assertEqual(self.client.names(), [])

    def test_the_readme_is_true(self):
        with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
            blocks = re.findall(r"^```\n(.*?)^```", file.read(), re.DOTALL | re.MULTILINE)
        lines = [line for line in blocks[1].splitlines() if line]
        self.assertLessEqual(len(lines), 20)
        # All is built, and fetched, and other daemons may run.
        self.assertIn("bazel build", lines.pop(0))
        script = "\n".join(lines).replace("/tmp/uc", self.daemon.directory + "/uc")
        script = script.replace("7443", str(free_port())).replace("guest=~/.cache/ucontrol/guest",
                                                                  "guest=" + GUEST)
        script = "set -euo pipefail; trap 'kill $(jobs -p); wait' EXIT\n" + script
        path = os.path.dirname(UCONTROLD) + ":" + os.path.dirname(UCCTL) + ":" + os.environ["PATH"]
        said = open(self.daemon.directory + "/said", "w+", encoding="utf-8")
        self.addCleanup(said.close)
        process = subprocess.Popen(["bash", "-c", script], stdin=subprocess.PIPE, stdout=said,
                                   stderr=said, cwd=ROOT, start_new_session=True,
                                   env={**os.environ, "PATH": path})
        try:
            # What is typed before somebody reads it is lost, as on every console.
            self.wait_for(lambda: "# " in self.all_of(said) or process.poll() is not None, BOOT,
                          "the shell's prompt")
            process.stdin.write(b"exit\n")
            process.stdin.flush()
            status = process.wait(60)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            process.stdin.close()
        text = self.all_of(said)
        self.assertEqual(status, 0, text[-4000:])
        self.assertIn("\nweb\n", text)
        self.assertIn('name: "machines/db"', text)

    def all_of(self, file):
        file.seek(0)
        return file.read()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
