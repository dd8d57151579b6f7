"""Memories, what is mapped to them, and interruptions."""
from google.protobuf import duration_pb2
from harness import *  # noqa: F403


class BytesTest(ServiceTest):
    def create(self, name, size=MIB, **fields):
        return self.client.memories.CreateMemory(memory_pb2.CreateMemoryRequest(
            memory_id=name, memory=memory_pb2.Memory(size_bytes=size, **fields)))

    def read(self, name, offset=0, length=0):
        return b"".join(piece.content for piece in self.client.memories.ReadMemory(
            memory_pb2.ReadMemoryRequest(name=name, offset=offset, length=length)))

    def write(self, name, *pieces, offset=None):
        requests = [memory_pb2.WriteMemoryRequest(content=piece) for piece in pieces]
        requests[0].name = name
        if offset is not None:
            requests[0].offset = offset
        return self.client.memories.WriteMemory(iter(requests)).committed_bytes


class MemoriesTest(BytesTest):
    def test_bytes_come_back(self):
        memory = self.create("a", 4 * MIB)
        self.assertEqual(memory.state, memory_pb2.MEMORY_STATE_READY)
        self.assertEqual(self.read("memories/a", 0, 16), bytes(16))
        content = os.urandom(3 * MIB + 17)
        self.assertEqual(self.write("memories/a", content[:MIB], content[MIB:2 * MIB],
                                    content[2 * MIB:3 * MIB], content[3 * MIB:], offset=5), len(content))
        self.assertEqual(self.read("memories/a", 5, len(content)), content)
        self.assertEqual(len(self.read("memories/a")), 4 * MIB)

    def test_ranges_are_checked(self):
        self.create("a")
        for offset, length, code in ((MIB + 1, 0, OUT_OF_RANGE), (0, MIB + 1, OUT_OF_RANGE),
                                     ((1 << 63) - 1, 1, OUT_OF_RANGE), (-1, 1, INVALID_ARGUMENT),
                                     (0, -1, INVALID_ARGUMENT)):
            with self.subTest((offset, length)), self.refused(code):
                self.read("memories/a", offset, length)
        with self.refused(OUT_OF_RANGE, "BEHIND_MEMORY_END"):
            self.write("memories/a", b"xy", offset=MIB - 1)
        self.assertEqual(self.read("memories/a", MIB - 1), b"\0")
        with self.refused(INVALID_ARGUMENT):
            self.write("memories/a", b"x" * (MIB + 1))
        for size in (0, -MIB, MIB + 1, 4096):
            with self.subTest(size), self.refused(INVALID_ARGUMENT, "NOT_SEGMENT_ALIGNED"):
                self.create("b", size)
        with self.refused(RESOURCE_EXHAUSTED, "LIMIT_REACHED"):
            self.create("b", 1 << 50)

    def test_memories_end(self):
        self.client.create("m")
        self.create("with-machine", machine="machines/m")
        self.create("short", ttl=duration_pb2.Duration(seconds=1))
        self.create("gone")
        self.client.memories.DeleteMemory(memory_pb2.DeleteMemoryRequest(name="memories/gone"))
        self.client.machines.DeleteMachine(machine_pb2.DeleteMachineRequest(name="machines/m"))

        def none_left():
            return not self.client.memories.ListMemories(memory_pb2.ListMemoriesRequest()).memories
        self.wait_for(none_left)
        with self.refused(NOT_FOUND):
            self.create("x", machine="machines/none")

    def test_what_is_deleted_is_given_back(self):
        def mapped():
            with open("/proc/%d/maps" % self.daemon.process.pid, encoding="utf-8") as maps:
                return sum("memfd:memories" in line for line in maps)

        def files():
            directory = "/proc/%d/fd" % self.daemon.process.pid
            return sum("memfd:memories" in os.readlink(directory + "/" + name)
                       for name in os.listdir(directory))
        for i in range(20):
            self.create("m%d" % i)
        self.assertEqual((mapped(), files()), (20, 20))
        for i in range(20):
            self.client.memories.DeleteMemory(
                memory_pb2.DeleteMemoryRequest(name="memories/m%d" % i))
        self.assertEqual((mapped(), files()), (0, 0))


class MappingTest(BytesTest):
    def setUp(self):
        super().setUp()
        self.client.boot("m", "spinner", vcpu_count=2)

    def map(self, target="machines/m", memory="memories/s", offset=0, address=64 * MIB, length=MIB,
            **fields):
        return self.client.address_spaces.MapSegments(address_space_pb2.MapSegmentsRequest(
            target=target, memory=memory, memory_offset=offset, vcpu_address=address, length=length,
            **fields)).mappings

    def mappings(self, cpu):
        listed = self.client.address_spaces.ListMappings(address_space_pb2.ListMappingsRequest(
            parent="machines/m/vcpus/%d" % cpu)).mappings
        return [(m.vcpu_address // MIB, m.length // MIB, m.memory, m.memory_offset // MIB)
                for m in listed]

    OWN = (0, 16, "machines/m", 0)

    def test_a_map_is_for_one_or_for_all(self):
        self.create("s", 8 * MIB)
        made = self.map(length=4 * MIB)
        self.assertEqual([m.name for m in made],
                         ["machines/m/vcpus/%d/mappings/0x4000000" % cpu for cpu in (0, 1)])
        self.map("machines/m/vcpus/1", offset=7 * MIB, address=65 * MIB)
        self.assertEqual(self.mappings(0), [self.OWN, (64, 4, "memories/s", 0)])
        self.assertEqual(self.mappings(1), [self.OWN, (64, 1, "memories/s", 0),
                                            (65, 1, "memories/s", 7), (66, 2, "memories/s", 2)])
        self.client.address_spaces.UnmapSegments(address_space_pb2.UnmapSegmentsRequest(
            target="machines/m", vcpu_address=64 * MIB, length=8 * MIB))
        self.assertEqual((self.mappings(0), self.mappings(1)), ([self.OWN], [self.OWN]))

    def test_bad_maps_do_nothing(self):
        self.create("s", 8 * MIB)
        cases = [
            (INVALID_ARGUMENT, "NOT_SEGMENT_ALIGNED", dict(address=4096)),
            (INVALID_ARGUMENT, "NOT_SEGMENT_ALIGNED", dict(offset=1)),
            (INVALID_ARGUMENT, "NOT_SEGMENT_ALIGNED", dict(length=0)),
            (INVALID_ARGUMENT, "NOT_SEGMENT_ALIGNED", dict(length=MIB + 4096)),
            (OUT_OF_RANGE, "BEHIND_MEMORY_END", dict(length=9 * MIB)),
            (OUT_OF_RANGE, "BEHIND_MEMORY_END", dict(offset=8 * MIB)),
            (OUT_OF_RANGE, "BEHIND_MEMORY_END", dict(offset=-MIB)),
            (OUT_OF_RANGE, "BEHIND_ADDRESS_SPACE_END",
             dict(address=(1 << 64) - MIB, length=2 * MIB)),
            (NOT_FOUND, "RESOURCE_NOT_FOUND", dict(memory="memories/none")),
            (NOT_FOUND, "RESOURCE_NOT_FOUND", dict(target="machines/none")),
            (NOT_FOUND, "RESOURCE_NOT_FOUND", dict(target="machines/m/vcpus/7")),
            (INVALID_ARGUMENT, "INVALID_NAME", dict(target="machines/m/vcpus/x")),
            (INVALID_ARGUMENT, "INVALID_NAME", dict(memory="machines/m")),
        ]
        for code, reason, fields in cases:
            with self.subTest(fields), self.refused(code, reason):
                self.map(**fields)
        self.assertEqual(self.mappings(0), [self.OWN])
        with self.refused(OUT_OF_RANGE, "SEGMENT_ABSENT"):
            self.client.address_spaces.FaultIn(address_space_pb2.FaultInRequest(
                vcpu="machines/m/vcpus/0", vcpu_address=1 << 40))
        self.client.address_spaces.FaultIn(address_space_pb2.FaultInRequest(
            vcpu="machines/m/vcpus/0", vcpu_address=0x12345))

    def test_a_memory_in_use_stays(self):
        self.create("s", MIB)
        self.map("machines/m/vcpus/1")
        for memory in ("memories/s", "memories/m-image"):
            with self.subTest(memory), self.refused(FAILED_PRECONDITION, "MEMORY_IN_USE"):
                self.client.memories.DeleteMemory(memory_pb2.DeleteMemoryRequest(name=memory))
        self.client.machines.StopMachine(machine_pb2.StopMachineRequest(name="machines/m"))
        for memory in ("memories/s", "memories/m-image"):
            self.client.memories.DeleteMemory(memory_pb2.DeleteMemoryRequest(name=memory))

    def test_storage_is_read_and_written_by_absolute_address(self):
        self.write("machines/m", b"hello", offset=0x20000)
        self.assertEqual(self.read("machines/m", 0x20000, 5), b"hello")
        self.create("s", MIB)
        self.write("memories/s", b"shared")
        self.map()
        self.assertEqual(self.read("machines/m", 64 * MIB, 6), b"shared")

    def test_vcpus(self):
        listed = self.client.vcpus.ListVcpus(vcpu_pb2.ListVcpusRequest(parent="machines/m")).vcpus
        self.assertEqual([(v.cpu_address, v.state) for v in listed],
                         [(0, vcpu_pb2.VCPU_STATE_OPERATING), (1, vcpu_pb2.VCPU_STATE_STOPPED)])
        added = self.client.vcpus.CreateVcpu(vcpu_pb2.CreateVcpuRequest(parent="machines/m"))
        self.assertEqual(added.name, "machines/m/vcpus/2")
        with self.assertRaises(grpc.RpcError) as raised:
            self.client.vcpus.CreateVcpu(
                vcpu_pb2.CreateVcpuRequest(parent="machines/m", vcpu_id="2"))
        self.assertEqual(raised.exception.code(), ALREADY_EXISTS)
        for bad in ("x", "-1", "64", "70000", "01"):
            with self.subTest(bad), self.refused(INVALID_ARGUMENT):
                self.client.vcpus.CreateVcpu(
                    vcpu_pb2.CreateVcpuRequest(parent="machines/m", vcpu_id=bad))
        # A second CPU runs where its client says.
        psw = cpu_pb2.Psw(mask=0x0000000180000000, address=0x10000)
        second = "machines/m/vcpus/1"
        self.client.vcpus.SetInitialPsw(vcpu_pb2.SetInitialPswRequest(vcpu=second, psw=psw))
        started = self.client.vcpus.StartVcpu(vcpu_pb2.StartVcpuRequest(vcpu=second))
        self.assertEqual(started.state, vcpu_pb2.VCPU_STATE_OPERATING)
        self.wait_for(lambda: self.client.vcpus.GetRegisters(
            vcpu_pb2.GetRegistersRequest(vcpu=second)).general[2] > 0)
        self.client.vcpus.StopVcpu(vcpu_pb2.StopVcpuRequest(vcpu=second))
        self.wait_for(lambda: self.client.vcpus.GetVcpu(
            vcpu_pb2.GetVcpuRequest(name=second)).state == vcpu_pb2.VCPU_STATE_STOPPED)
        self.client.vcpus.StoreStatus(vcpu_pb2.StoreStatusRequest(vcpu=second, address=0x30000))
        status = self.read("machines/m", 0x30000, 512)
        general = self.client.vcpus.GetRegisters(vcpu_pb2.GetRegistersRequest(vcpu=second)).general
        self.assertEqual(status[0x80:0x100], b"".join(g.to_bytes(8, "big") for g in general))
        # That its client stopped them all doesn't turn the machine off.
        self.client.vcpus.StopVcpu(vcpu_pb2.StopVcpuRequest(vcpu="machines/m/vcpus/0"))
        self.assertEqual(self.client.machine("m").state, machine_pb2.MACHINE_STATE_RUNNING)


class InterruptsTest(ServiceTest):
    def setUp(self):
        super().setUp()
        # It runs with everything masked: what is injected stays pending.
        self.client.boot("m", "spinner", vcpu_count=2)

    def inject(self, target, **kind):
        return self.client.interrupts.InjectInterrupt(interrupt_pb2.InjectInterruptRequest(
            target=target, interrupt=interrupt_pb2.Interrupt(**kind)))

    def pending(self, target):
        return list(self.client.interrupts.ListPendingInterrupts(
            interrupt_pb2.ListPendingInterruptsRequest(target=target)).interrupts)

    FLOATING = dict(
        machine_check=dict(control_register_14=0x10000000, interruption_code=0x0040000000000000),
        service=dict(parameter=0x1000), virtio=dict(parameter=1, parameter64=2),
        io=dict(subchannel_id=1, subchannel_number=2, parameter=3, word=0x18000000),
        page_fault_done=dict(token=5))
    LOCAL = dict(
        program=dict(code=0x10, translation_exception=0x1000), stop={}, restart={},
        emergency=dict(source_cpu_address=1), external_call=dict(source_cpu_address=1),
        clock_comparator={}, cpu_timer={}, set_prefix=dict(prefix=0x4000),
        page_fault_init=dict(token=5), machine_check=dict(control_register_14=0x10000000))

    def test_each_kind_has_its_target(self):
        for kind, fields in self.LOCAL.items():
            if kind == "machine_check":
                continue
            with self.subTest(kind), self.refused(INVALID_ARGUMENT, "INTERRUPT_NOT_VALID_FOR_TARGET"):
                self.inject("machines/m", **{kind: fields})
        for kind, fields in self.FLOATING.items():
            if kind == "machine_check":
                continue
            with self.subTest(kind), self.refused(INVALID_ARGUMENT, "INTERRUPT_NOT_VALID_FOR_TARGET"):
                self.inject("machines/m/vcpus/0", **{kind: fields})

    def test_what_floats_is_listed_and_cleared(self):
        for kind, fields in self.FLOATING.items():
            self.inject("machines/m", **{kind: fields})
        pending = self.pending("machines/m")
        self.assertEqual([irq.WhichOneof("kind") for irq in pending],
                         ["machine_check", "service", "virtio", "page_fault_done", "io"])
        self.assertEqual(pending[4].io.parameter, 3)
        self.assertEqual(pending[2].virtio.parameter64, 2)
        cleared = self.client.interrupts.ClearPendingInterrupts(
            interrupt_pb2.ClearPendingInterruptsRequest(target="machines/m")).interrupts
        self.assertEqual(list(cleared), pending)
        self.assertEqual(self.pending("machines/m"), [])

    def test_what_is_local_is_its_vcpus(self):
        for kind in ("emergency", "external_call", "page_fault_init"):
            self.inject("machines/m/vcpus/0", **{kind: self.LOCAL[kind]})
        self.assertEqual([irq.WhichOneof("kind") for irq in self.pending("machines/m/vcpus/0")],
                         ["emergency", "external_call", "page_fault_init"])
        self.assertEqual(self.pending("machines/m/vcpus/1"), [])
        with self.refused(FAILED_PRECONDITION):
            self.inject("machines/m/vcpus/0", external_call=dict(source_cpu_address=1))

    def test_values_are_checked(self):
        for kind, fields in (("program", dict(code=0)), ("program", dict(code=0x10000)),
                             ("program", dict(code=1, exception_access_id=16)),
                             ("set_prefix", dict(prefix=1)), ("external_call", dict(source_cpu_address=9)),
                             ("emergency", dict(source_cpu_address=0x10000)),
                             ("machine_check", dict(fixed_logout=b"x"))):
            with self.subTest((kind, fields)), self.refused(INVALID_ARGUMENT):
                self.inject("machines/m/vcpus/1", **{kind: fields})
        with self.refused(INVALID_ARGUMENT):
            self.inject("machines/m")
        with self.refused(INVALID_ARGUMENT):
            self.inject("machines/m", io=dict(subchannel_number=0x10000))

    def test_a_restart_starts_a_stopped_cpu(self):
        # The restart-new PSW at real 0x1a0: where the spinner begins.
        psw = (0x0000000180000000).to_bytes(8, "big") + (0x10000).to_bytes(8, "big")
        self.client.memories.WriteMemory(iter([memory_pb2.WriteMemoryRequest(
            name="machines/m", offset=0x1a0, content=psw)]))
        self.inject("machines/m/vcpus/1", restart={})
        self.wait_for(lambda: self.client.vcpus.GetRegisters(vcpu_pb2.GetRegistersRequest(
            vcpu="machines/m/vcpus/1")).general[2] > 0)

    def test_machines_that_dont_run_take_none(self):
        self.client.machines.StopMachine(machine_pb2.StopMachineRequest(name="machines/m"))
        with self.refused(FAILED_PRECONDITION, "MACHINE_NOT_ACTIVE"):
            self.inject("machines/m", service=dict(parameter=1))
