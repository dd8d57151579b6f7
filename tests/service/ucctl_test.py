"""The command line: a person's, a script's, and a pipe's."""
import json
import os
import pty
import queue
import select
import signal
import subprocess
import termios
import time
from concurrent import futures

from harness import *  # noqa: F403


class UcctlTest(ServiceTest):
    def test_tables_names_and_json(self):
        self.assertEqual(self.ucctl("ls").stdout.split(),
                         "NAME STATE CPUS STORAGE AGE OWNER REASON".split())
        self.assertEqual(self.ucctl("create", "web", "--memory", "64M", "--cpus", "2", "--label",
                                    "env=ci", "--title", "The web").stdout, "web\n")
        self.ucctl("create", "db", "--memory", "1G")
        lines = self.ucctl("ls").stdout.splitlines()
        self.assertEqual(lines[1].split()[:5], ["db", "DEFINED", "1", "1", "GiB"])
        self.assertEqual(lines[2].split()[:5], ["web", "DEFINED", "2", "64", "MiB"])
        self.assertEqual(self.ucctl("ls", "-o", "name", "--filter", "labels.env = ci").stdout, "web\n")
        listed = json.loads(self.ucctl("ls", "-o", "json").stdout)
        self.assertEqual([machine["name"] for machine in listed["machines"]],
                         ["machines/db", "machines/web"])
        shown = json.loads(self.ucctl("show", "web", "--output=json").stdout)
        self.assertEqual(shown["display_name"], "The web")
        self.assertIn("64 MiB", self.ucctl("show", "machines/web").stdout)
        self.assertEqual(self.ucctl("ps", "-o", "name").stdout, "")
        self.assertEqual(self.ucctl("rm", "web", "db").stdout, "web\ndb\n")
        self.assertEqual(self.ucctl("ls", "-o", "name").stdout, "")

    def test_errors_say_what_to_do(self):
        result = self.ucctl("show", "nobody", check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn("machines/nobody doesn't exist", result.stderr)
        self.assertIn("ucctl ls", result.stderr)
        for words in (["fly"], ["show"], ["ls", "--nothing"], ["create", "a", "--memory", "lots"],
                      ["create", "a", "--cpus", "0"], ["ls", "-o", "xml"], ["stop", "a", "--time"],
                      ["create", "a", "--port", "x"], ["run"], ["inject", "a", "nothing"],
                      ["create", "a", "--initrd", "x"], ["mem"], ["completion", "tcsh"]):
            with self.subTest(words):
                result = self.ucctl(*words, check=False)
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertIn("ucctl help", result.stderr)
        result = self.ucctl("ls", "--address", "unix:/nowhere", check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn("is ucontrold running", result.stderr)
        result = self.ucctl("create", "a", "--kernel", "/nowhere", check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn("/nowhere", result.stderr)

    def test_every_verb_has_help_with_an_example(self):
        overview = self.ucctl("help").stdout
        verbs = [line.split()[0] for line in overview.splitlines()
                 if line.startswith("  ") and not line.startswith("  --")]
        for verb in ("run create start ls ps show console pause resume stop rm map unmap mappings "
                     "inject regs mem logs events version").split():
            self.assertIn(verb, verbs)
        for verb in verbs:
            if verb in ("help", "completion"):
                continue
            text = self.ucctl("help", verb).stdout
            self.assertIn("Example:\n  ucctl " + verb, text)
            self.assertEqual(self.ucctl(verb, "--help").stdout, text)
        manual = self.ucctl("manual").stdout
        self.assertIn('.TH UCCTL 1', manual)
        for verb in verbs:
            if verb not in ("help", "completion"):
                self.assertIn(".SS ucctl " + verb, manual)

    def test_completion_is_a_script_that_works(self):
        self.ucctl("create", "web")
        script = self.ucctl("completion", "bash").stdout
        directory = os.path.dirname(UCCTL)
        result = subprocess.run(
            ["bash", "-c", script + "\nCOMP_WORDS=(ucctl sta); COMP_CWORD=1; _ucctl; "
             "echo ${COMPREPLY[@]}; COMP_WORDS=(ucctl start w); COMP_CWORD=2; _ucctl; "
             "echo ${COMPREPLY[@]}; COMP_WORDS=(ucctl stop --t); COMP_CWORD=2; _ucctl; "
             "echo ${COMPREPLY[@]}"],
            capture_output=True, text=True, check=True,
            env={**os.environ, "PATH": directory + ":" + os.environ["PATH"],
                 "UCONTROL_ADDRESS": "unix:" + self.daemon.socket})
        self.assertEqual(result.stdout.splitlines(), ["start", "web", "--time --tls-ca --tls-cert "
                                                      "--tls-key --tls-server-name"])
        for shell in ("zsh", "fish"):
            self.assertIn("ucctl", self.ucctl("completion", shell).stdout)

    def test_run_returns_the_guests_status(self):
        result = self.ucctl("run", "--kernel", guest("talker"), "--memory", "16M", input="q")
        self.assertEqual(result.stdout, "ready\nqbye\n")
        self.assertEqual(self.ucctl("ls", "-o", "name").stdout, "")
        self.assertEqual(self.ucctl("mem", "ls", "-o", "name").stdout, "")
        result = self.ucctl("run", "--kernel", guest("talker"), "--memory", "16M", "--name", "x",
                            input="c", check=False)
        self.assertEqual(result.returncode, 0x2a)
        self.assertIn("DISABLED_WAIT", result.stderr)
        self.assertEqual(self.ucctl("ls", "-o", "name").stdout, "")

    def test_run_keeps_what_is_to_be_kept(self):
        self.ucctl("run", "--kernel", guest("talker"), "--memory", "16M", "--name", "x", "--keep",
                   input="q")
        self.assertIn("GUEST_POWERED_OFF", self.ucctl("show", "x").stdout)
        self.assertEqual(self.ucctl("logs", "x").stdout, "ready\nqbye\n")
        self.ucctl("start", "x")
        self.ucctl("stop", "x")
        self.ucctl("rm", "x")

    def test_run_without_a_guest_is_125(self):
        empty = self.daemon.directory + "/bad"
        with open(empty, "wb") as file:
            file.write(b"\x7fELF" + b"x" * 100)
        result = self.ucctl("run", "--kernel", empty, check=False)
        self.assertEqual(result.returncode, 125, result.stderr)
        self.assertEqual(self.ucctl("ls", "-o", "name").stdout, "")

    def test_detached_machines_and_their_console(self):
        name = self.ucctl("run", "--detach", "--kernel", guest("talker"), "--memory", "16M",
                          "--name", "bg").stdout
        self.assertEqual(name, "bg\n")
        self.wait_for(lambda: self.ucctl("logs", "bg").stdout == "ready\n")
        self.assertEqual(self.ucctl("ps", "-o", "name").stdout, "bg\n")
        self.assertEqual(self.ucctl("console", "bg", input="tea q").stdout,
                         "ready\ntea qbye\n")
        self.assertIn("STOPPED", self.ucctl("show", "bg").stdout)

    def test_a_signal_ends_a_run_and_leaves_nothing(self):
        process = subprocess.Popen(
            [UCCTL, "run", "--kernel", guest("spinner"), "--memory", "16M", "--name", "x"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "UCONTROL_ADDRESS": "unix:" + self.daemon.socket})
        self.wait_for(lambda: "x" in self.client.names("state = RUNNING"))
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(20), 130)
        process.stdout.close()
        process.stderr.close()
        self.assertEqual(self.client.names(), [])

    def test_a_run_whose_client_is_killed_has_a_lease(self):
        process = subprocess.Popen(
            [UCCTL, "run", "--kernel", guest("spinner"), "--memory", "16M", "--name", "x"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "UCONTROL_ADDRESS": "unix:" + self.daemon.socket})
        self.wait_for(lambda: "x" in self.client.names("state = RUNNING"))
        process.kill()
        process.wait()
        machine = self.client.machine("x")
        self.assertLessEqual(machine.expire_time.seconds - time.time(), 301)

    def test_a_terminal_is_raw_and_has_an_escape_key(self):
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ["UCONTROL_ADDRESS"] = "unix:" + self.daemon.socket
            os.execv(UCCTL, [UCCTL, "run", "--kernel", guest("talker"), "--memory", "16M",
                             "--name", "x"])
        shown = b""

        def expect(text):
            nonlocal shown
            deadline = time.time() + 20
            while text not in shown and time.time() < deadline:
                if select.select([terminal], [], [], 0.1)[0]:
                    try:
                        shown += os.read(terminal, 4096)
                    except OSError:
                        break
            self.assertIn(text, shown)
        expect(b"ready\r\n")
        # Control-C is the guest's, as is an escape key that is typed twice.
        os.write(terminal, b"\x03")
        expect(b"\x03")
        os.write(terminal, b"\x1d\x1d")
        expect(b"\x1d")
        os.write(terminal, b"\x1d?")
        expect(b"detaches")
        os.write(terminal, b"\x1dd")
        expect(b"detached")
        _, status = os.waitpid(pid, 0)
        os.close(terminal)
        self.assertEqual(os.waitstatus_to_exitcode(status), 0)
        machine = self.client.machine("x")
        self.assertEqual(machine.state, machine_pb2.MACHINE_STATE_RUNNING)
        self.assertFalse(machine.HasField("expire_time"))

    def test_the_size_of_the_terminal_is_told_and_told_again(self):
        sizes = queue.Queue()

        class Consoles(console_pb2_grpc.ConsolesServicer):
            def AttachConsole(self, requests, context):
                yield console_pb2.AttachConsoleResponse(writer=True)
                for request in requests:
                    sizes.put((request.window_size.rows, request.window_size.columns))
                    yield console_pb2.AttachConsoleResponse(output=b"told\r\n")
        server = grpc.server(futures.ThreadPoolExecutor(4))
        console_pb2_grpc.add_ConsolesServicer_to_server(Consoles(), server)
        address = "unix:" + self.daemon.directory + "/fake"
        server.add_insecure_port(address)
        server.start()
        self.addCleanup(server.stop, 0)
        master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (24, 80))
        process = subprocess.Popen([UCCTL, "console", "x"], stdin=slave, stdout=slave, stderr=slave,
                                   env={**os.environ, "UCONTROL_ADDRESS": address})
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertEqual(sizes.get(timeout=20), (24, 80))
        termios.tcsetwinsize(slave, (50, 132))
        process.send_signal(signal.SIGWINCH)
        self.assertEqual(sizes.get(timeout=20), (50, 132))
        os.write(master, b"\x1dd")
        self.assertEqual(process.wait(20), 0)

    def test_scroll_back_shows_what_was_printed_before(self):
        self.ucctl("run", "--detach", "--kernel", guest("talker"), "--memory", "16M", "--name", "x")
        self.wait_for(lambda: self.ucctl("logs", "x").stdout == "ready\n")
        self.assertEqual(self.ucctl("console", "x", "--scroll-back", "3", input="q").stdout,
                         "dy\nqbye\n")

    def test_memories_and_mappings(self):
        self.ucctl("mem", "create", "shared", "4M")
        self.ucctl("run", "--detach", "--kernel", guest("spinner"), "--memory", "16M", "--name", "m",
                   "--cpus", "2")
        self.assertEqual(self.ucctl("mem", "write", "shared", "--offset", "1M",
                                    input="some bytes").stdout, "10\n")
        self.assertEqual(self.ucctl("mem", "read", "shared", "--offset", "1M", "--length", "10").stdout,
                         "some bytes")
        dump = self.ucctl("mem", "read", "shared", "--offset", "1M", "--length", "16", "--hex").stdout
        self.assertIn("736f6d65 20627974 6573", dump)
        self.assertIn("|some bytes......|", dump)
        self.assertEqual(len(self.ucctl("map", "m", "shared", "64M", "2M").stdout.splitlines()), 2)
        self.assertEqual(self.ucctl("map", "m", "shared", "0x8000000", "1M", "--offset", "3M",
                                    "--cpu", "1").stdout, "machines/m/vcpus/1/mappings/0x8000000\n")
        table = self.ucctl("mappings", "m", "--cpu", "1").stdout.splitlines()
        self.assertEqual([line.split()[0] for line in table[1:]], ["0x0", "0x4000000", "0x8000000"])
        self.ucctl("unmap", "m", "64M", "2M")
        self.assertNotIn("0x4000000", self.ucctl("mappings", "m").stdout)
        self.assertIn("r2 ", self.ucctl("regs", "m", "--cpu", "0").stdout)
        self.ucctl("inject", "m", "service", "parameter=0x1000")
        self.ucctl("inject", "m", "external_call", "source_cpu_address=0", "--cpu", "1")
        result = self.ucctl("inject", "m", "service", "parameter=1", "--cpu", "1", check=False)
        self.assertEqual(result.returncode, 1)
        self.ucctl("pause", "m")
        self.ucctl("resume", "m")
        self.ucctl("stop", "m", "--force")
        self.ucctl("rm", "m")
        self.ucctl("mem", "rm", "shared")

    def test_events_and_version(self):
        self.ucctl("create", "a")
        self.ucctl("rm", "a")
        lines = self.ucctl("events", "a", "--from", "1", "--count", "2", "-o", "json").stdout
        kinds = [json.loads(line)["kind"] for line in lines.splitlines()]
        self.assertEqual(kinds, ["KIND_MACHINE_CREATED", "KIND_MACHINE_DELETED"])
        self.assertIn("ADMIN", self.ucctl("version").stdout)
