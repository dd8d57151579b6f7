"""Machines that don't run: what clients may say about them, and what a restart leaves."""
import uuid

from google.protobuf import duration_pb2, field_mask_pb2, timestamp_pb2
from harness import *  # noqa: F403


class MachinesTest(ServiceTest):
    def test_a_machine_is_what_was_asked_for(self):
        machine = self.client.create("web", 64 * MIB, display_name="Web", labels={"env": "ci"})
        self.assertEqual(machine.name, "machines/web")
        self.assertEqual(uuid.UUID(machine.uid).version, 4)
        self.assertEqual(machine.state, machine_pb2.MACHINE_STATE_DEFINED)
        self.assertEqual(machine.storage_bytes, 64 * MIB)
        self.assertEqual(machine.vcpu_count, 1)
        self.assertEqual(machine.monitor, machine_pb2.MONITOR_BUILT_IN)
        self.assertEqual(machine.labels["env"], "ci")
        self.assertTrue(machine.owner.startswith("unix:"))
        self.assertEqual(self.client.machine("web"), machine)

    def test_output_only_fields_are_ignored(self):
        machine = self.client.create("a", owner="tls:root", uid="1", etag="9",
                                     state=machine_pb2.MACHINE_STATE_RUNNING)
        self.assertEqual(machine.state, machine_pb2.MACHINE_STATE_DEFINED)
        self.assertNotEqual(machine.owner, "tls:root")
        self.assertNotEqual(machine.uid, "1")

    def test_names_are_checked(self):
        for name in ("A", "1a", "a-", "a/b", "a b", "ü", "a" * 64, "../x", "a\0b", "a%2fb"):
            with self.subTest(name), self.refused(INVALID_ARGUMENT, "INVALID_NAME") as refused:
                self.client.create(name)
            bad = refused.details["google.rpc.BadRequest"]
            self.assertEqual(bad.field_violations[0].field, "machine_id")
        for name in ("", "machines/", "machines/A", "memories/a", "machines/a/vcpus/0", "a"):
            with self.subTest(name), self.refused(INVALID_ARGUMENT, "INVALID_NAME"):
                self.client.machines.GetMachine(machine_pb2.GetMachineRequest(name=name))

    def test_definitions_are_checked_and_name_the_field(self):
        Disk, Device = device("Disk"), device("Device")
        cases = [
            ("machine.storage_bytes", dict(storage=MIB + 1)),
            ("machine.storage_bytes", dict(storage=-MIB)),
            ("machine.storage_bytes", dict(storage=0)),
            ("machine.vcpu_count", dict(vcpu_count=-1)),
            ("machine.labels", dict(labels={"Upper": "x"})),
            ("machine.labels", dict(labels={"a": "x" * 257})),
            ("machine.display_name", dict(display_name="x" * 257)),
            ("machine.ttl", dict(ttl=duration_pb2.Duration(seconds=0))),
            ("machine.ttl", dict(ttl=duration_pb2.Duration(seconds=1 << 40))),
            ("machine.monitor", dict(monitor=77)),
            ("machine.devices[0]", dict(devices=[Device()])),
            ("machine.devices[0].disk", dict(devices=[Device(disk=Disk())])),
            ("machine.devices[0].disk.image", dict(devices=[Device(disk=Disk(image="../etc"))])),
            ("machine.devices[0].disk.image", dict(devices=[Device(disk=Disk(image=".x"))])),
            ("machine.devices[0].disk.memory", dict(devices=[Device(disk=Disk(memory="/x"))])),
            ("machine.boot.raw.image.memory",
             dict(boot=machine_pb2.Boot(raw=machine_pb2.RawBoot()))),
            ("machine.boot.elf.image.length",
             dict(boot=machine_pb2.Boot(elf=machine_pb2.ElfBoot(
                 image=machine_pb2.Image(memory="memories/a"))))),
        ]
        for field, fields in cases:
            with self.subTest(field), self.refused(INVALID_ARGUMENT) as refused:
                self.client.create("a", **fields)
            bad = refused.details["google.rpc.BadRequest"]
            self.assertEqual(bad.field_violations[0].field, field)
        self.assertEqual(self.client.names(), [])

    def test_unknown_machines_are_not_found_with_their_name(self):
        with self.refused(NOT_FOUND, "RESOURCE_NOT_FOUND") as refused:
            self.client.machine("nobody")
        info = refused.details["google.rpc.ResourceInfo"]
        self.assertEqual(info.resource_name, "machines/nobody")
        self.assertEqual(info.resource_type, "ucontrol/Machine")

    def test_a_name_is_taken_once(self):
        self.client.create("a")
        with self.refused(ALREADY_EXISTS, "RESOURCE_EXISTS"):
            self.client.create("a")

    def test_deleting_gives_the_name_back(self):
        first = self.client.create("a")
        self.client.machines.DeleteMachine(machine_pb2.DeleteMachineRequest(name="machines/a"))
        with self.refused(NOT_FOUND):
            self.client.machine("a")
        with self.refused(NOT_FOUND):
            self.client.machines.DeleteMachine(machine_pb2.DeleteMachineRequest(name="machines/a"))
        self.client.machines.DeleteMachine(
            machine_pb2.DeleteMachineRequest(name="machines/a", allow_missing=True))
        self.assertNotEqual(self.client.create("a").uid, first.uid)

    def test_an_old_etag_is_aborted(self):
        first = self.client.create("a")
        update = machine_pb2.UpdateMachineRequest(
            machine=machine_pb2.Machine(name="machines/a", etag=first.etag, display_name="b"))
        second = self.client.machines.UpdateMachine(update)
        self.assertNotEqual(second.etag, first.etag)
        with self.refused(ABORTED, "ETAG_MISMATCH") as refused:
            self.client.machines.UpdateMachine(update)
        self.assertEqual(refused.details["google.rpc.ErrorInfo"].metadata["etag"], second.etag)
        with self.refused(ABORTED, "ETAG_MISMATCH"):
            self.client.machines.DeleteMachine(
                machine_pb2.DeleteMachineRequest(name="machines/a", etag=first.etag))
        self.client.machines.DeleteMachine(
            machine_pb2.DeleteMachineRequest(name="machines/a", etag=second.etag))

    def test_masks_say_what_an_update_takes_over(self):
        self.client.create("a", display_name="old", labels={"x": "1"}, vcpu_count=2)

        def update(mask, **fields):
            return self.client.machines.UpdateMachine(machine_pb2.UpdateMachineRequest(
                machine=machine_pb2.Machine(name="machines/a", **fields),
                update_mask=field_mask_pb2.FieldMask(paths=mask)))

        changed = update(["display_name"], display_name="new", labels={"y": "2"})
        self.assertEqual((changed.display_name, dict(changed.labels)), ("new", {"x": "1"}))
        changed = update([], labels={"y": "2"})
        self.assertEqual((changed.display_name, dict(changed.labels)), ("new", {"y": "2"}))
        changed = update(["display_name"])
        self.assertEqual(changed.display_name, "")
        changed = update(["*"], storage_bytes=2 * MIB)
        self.assertEqual((changed.storage_bytes, changed.vcpu_count), (2 * MIB, 1))
        for path in ("name", "state", "owner", "nothing", "labels.x", "boot.linux.nothing", ""):
            with self.subTest(path), self.refused(INVALID_ARGUMENT):
                update([path])

    def test_pages_cover_everything_once(self):
        for i in range(25):
            self.client.create("m%02d" % i)
        seen, token, pages = [], "", 0
        while True:
            page = self.client.machines.ListMachines(
                machine_pb2.ListMachinesRequest(page_size=10, page_token=token))
            seen += [machine.name for machine in page.machines]
            token, pages = page.next_page_token, pages + 1
            if pages == 1:
                # What is deleted behind the token's place doesn't shift the rest.
                self.client.machines.DeleteMachine(
                    machine_pb2.DeleteMachineRequest(name="machines/m03"))
            if not token:
                break
        self.assertEqual(seen, ["machines/m%02d" % i for i in range(25)])
        self.assertEqual(pages, 3)
        for token in ("x", "AAAA", page.next_page_token + "!"):
            with self.refused(INVALID_ARGUMENT, "INVALID_PAGE_TOKEN"):
                self.client.machines.ListMachines(
                    machine_pb2.ListMachinesRequest(page_token=token))
        first = self.client.machines.ListMachines(machine_pb2.ListMachinesRequest(page_size=1))
        with self.refused(INVALID_ARGUMENT, "INVALID_PAGE_TOKEN"):
            self.client.machines.ListMachines(machine_pb2.ListMachinesRequest(
                page_token=first.next_page_token, filter="vcpu_count = 1"))
        with self.refused(INVALID_ARGUMENT):
            self.client.machines.ListMachines(machine_pb2.ListMachinesRequest(page_size=-1))

    def test_filters_choose(self):
        self.client.create("a", labels={"env": "ci", "team": "x"}, vcpu_count=1)
        self.client.create("b", labels={"env": "prod"}, vcpu_count=2, display_name="the B")
        self.client.create("c", vcpu_count=4, storage=8 * MIB)
        for text, names in {
                "": "abc", "vcpu_count > 1": "bc", "vcpu_count >= 2 AND storage_bytes < 5000000": "b",
                "labels.env = ci": "a", 'labels.env = "ci" OR vcpu_count = 4': "ac",
                "labels:env": "ab", "-labels:env": "c", "NOT labels.env = prod": "ac",
                "labels.env != ci": "bc", "state = DEFINED": "abc",
                "state = MACHINE_STATE_RUNNING": "", 'name = "machines/a*"': "a",
                'display_name : "B"': "b", "(vcpu_count = 1 OR vcpu_count = 2) labels.env = prod": "b",
                "create_time > 2020-01-01T00:00:00Z": "abc",
                "create_time < 2020-01-01T00:00:00Z": "", "expire_time : *": "",
                "NOT (labels:env AND vcpu_count = 1)": "bc",
        }.items():
            with self.subTest(text):
                self.assertEqual("".join(self.client.names(text)), names)
        for text in ("nothing = 1", "vcpu_count = x", "state = FLYING", "vcpu_count", "= 1", "(", ")",
                     '"open', "a = 1 AND", "labels = 1", "vcpu_count ! 1", "((((" * 20, "x" * 5000,
                     "create_time > yesterday", "name = \x01"):
            with self.subTest(text), self.refused(INVALID_ARGUMENT, "INVALID_FILTER"):
                self.client.names(text)

    def test_a_request_is_answered_once(self):
        request = str(uuid.uuid4())
        first = self.client.create("a", request_id=request)
        self.assertEqual(self.client.create("a", request_id=request), first)
        with self.refused(INVALID_ARGUMENT, "REQUEST_ID_REUSED"):
            self.client.create("b", request_id=request)
        self.restart()
        self.assertEqual(self.client.create("a", request_id=request), first)
        delete = machine_pb2.DeleteMachineRequest(name="machines/a", request_id="delete")
        self.client.machines.DeleteMachine(delete)
        self.client.machines.DeleteMachine(delete)
        # It isn't created again: the answer is the first one's, whatever happened since.
        self.assertEqual(self.client.create("a", request_id=request), first)
        self.assertEqual(self.client.names(), [])
        with self.refused(INVALID_ARGUMENT):
            self.client.create("b", request_id="x" * 129)

    def test_a_refused_request_may_be_repeated(self):
        self.client.create("a")
        with self.refused(ALREADY_EXISTS):
            self.client.create("a", request_id="r")
        self.client.machines.DeleteMachine(machine_pb2.DeleteMachineRequest(name="machines/a"))
        self.assertEqual(self.client.create("a", request_id="r").name, "machines/a")

    def test_validation_changes_nothing(self):
        request = machine_pb2.CreateMachineRequest(
            machine_id="a", validate_only=True, machine=machine_pb2.Machine(storage_bytes=MIB))
        self.assertEqual(self.client.machines.CreateMachine(request).name, "machines/a")
        self.assertEqual(self.client.names(), [])

    def test_machines_expire(self):
        self.client.create("short", ttl=duration_pb2.Duration(seconds=1))
        past = timestamp_pb2.Timestamp(seconds=1)
        self.client.create("late", expire_time=past)
        self.client.create("long", ttl=duration_pb2.Duration(seconds=3600))
        self.assertTrue(self.client.machine("long").HasField("expire_time"))
        self.wait_for(lambda: self.client.names() == ["long"], what="expiry")
        kinds = [event.kind for event in
                 self.client.events.ListEvents(event_pb2.ListEventsRequest()).events]
        self.assertEqual(kinds.count(event_pb2.Event.KIND_MACHINE_EXPIRED), 2)

    def test_a_killed_daemon_remembers_all_that_it_acknowledged(self):
        machines = [self.client.create("m%d" % i, labels={"i": str(i)}) for i in range(10)]
        self.client.machines.DeleteMachine(machine_pb2.DeleteMachineRequest(name="machines/m3"))
        memory = self.client.upload("data", b"x" * 100)
        self.restart()
        listed = self.client.machines.ListMachines(machine_pb2.ListMachinesRequest()).machines
        self.assertEqual(list(listed), [m for m in machines if m.name != "machines/m3"])
        lost = self.client.memories.GetMemory(memory_pb2.GetMemoryRequest(name=memory.memory))
        self.assertEqual(lost.state, memory_pb2.MEMORY_STATE_LOST)

    def test_the_daemon_drains_at_sigterm(self):
        self.client.create("a")
        self.assertEqual(self.daemon.stop(), 0)
        self.daemon.start()
        self.client = self.daemon.client()
        self.assertEqual(self.client.names(), ["a"])

    def test_a_second_daemon_is_kept_out(self):
        for state, words in (("other", "another daemon's socket"), ("state", "database is locked")):
            socket = self.daemon.socket if state == "other" else self.daemon.directory + "/s2"
            second = subprocess.run(
                [UCONTROLD, "--state_directory=%s/%s" % (self.daemon.directory, state),
                 "--listen=unix:" + socket], capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(second.returncode, 1)
            self.assertIn(words, second.stderr)
        self.client.create("a")


class LimitsTest(ServiceTest):
    configuration = """
        limits { machines: 2 memories: 2 memory_bytes: 8388608 machine_memory_bytes: 4194304 vcpus: 2
                 message_bytes: 2097152 }
    """

    def test_limits_are_told_by_name(self):
        for name, fields in {"machine_memory_bytes": dict(storage=5 * MIB),
                             "vcpus": dict(vcpu_count=3)}.items():
            with self.refused(RESOURCE_EXHAUSTED, "LIMIT_REACHED") as refused:
                self.client.create("a", **fields)
            metadata = refused.details["google.rpc.ErrorInfo"].metadata
            self.assertEqual(metadata["limit"], name)
        self.client.create("a")
        self.client.create("b")
        with self.refused(RESOURCE_EXHAUSTED, "LIMIT_REACHED"):
            self.client.create("c")
        self.client.upload("x", b"x" * 4 * MIB)
        self.client.upload("y", b"x" * 4 * MIB)
        self.client.machines.DeleteMachine(machine_pb2.DeleteMachineRequest(name="machines/a"))
        with self.refused(RESOURCE_EXHAUSTED, "LIMIT_REACHED"):
            self.client.machines.StartMachine(machine_pb2.StartMachineRequest(name="machines/b"))
        self.assertEqual(self.client.machine("b").state, machine_pb2.MACHINE_STATE_DEFINED)

    def test_sighup_changes_limits(self):
        self.client.create("a")
        self.client.create("b")
        self.daemon.configure("limits { machines: 3 }")
        self.daemon.signal(SIGHUP)
        self.wait_for(lambda: "configuration reloaded" in self.daemon.read_log())
        self.client.create("c")
        self.daemon.configure("limits { machines: }")
        self.daemon.signal(SIGHUP)
        self.wait_for(lambda: "configuration not reloaded" in self.daemon.read_log())
        with self.refused(RESOURCE_EXHAUSTED):
            self.client.create("d")

    def test_messages_are_limited(self):
        with self.assertRaises(grpc.RpcError) as raised:
            self.client.create("a", display_name="x" * 3 * MIB)
        self.assertEqual(raised.exception.code(), RESOURCE_EXHAUSTED)
        self.assertEqual(self.client.names(), [])


def device(name):
    from ucontrol.v1 import device_pb2
    return getattr(device_pb2, name)
