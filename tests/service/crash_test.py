"""kill -9 at any moment: nothing that was acknowledged is lost, nothing is done twice."""
import random
import threading
import time

from harness import *  # noqa: F403

ROUNDS = int(os.environ.get("UCONTROL_CRASHES", "12"))


class Load(threading.Thread):
    """A client that does one thing after the other, and repeats what it had no answer to."""

    def __init__(self, test, number, seed):
        super().__init__(daemon=True)
        self.test, self.number = test, number
        self.random = random.Random(seed)
        self.present = {}   # acknowledged: name -> uid
        self.uids = {}      # request -> uid it was answered with
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

    def step(self):
        request = "%d-%d" % (self.number, self.steps)
        if self.present and self.random.random() < 0.4:
            name = self.random.choice(sorted(self.present))
            kind = self.random.random()
            if kind < 0.5:
                self.until_answered(lambda client: client.machines.DeleteMachine(
                    machine_pb2.DeleteMachineRequest(name="machines/" + name, request_id=request,
                                                     force=True)))
                del self.present[name]
            else:
                updated = self.until_answered(lambda client: client.machines.UpdateMachine(
                    machine_pb2.UpdateMachineRequest(
                        request_id=request, machine=machine_pb2.Machine(
                            name="machines/" + name, display_name=request))))
                self.present[name] = (updated.uid, request)
            return
        name = "m%d-%d" % (self.number, self.steps)
        created = self.until_answered(
            lambda client: client.create(name, request_id=request, display_name="new"))
        self.present[name] = (created.uid, "new")
        # The same request again, perhaps behind a crash, makes no second machine.
        again = self.until_answered(
            lambda client: client.create(name, request_id=request, display_name="new"))
        if again.uid != created.uid:
            self.problems.append("%s was created twice" % name)


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
        expected = {name: what for load in loads for name, what in load.present.items()}
        found, token = {}, ""
        while True:
            page = self.client.machines.ListMachines(
                machine_pb2.ListMachinesRequest(page_size=1000, page_token=token))
            found.update({machine.name.split("/")[1]: (machine.uid, machine.display_name)
                          for machine in page.machines})
            token = page.next_page_token
            if not token:
                break
        self.assertEqual(found, expected)
        self.assertGreater(sum(load.steps for load in loads), 2 * ROUNDS)
        # The history has each creation and each end once.
        events, token = [], ""
        while True:
            page = self.client.events.ListEvents(
                event_pb2.ListEventsRequest(page_size=1000, page_token=token))
            events += page.events
            token = page.next_page_token
            if not token:
                break
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
