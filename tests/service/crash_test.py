"""kill -9 at any moment: nothing that was acknowledged is lost, nothing is done twice."""
import glob
import random
import re
import threading
import time

from harness import *  # noqa: F403

ROUNDS = int(os.environ.get("UCONTROL_CRASHES", "12"))
PREFIX = "c%d" % os.getpid()  # of names, and so of memfds, that are this test's
WAITING = cpu_pb2.Psw(mask=0x0302000180000000)


class Load(threading.Thread):
    """A client that does one thing after the other, and repeats what it had no answer to."""

    def __init__(self, test, number, seed):
        super().__init__(daemon=True)
        self.test, self.number = test, number
        self.random = random.Random(seed)
        self.present = {}   # acknowledged: name -> (uid, title)
        self.memories = {}  # acknowledged: name -> uid
        self.started = 0
        self.problems = []
        self.steps = 0
        self.stopping = False

    def until_answered(self, call):
        while True:
            try:
                return call(self.test.client)
            except grpc.RpcError as error:
                if error.code() not in (UNAVAILABLE, CANCELLED, grpc.StatusCode.INTERNAL):
                    raise
                time.sleep(0.02)
            except ValueError:  # the channel of a daemon that is gone was closed
                time.sleep(0.02)

    def run(self):
        try:
            while not self.stopping:
                self.step()
                self.steps += 1
        except Exception as problem:  # told by the test
            self.problems.append(repr(problem))

    def once(self, call):
        """The same request twice, perhaps with a crash between, does one thing."""
        first = self.until_answered(call)
        again = self.until_answered(call)
        if again.uid != first.uid:
            self.problems.append("%s was made twice" % first.name)
        return first

    def step(self):
        request = "%d-%d" % (self.number, self.steps)
        kind = self.random.random()
        if self.present and kind < 0.4:
            name = self.random.choice(sorted(self.present))
            if kind < 0.2:
                self.until_answered(lambda client: client.machines.DeleteMachine(
                    machine_pb2.DeleteMachineRequest(name=name, request_id=request, force=True)))
                del self.present[name]
            else:
                updated = self.until_answered(lambda client: client.machines.UpdateMachine(
                    machine_pb2.UpdateMachineRequest(
                        request_id=request,
                        machine=machine_pb2.Machine(name=name, display_name=request))))
                self.present[name] = (updated.uid, request)
        elif self.memories and kind < 0.5:
            name = self.random.choice(sorted(self.memories))
            self.until_answered(lambda client: client.memories.DeleteMemory(
                memory_pb2.DeleteMemoryRequest(name=name, request_id=request)))
            del self.memories[name]
        elif kind < 0.65:
            created = self.once(lambda client: client.memories.CreateMemory(
                memory_pb2.CreateMemoryRequest(
                    memory_id="%s-%s" % (PREFIX, request), request_id=request,
                    memory=memory_pb2.Memory(size_bytes=MIB))))
            self.memories[created.name] = created.uid
        else:
            created = self.once(lambda client: client.create(
                "%s-%s" % (PREFIX, request), request_id=request, display_name="new",
                boot=machine_pb2.Boot(psw=WAITING)))
            self.present[created.name] = (created.uid, "new")
            if kind < 0.8:
                self.until_answered(lambda client: client.machines.StartMachine(
                    machine_pb2.StartMachineRequest(name=created.name,
                                                    request_id=request + "-start")))
                self.started += 1


class CrashTest(ServiceTest):
    configuration = "limits { machines: 100000 memories: 100000 }"

    def test_nothing_acknowledged_is_lost_or_repeated(self):
        generator = random.Random(20261120)
        loads = [Load(self, i, generator.random()) for i in range(4)]
        for load in loads:
            load.start()
        for _ in range(ROUNDS):
            time.sleep(generator.uniform(0.01, 0.35))
            self.daemon.kill()
            self.assertEqual((self.leftovers(), self.memfds()), ([], []))
            self.client.channel.close()
            self.daemon.start()
            self.client = self.daemon.client()
        time.sleep(0.3)
        for load in loads:
            load.stopping = True
        for load in loads:
            load.join(60)
            self.assertFalse(load.is_alive())
        self.assertEqual([problem for load in loads for problem in load.problems], [])
        machines = self.all_of(lambda token: self.client.machines.ListMachines(
            machine_pb2.ListMachinesRequest(page_size=1000, page_token=token)), "machines")
        self.assertEqual(
            {machine.name: (machine.uid, machine.display_name) for machine in machines},
            {name: what for load in loads for name, what in load.present.items()})
        memories = self.all_of(lambda token: self.client.memories.ListMemories(
            memory_pb2.ListMemoriesRequest(page_size=1000, page_token=token)), "memories")
        self.assertEqual({memory.name: memory.uid for memory in memories},
                         {name: uid for load in loads for name, uid in load.memories.items()})
        self.assertGreater(sum(load.steps for load in loads), 2 * ROUNDS)
        self.assertGreater(sum(load.started for load in loads), 0)
        for machine in machines:
            if machine.state == machine_pb2.MACHINE_STATE_STOPPED:
                self.assertEqual(machine.stop_report.reason,
                                 machine_pb2.StopReport.REASON_DAEMON_DIED)
        # What the daemon holds of the host is what it says that there is.
        running = [m for m in machines if m.state == machine_pb2.MACHINE_STATE_RUNNING]
        ready = [m for m in memories if m.state == memory_pb2.MEMORY_STATE_READY]
        self.assertEqual(sorted(self.memfds()), sorted(m.name for m in ready))
        self.assertEqual(self.storage(), sum(m.storage_bytes for m in running))
        # The history has each creation and each end once.
        events = self.all_of(lambda token: self.client.events.ListEvents(
            event_pb2.ListEventsRequest(page_size=1000, page_token=token)), "events")
        self.assertEqual([event.revision for event in events],
                         list(range(events[0].revision, events[0].revision + len(events))))
        created = [event.machine.uid for event in events
                   if event.kind == event_pb2.Event.KIND_MACHINE_CREATED]
        self.assertEqual(len(created), len(set(created)))

    def test_running_machines_are_stopped_ones_behind_a_crash(self):
        for i in range(3):
            self.client.boot("m%d" % i, "spinner")
        self.daemon.kill()
        # Nothing of it goes on.
        self.assertEqual(self.leftovers(), [])
        self.daemon.start()
        self.client.channel.close()
        self.client = self.daemon.client()
        self.assertEqual(self.client.names("state = STOPPED"), ["m0", "m1", "m2"])

    def all_of(self, list_page, field):
        """Every page of a list."""
        found, token = [], ""
        while True:
            page = list_page(token)
            found += getattr(page, field)
            token = page.next_page_token
            if not token:
                return found

    def memfds(self):
        """The names of memories that any process holds for this test."""
        found = []
        for path in glob.glob("/proc/[0-9]*/fd/*"):
            try:
                name = os.readlink(path)
            except OSError:
                continue
            if name.startswith("/memfd:") and PREFIX + "-" in name:
                found.append(name[len("/memfd:"):].split(" ")[0])
        return found

    def storage(self):
        """Bytes of the daemon's memory that it asked for huge pages: machines' own storage."""
        with open("/proc/%d/smaps" % self.daemon.process.pid, encoding="utf-8") as maps:
            mappings = re.findall(r"^([0-9a-f]+)-([0-9a-f]+) [^\0]*?^VmFlags:(.*)$", maps.read(), re.MULTILINE)
        return sum(int(end, 16) - int(start, 16) for start, end, flags in mappings if "hg" in flags.split())

    def leftovers(self):
        """Processes of this daemon that are still there."""
        found = []
        for name in os.listdir("/proc"):
            try:
                with open("/proc/%s/cmdline" % name, "rb") as file:
                    if self.daemon.directory.encode() in file.read():
                        found.append(name)
            except OSError:
                pass
        return [name for name in found if name.isdigit() and int(name) != os.getpid()]
