"""Machines that run: started, watched, talked to, stopped."""
import re
import socket
import threading
import time
import urllib.request

from google.protobuf import duration_pb2
from harness import *  # noqa: F403

State = machine_pb2.MachineState
StopReason = machine_pb2.StopReport.Reason


class Console:
    """A terminal at a machine's console."""

    def __init__(self, client, machine, **first):
        self.requests = []
        self.more = threading.Condition()
        self.ended = False
        self.output = b""
        self.writer = None
        self.offsets = []
        self.error = None
        first.setdefault("offset", 0)
        self.send(name="machines/%s/consoles/sclp" % machine, **first)
        self.call = client.consoles.AttachConsole(self._requests())
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _requests(self):
        while True:
            with self.more:
                while not self.requests and not self.ended:
                    self.more.wait()
                if not self.requests:
                    return
                request = self.requests.pop(0)
            yield request

    def _read(self):
        try:
            for response in self.call:
                if response.HasField("writer"):
                    self.writer = response.writer
                if response.output:
                    self.offsets.append((response.offset, len(response.output)))
                self.output += response.output
        except grpc.RpcError as error:
            self.error = error
        self.over = True

    def send(self, **fields):
        with self.more:
            self.requests.append(console_pb2.AttachConsoleRequest(**fields))
            self.more.notify()

    def type(self, text):
        self.send(input=text.encode())

    def close(self):
        with self.more:
            self.ended = True
            self.more.notify()
        self.call.cancel()
        self.thread.join(10)


class RunningTest(ServiceTest):
    def console(self, machine, **first):
        console = Console(self.client, machine, **first)
        self.addCleanup(console.close)
        return console

    def expect(self, console, text, seconds=20):
        self.wait_for(lambda: text.encode() in console.output, seconds,
                      "%r on the console (%r)" % (text, console.output[-200:]))

    def talker(self, name="t", **fields):
        self.client.boot(name, "talker", **fields)
        console = self.console(name)
        self.expect(console, "ready\n")
        return console


class LifecycleTest(RunningTest):
    def test_a_guest_talks_and_powers_off(self):
        console = self.talker()
        self.assertEqual(self.client.machine("t").state, machine_pb2.MACHINE_STATE_RUNNING)
        self.assertTrue(console.writer)
        console.type("tea")
        self.expect(console, "tea")
        console.type("q")
        self.expect(console, "bye\n")
        console.thread.join(20)
        self.assertIsNone(console.error)
        machine = self.wait_for_state("t", "MACHINE_STATE_STOPPED")
        self.assertEqual(machine.stop_report.reason, StopReason.Value("REASON_GUEST_POWERED_OFF"))
        self.assertEqual(machine.stop_report.exit_status, 0)
        self.assertTrue(machine.HasField("stop_time"))

    def test_a_crash_says_where(self):
        console = self.talker()
        console.type("c")
        machine = self.wait_for_state("t", "MACHINE_STATE_CRASHED")
        report = machine.stop_report
        self.assertEqual(report.reason, StopReason.Value("REASON_DISABLED_WAIT"))
        self.assertEqual((report.exit_status, report.vcpu), (0x2a, 0))
        self.assertEqual((report.psw.mask, report.psw.address), (0x0002000180000000, 0x2a))
        self.assertEqual(len(report.general_registers), 16)
        # What it left can be read.
        registers = self.client.vcpus.GetRegisters(
            vcpu_pb2.GetRegistersRequest(vcpu="machines/t/vcpus/0"))
        self.assertEqual(registers.psw, report.psw)
        bytes_at = b"".join(piece.content for piece in self.client.memories.ReadMemory(
            memory_pb2.ReadMemoryRequest(name="machines/t", offset=0x10000, length=16)))
        self.assertEqual(len(bytes_at), 16)
        with self.refused(FAILED_PRECONDITION, "MACHINE_STATE"):
            self.client.machines.PauseMachine(machine_pb2.PauseMachineRequest(name="machines/t"))
        # It may be started again.
        self.client.machines.StartMachine(machine_pb2.StartMachineRequest(name="machines/t"))
        self.wait_for(lambda: console.output.count(b"ready\n") >= 1)
        self.assertEqual(self.client.machine("t").state, machine_pb2.MACHINE_STATE_RUNNING)

    def test_pause_holds_and_resume_lets_go(self):
        self.client.boot("s", "spinner")
        vcpu = vcpu_pb2.GetRegistersRequest(vcpu="machines/s/vcpus/0")

        def count():
            return self.client.vcpus.GetRegisters(vcpu).general[2]

        self.wait_for(lambda: count() > 0)
        first = count()
        self.wait_for(lambda: count() > first)
        paused = self.client.machines.PauseMachine(
            machine_pb2.PauseMachineRequest(name="machines/s"))
        self.assertEqual(paused.state, machine_pb2.MACHINE_STATE_PAUSED)
        held = count()
        time.sleep(0.1)
        self.assertEqual(count(), held)
        with self.refused(FAILED_PRECONDITION, "MACHINE_STATE"):
            self.client.machines.PauseMachine(machine_pb2.PauseMachineRequest(name="machines/s"))
        self.client.vcpus.UpdateRegisters(vcpu_pb2.UpdateRegistersRequest(
            vcpu="machines/s/vcpus/0", registers=cpu_pb2.Registers(
                general=[0] * 2 + [1 << 40] + [0] * 13)))
        self.client.machines.ResumeMachine(machine_pb2.ResumeMachineRequest(name="machines/s"))
        self.wait_for(lambda: count() > 1 << 40)
        with self.refused(FAILED_PRECONDITION, "MACHINE_STATE"):
            self.client.machines.ResumeMachine(machine_pb2.ResumeMachineRequest(name="machines/s"))

    def test_a_machine_may_start_paused(self):
        with open(guest("spinner"), "rb") as file:
            image = self.client.upload("i", file.read())
        self.client.create("s", 16 * MIB,
                           boot=machine_pb2.Boot(elf=machine_pb2.ElfBoot(image=image)))
        self.client.machines.StartMachine(
            machine_pb2.StartMachineRequest(name="machines/s", paused=True))
        registers = self.client.vcpus.GetRegisters(
            vcpu_pb2.GetRegistersRequest(vcpu="machines/s/vcpus/0"))
        self.assertEqual(registers.psw.address, 0x10000)
        self.client.machines.ResumeMachine(machine_pb2.ResumeMachineRequest(name="machines/s"))
        self.wait_for(lambda: self.client.vcpus.GetRegisters(
            vcpu_pb2.GetRegistersRequest(vcpu="machines/s/vcpus/0")).general[2] > 0)

    def test_a_breakpoint_pauses_and_tells(self):
        console = self.talker()
        console.type("b")
        self.wait_for_state("t", "MACHINE_STATE_PAUSED")
        events = self.client.events.ListEvents(
            event_pb2.ListEventsRequest(filter="kind = BREAKPOINT")).events
        self.assertEqual(events[0].breakpoint.vcpu, "machines/t/vcpus/0")
        self.client.machines.ResumeMachine(machine_pb2.ResumeMachineRequest(name="machines/t"))
        self.expect(console, "behind\n")

    def stop(self, name, seconds=0, **fields):
        return self.client.machines.StopMachine(machine_pb2.StopMachineRequest(
            name="machines/" + name, grace_period=duration_pb2.Duration(seconds=seconds), **fields))

    def test_stop_turns_off_a_guest_that_loops(self):
        console = self.talker()
        console.type("l")
        operation = self.stop("t")
        self.assertTrue(operation.done)
        machine = machine_pb2.Machine()
        self.assertTrue(operation.response.Unpack(machine))
        self.assertEqual(machine.state, machine_pb2.MACHINE_STATE_STOPPED)
        self.assertEqual(machine.stop_report.reason, StopReason.Value("REASON_CLIENT_REQUEST"))
        with self.refused(FAILED_PRECONDITION, "MACHINE_NOT_ACTIVE"):
            self.stop("t")

    def test_stop_lets_a_guest_shut_down(self):
        console = self.talker()
        operation = self.stop("t", 30)
        self.assertFalse(operation.done)
        metadata = machine_pb2.StopMachineMetadata()
        self.assertTrue(operation.metadata.Unpack(metadata))
        self.assertEqual(metadata.machine, "machines/t")
        waited = self.client.operations.WaitOperation(
            operations_pb2.WaitOperationRequest(name=operation.name))
        self.assertTrue(waited.done)
        self.assertIn(b"quiesced\n", console.output)
        machine = self.client.machine("t")
        self.assertEqual(machine.stop_report.reason, StopReason.Value("REASON_GUEST_POWERED_OFF"))

    def test_a_deaf_guest_is_turned_off_in_time(self):
        console = self.talker()
        console.type("l")
        self.expect(console, "l")
        began = time.time()
        operation = self.stop("t", 1)
        self.assertEqual(self.client.machine("t").state, machine_pb2.MACHINE_STATE_STOPPING)
        waited = self.client.operations.WaitOperation(
            operations_pb2.WaitOperationRequest(name=operation.name))
        self.assertTrue(waited.done)
        self.assertGreater(time.time() - began, 0.9)
        self.assertEqual(self.client.machine("t").stop_report.reason,
                         StopReason.Value("REASON_CLIENT_REQUEST"))

    def test_a_stop_can_be_called_off(self):
        console = self.talker()
        console.type("l")
        self.expect(console, "l")
        operation = self.stop("t", 2)
        self.client.operations.CancelOperation(
            operations_pb2.CancelOperationRequest(name=operation.name))
        done = self.client.operations.GetOperation(
            operations_pb2.GetOperationRequest(name=operation.name))
        self.assertEqual((done.done, done.error.code), (True, CANCELLED.value[0]))
        time.sleep(2.5)
        self.assertNotEqual(self.client.machine("t").state, machine_pb2.MACHINE_STATE_STOPPED)

    def test_an_active_machine_isnt_deleted_by_mistake(self):
        self.talker()
        with self.refused(FAILED_PRECONDITION, "MACHINE_ACTIVE"):
            self.client.machines.DeleteMachine(machine_pb2.DeleteMachineRequest(name="machines/t"))
        with self.refused(FAILED_PRECONDITION, "MACHINE_ACTIVE"):
            self.client.machines.UpdateMachine(machine_pb2.UpdateMachineRequest(
                machine=machine_pb2.Machine(name="machines/t", storage_bytes=MIB)))
        self.client.machines.UpdateMachine(machine_pb2.UpdateMachineRequest(
            machine=machine_pb2.Machine(name="machines/t", display_name="busy")))
        self.client.machines.DeleteMachine(
            machine_pb2.DeleteMachineRequest(name="machines/t", force=True))
        self.assertEqual(self.client.names(), [])

    def test_delete_on_stop(self):
        console = self.talker(delete_on_stop=True)
        console.type("q")
        self.wait_for(lambda: self.client.names() == [])
        console.thread.join(20)
        self.assertTrue(console.output.endswith(b"bye\n"), console.output[-50:])

    def test_reset_boots_again(self):
        console = self.talker()
        self.client.machines.ResetMachine(machine_pb2.ResetMachineRequest(name="machines/t"))
        self.wait_for(lambda: console.output.count(b"ready\n") == 2)

    def test_a_killed_daemon_lists_what_died_with_it(self):
        self.talker()
        self.restart()
        machine = self.client.machine("t")
        self.assertEqual(machine.state, machine_pb2.MACHINE_STATE_STOPPED)
        self.assertEqual(machine.stop_report.reason, StopReason.Value("REASON_DAEMON_DIED"))
        with self.refused(FAILED_PRECONDITION, "MEMORY_LOST"):
            self.client.machines.StartMachine(machine_pb2.StartMachineRequest(name="machines/t"))

    def test_a_daemon_that_ends_turns_machines_off(self):
        self.talker()
        self.restart("stop")
        self.assertEqual(self.client.machine("t").stop_report.reason,
                         StopReason.Value("REASON_DAEMON_STOPPED"))

    def test_nothing_boots_from_what_isnt_there(self):
        image = machine_pb2.Image(memory="memories/none", length=1)
        self.client.create("a", boot=machine_pb2.Boot(elf=machine_pb2.ElfBoot(image=image)))
        with self.refused(FAILED_PRECONDITION, "MEMORY_MISSING"):
            self.client.machines.StartMachine(machine_pb2.StartMachineRequest(name="machines/a"))
        image = self.client.upload("bad", b"\x7fELFnonsense" * 10)
        self.client.create("b", boot=machine_pb2.Boot(elf=machine_pb2.ElfBoot(image=image)))
        with self.assertRaises(grpc.RpcError) as raised:
            self.client.machines.StartMachine(machine_pb2.StartMachineRequest(name="machines/b"))
        self.assertEqual(raised.exception.code(), INVALID_ARGUMENT)
        self.assertEqual(self.client.machine("b").state, machine_pb2.MACHINE_STATE_DEFINED)


class ConsoleTest(RunningTest):
    configuration = "limits { console_bytes: 65536 }"

    def test_many_read_and_one_writes(self):
        first = self.talker()
        second = self.console("t", read_only=True)
        self.expect(second, "ready\n")
        self.assertFalse(second.writer)
        third = self.console("t")
        third.thread.join(20)
        self.assertEqual(third.error.code(), FAILED_PRECONDITION)
        self.assertEqual(details_of(third.error)["google.rpc.ErrorInfo"].reason,
                         "CONSOLE_HAS_WRITER")
        first.type("x")
        self.expect(second, "x")
        thief = self.console("t", steal=True)
        self.wait_for(lambda: first.writer is False)
        thief.type("y")
        self.expect(second, "y")
        first.type("z")
        first.thread.join(20)
        self.assertEqual(first.error.code(), FAILED_PRECONDITION)
        console = self.client.consoles.GetConsole(
            console_pb2.GetConsoleRequest(name="machines/t/consoles/sclp"))
        self.assertEqual(console.readers, 2)

    def test_scroll_back_is_bounded_and_says_what_is_lost(self):
        console = self.talker()
        console.type("s")
        self.expect(console, "done\n", 60)
        late = self.console("t", read_only=True)
        self.expect(late, "done\n")
        self.assertEqual(late.offsets[0][0], console.offsets[-1][0] + console.offsets[-1][1] - 65536)
        self.assertEqual(len(late.output), 65536)
        tail = self.console("t", read_only=True, offset=-5)
        self.expect(tail, "done\n")
        self.assertEqual(tail.output, b"done\n")
        shown = self.console("t", read_only=True, until_end=True)
        shown.thread.join(20)
        self.assertIsNone(shown.error)
        self.assertTrue(shown.output.endswith(b"done\n"))

    def test_what_is_typed_comes_whole(self):
        console = self.talker()
        text = "".join("%06d " % i for i in range(3000))
        for i in range(0, len(text), 1000):
            console.type(text[i:i + 1000])
        self.expect(console, text[-100:], 60)
        self.assertEqual(console.output[len(b"ready\n"):].decode(), text)

    def test_bad_consoles(self):
        for name in ("machines/t/consoles/x", "machines/t", "", "machines/none/consoles/sclp"):
            call = self.client.consoles.AttachConsole(
                iter([console_pb2.AttachConsoleRequest(name=name)]))
            with self.assertRaises(grpc.RpcError) as raised:
                list(call)
            self.assertIn(raised.exception.code(), (INVALID_ARGUMENT, NOT_FOUND))


class WatchTest(RunningTest):
    def watch(self, **fields):
        call = self.client.events.WatchEvents(event_pb2.WatchEventsRequest(**fields))
        self.addCleanup(call.cancel)
        return call, next(call).revision

    def test_a_watch_tells_what_happens_in_order(self):
        call, revision = self.watch()
        self.client.create("a")
        self.client.machines.DeleteMachine(machine_pb2.DeleteMachineRequest(name="machines/a"))
        created, deleted = next(call).event, next(call).event
        self.assertEqual((created.kind, deleted.kind),
                         (event_pb2.Event.KIND_MACHINE_CREATED, event_pb2.Event.KIND_MACHINE_DELETED))
        self.assertEqual((created.revision, deleted.revision), (revision + 1, revision + 2))
        self.assertEqual(created.machine.name, "machines/a")
        self.assertTrue(created.principal.startswith("unix:"))

    def test_a_watch_goes_on_where_it_was_behind_a_restart(self):
        _, revision = self.watch()
        for name in "abc":
            self.client.create(name)
        self.restart()
        self.client.create("d")
        call, _ = self.watch(start_revision=revision + 2)
        names = [next(call).event.resource for _ in range(3)]
        self.assertEqual(names, ["machines/b", "machines/c", "machines/d"])

    def test_filters_and_bad_revisions(self):
        call, _ = self.watch(filter='resource = "machines/b"')
        self.client.create("a")
        self.client.create("b")
        self.assertEqual(next(call).event.resource, "machines/b")
        with self.refused(OUT_OF_RANGE, "REVISION_IN_FUTURE"):
            self.watch(start_revision=1 << 40)
        with self.refused(INVALID_ARGUMENT):
            self.watch(start_revision=-1)
        with self.refused(INVALID_ARGUMENT, "INVALID_FILTER"):
            self.watch(filter="x = 1")

    def test_states_are_told(self):
        call, _ = self.watch(filter="kind = MACHINE_STATE_CHANGED")
        console = self.talker()
        self.assertEqual(next(call).event.machine.state, machine_pb2.MACHINE_STATE_RUNNING)
        console.type("c")
        event = next(call).event
        self.assertEqual(event.machine.state, machine_pb2.MACHINE_STATE_CRASHED)
        self.assertEqual(event.machine.stop_report.psw.address, 0x2a)


class DeadlineTest(RunningTest):
    """A call ends when its time is over, or its client gives up, and leaves nothing open."""

    def setUp(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.flags = ["--metrics_address=127.0.0.1:%d" % self.port]
        super().setUp()

    def open_streams(self):
        with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % self.port) as page:
            text = page.read().decode()
        return int(re.search(r"^ucontrol_open_streams (\d+)", text, re.MULTILINE).group(1))

    def calls(self, **options):
        console = console_pb2.AttachConsoleRequest(name="machines/t/consoles/sclp", read_only=True)
        quiet = threading.Event()
        self.addCleanup(quiet.set)

        def attach():
            yield console
            quiet.wait(60)
        yield self.client.events.WatchEvents(event_pb2.WatchEventsRequest(), **options)
        yield self.client.consoles.AttachConsole(attach(), **options)
        operation = self.client.machines.StopMachine(machine_pb2.StopMachineRequest(
            name="machines/t", grace_period=duration_pb2.Duration(seconds=60)))
        yield self.client.operations.WaitOperation.future(
            operations_pb2.WaitOperationRequest(name=operation.name), **options)

    def test_deadlines(self):
        console = self.talker()
        console.type("l")
        self.expect(console, "l")
        calls = list(self.calls(timeout=3))
        self.wait_for(lambda: self.open_streams() == 1 + len(calls))
        for call in calls:
            self.wait_for(call.done, 10, "the deadline")
            self.assertEqual(call.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        self.wait_for(lambda: self.open_streams() == 1, 5, "the end of the streams")

    def test_cancellation(self):
        console = self.talker()
        console.type("l")
        self.expect(console, "l")
        calls = list(self.calls())
        self.wait_for(lambda: self.open_streams() == 1 + len(calls))
        for call in calls:
            call.cancel()
        self.wait_for(lambda: self.open_streams() == 1, 5, "the end of the streams")


@unittest.skipUnless(os.uname().machine == "x86_64", "there is no translator")
class TranslatorTest(RunningTest):
    flags = ["--engine=translator"]

    def test_a_guest_runs_translated(self):
        version = self.client.daemons.GetVersion(daemon_pb2.GetVersionRequest())
        self.assertEqual(version.engine, "translator")
        console = self.talker()
        console.type("tea w b")
        self.expect(console, "written\n")
        self.wait_for_state("t", "MACHINE_STATE_PAUSED")
        self.client.machines.ResumeMachine(machine_pb2.ResumeMachineRequest(name="machines/t"))
        self.expect(console, "behind\n")
        console.type("c")
        machine = self.wait_for_state("t", "MACHINE_STATE_CRASHED")
        self.assertEqual(machine.stop_report.psw.address, 0x2a)

    def test_a_translated_loop_is_paused_and_stopped(self):
        self.client.boot("s", "spinner")
        self.client.machines.PauseMachine(machine_pb2.PauseMachineRequest(name="machines/s"))
        registers = vcpu_pb2.GetRegistersRequest(vcpu="machines/s/vcpus/0")
        held = self.client.vcpus.GetRegisters(registers).general[2]
        time.sleep(0.1)
        self.assertEqual(self.client.vcpus.GetRegisters(registers).general[2], held)
        self.client.machines.ResumeMachine(machine_pb2.ResumeMachineRequest(name="machines/s"))
        self.wait_for(lambda: self.client.vcpus.GetRegisters(registers).general[2] > held)
        self.client.machines.DeleteMachine(
            machine_pb2.DeleteMachineRequest(name="machines/s", force=True))


class CompactionTest(RunningTest):
    configuration = "limits { events: 100 }"

    def test_what_is_gone_is_said_to_be_gone(self):
        for i in range(60):
            self.client.create("m%d" % i)
            self.client.machines.DeleteMachine(
                machine_pb2.DeleteMachineRequest(name="machines/m%d" % i))
        call = self.client.events.WatchEvents(event_pb2.WatchEventsRequest(start_revision=1))
        with self.refused(OUT_OF_RANGE, "REVISION_GONE") as refused:
            next(call)
        oldest = int(refused.details["google.rpc.ErrorInfo"].metadata["oldest_revision"])
        call = self.client.events.WatchEvents(event_pb2.WatchEventsRequest(start_revision=oldest))
        next(call)
        self.assertEqual(next(call).event.revision, oldest)
        call.cancel()
