"""The client as the monitor."""
import threading
import time

from harness import *  # noqa: F403
from small_monitor import SEGMENT, Monitor


def load(elf):
    """The program headers of an ELF file: (address, bytes)."""
    import struct
    offset, size, count = struct.unpack(">Q", elf[32:40])[0], *struct.unpack(">HH", elf[54:58])
    for i in range(count):
        kind, _, start, _, address, length = struct.unpack(
            ">IIQQQQ", elf[offset + i * size:offset + i * size + 40])
        if kind == 1:
            yield address, elf[start:start + length]


class MonitorTest(ServiceTest):
    def machine(self, name="m", vcpus=1):
        self.client.create(name, 0, monitor=machine_pb2.MONITOR_CLIENT, vcpu_count=vcpus)
        self.client.machines.StartMachine(
            machine_pb2.StartMachineRequest(name="machines/" + name))
        return "machines/%s/vcpus/0" % name

    def program(self, name, memory="m"):
        """A memory whose first segment holds a program."""
        with open(guest(name), "rb") as file:
            parts = list(load(file.read()))
        content = bytearray(SEGMENT)
        for address, part in parts:
            content[address:address + len(part)] = part
        self.client.memories.CreateMemory(memory_pb2.CreateMemoryRequest(
            memory_id=memory, memory=memory_pb2.Memory(size_bytes=16 * SEGMENT)))
        self.client.memories.WriteMemory(iter([memory_pb2.WriteMemoryRequest(
            name="memories/" + memory, content=bytes(content))]))
        return "memories/" + memory

    PSW = cpu_pb2.Psw(mask=0x0000000180000000, address=0x10000)

    def test_a_guest_says_hello_by_diagnose(self):
        said = bytearray()

        def say(value):
            said.append(value & 0xff)
            return value
        monitor = Monitor(self.client, self.machine(), self.program("greeter"), {8: say})
        self.assertEqual(monitor.run(self.PSW), len(said))
        self.assertEqual(said, b"Hello from an s390x guest\n")
        self.assertEqual(monitor.faults, 1)
        monitor.close()

    def test_storage_is_mapped_when_the_guest_touches_it(self):
        calls = []
        monitor = Monitor(self.client, self.machine(), self.program("wanderer"), {
            0x44: lambda value: calls.append(value) or value, 8: lambda value: value + 2})
        self.assertEqual(monitor.run(self.PSW), 0x11 + 0x22 + 0x33 + 0x44 + 2)
        self.assertEqual(len(calls), 1)
        # The program's own segment and the four that it wandered through.
        self.assertEqual(monitor.faults, 5)
        self.assertEqual(sorted(monitor.segments), [0, 0x500000, 0x700000, 0x900000, 0xb00000])
        # What the guest wrote stands in the memory, for whoever reads it.
        offset = monitor.segments[0x900000] + 0x18
        read = b"".join(piece.content for piece in self.client.memories.ReadMemory(
            memory_pb2.ReadMemoryRequest(name="memories/m", offset=offset, length=8)))
        self.assertEqual(read, (0x33).to_bytes(8, "big"))
        mappings = self.client.address_spaces.ListMappings(address_space_pb2.ListMappingsRequest(
            parent="machines/m/vcpus/0")).mappings
        self.assertEqual([mapping.vcpu_address for mapping in mappings], sorted(monitor.segments))
        monitor.close()

    def test_a_segment_that_is_unmapped_faults_again(self):
        monitor = Monitor(self.client, self.machine(), self.program("wanderer"),
                          {0x44: lambda v: v, 8: lambda v: v})
        monitor.run(self.PSW)
        response = monitor.turn(unmap=[vcpu_pb2.Segments(vcpu_address=0x500000, length=SEGMENT)],
                                registers=dict(psw=self.PSW), run=True)
        self.assertEqual(response.segment_fault.vcpu_address & ~0xfff, 0x500000)
        monitor.close()

    def test_two_vcpus_see_one_memory_at_different_addresses(self):
        self.machine(vcpus=2)
        memory = self.program("wanderer")
        results = []
        for cpu in (0, 1):
            monitor = Monitor(self.client, "machines/m/vcpus/%d" % cpu, memory,
                              {0x44: lambda v: v, 8: lambda v: v})
            # The second one's segments are the first one's in another order.
            if cpu == 1:
                monitor.segments = {0: 0, 0xb00000: SEGMENT, 0x900000: 2 * SEGMENT,
                                    0x700000: 3 * SEGMENT, 0x500000: 4 * SEGMENT}
            results.append(monitor.run(self.PSW))
            monitor.close()
        self.assertEqual(results, [0xaa, 0xaa])
        read = b"".join(piece.content for piece in self.client.memories.ReadMemory(
            memory_pb2.ReadMemoryRequest(name=memory, offset=SEGMENT + 0x18, length=8)))
        self.assertEqual(read, (0x44).to_bytes(8, "big"))

    def test_a_kick_ends_the_run(self):
        monitor = Monitor(self.client, self.machine(), self.program("spinner"), {})
        kicker = threading.Timer(0.3, lambda: monitor.turns.put(vcpu_pb2.RunRequest(kick=True)))
        kicker.start()
        response = monitor.turn(map=[monitor.segment(0)], registers=dict(psw=self.PSW), run=True)
        self.assertTrue(response.HasField("kicked"))
        self.assertGreater(response.registers.general[2], 0)
        # One that comes before the run ends it too.
        monitor.turns.put(vcpu_pb2.RunRequest(kick=True))
        time.sleep(0.2)
        self.assertTrue(monitor.turn(run=True).HasField("kicked"))
        monitor.close()

    def test_a_client_that_goes_away_leaves_the_vcpu_free(self):
        vcpu, memory = self.machine(), self.program("spinner")
        monitor = Monitor(self.client, vcpu, memory, {})
        with self.assertRaises(grpc.RpcError) as raised:
            Monitor(self.client, vcpu, memory, {})
        self.assertEqual(raised.exception.code(), ALREADY_EXISTS)
        monitor.turns.put(vcpu_pb2.RunRequest(
            map=[monitor.segment(0)], registers=dict(psw=self.PSW), run=True))
        time.sleep(0.2)
        monitor.responses.cancel()

        def again():
            try:
                return Monitor(self.client, vcpu, memory, {})
            except grpc.RpcError:
                return None
        self.wait_for(again, what="the vCPU").close()

    def test_deleting_the_machine_ends_the_run(self):
        monitor = Monitor(self.client, self.machine(), self.program("spinner"), {})
        monitor.turns.put(vcpu_pb2.RunRequest(
            map=[monitor.segment(0)], registers=dict(psw=self.PSW), run=True))
        time.sleep(0.2)
        self.client.machines.DeleteMachine(
            machine_pb2.DeleteMachineRequest(name="machines/m", force=True))
        next(monitor.responses)
        with self.assertRaisesRegex(RuntimeError, "."):
            monitor.turn(run=True)

    def test_what_is_refused_changes_nothing(self):
        monitor = Monitor(self.client, self.machine(), self.program("spinner"), {})
        cases = [
            dict(map=[vcpu_pb2.Segments(memory="memories/m", vcpu_address=4096, length=SEGMENT)]),
            dict(map=[vcpu_pb2.Segments(memory="memories/m", length=0)]),
            dict(map=[vcpu_pb2.Segments(memory="memories/m", length=17 * SEGMENT)]),
            dict(map=[vcpu_pb2.Segments(memory="memories/m", length=SEGMENT,
                                        memory_offset=-SEGMENT)]),
            dict(map=[vcpu_pb2.Segments(memory="memories/x", length=SEGMENT)]),
            dict(map=[vcpu_pb2.Segments(memory="machines/m", length=SEGMENT)]),
            dict(map=[vcpu_pb2.Segments(memory="memories/m", vcpu_address=(1 << 64) - SEGMENT,
                                        length=2 * SEGMENT)]),
            dict(registers=dict(general=[1, 2, 3])),
            dict(registers=dict(prefix=1)),
            dict(read_mask=dict(paths=["nothing"])),
        ]
        for fields in cases:
            with self.subTest(fields), self.assertRaises(RuntimeError):
                monitor.turn(run=True, **fields)
        self.assertEqual(list(self.client.address_spaces.ListMappings(
            address_space_pb2.ListMappingsRequest(parent="machines/m/vcpus/0")).mappings), [])
        monitor.close()

    def test_the_built_in_monitor_isnt_run_by_clients(self):
        self.client.boot("b", "spinner")
        with self.assertRaises(grpc.RpcError) as raised:
            Monitor(self.client, "machines/b/vcpus/0", "memories/x", {})
        self.assertEqual(raised.exception.code(), FAILED_PRECONDITION)

    def test_reset_and_registers(self):
        vcpu = self.machine()
        registers = cpu_pb2.Registers(
            psw=self.PSW, general=range(16), access=range(16), floating_point=range(100, 116),
            floating_point_control=0x00880000, prefix=0x4000, tod_programmable=7,
            cpu_timer=1 << 40, clock_comparator=1 << 50, program_parameter=3)
        back = self.client.vcpus.UpdateRegisters(vcpu_pb2.UpdateRegistersRequest(
            vcpu=vcpu, registers=registers))
        for field in ("psw", "general", "access", "floating_point", "floating_point_control",
                      "prefix", "tod_programmable", "clock_comparator", "program_parameter"):
            self.assertEqual(getattr(back, field), getattr(registers, field), field)
        masked = self.client.vcpus.GetRegisters(vcpu_pb2.GetRegistersRequest(
            vcpu=vcpu, read_mask=dict(paths=["prefix"])))
        self.assertEqual(masked, cpu_pb2.Registers(prefix=0x4000))
        self.client.vcpus.ResetVcpu(vcpu_pb2.ResetVcpuRequest(vcpu=vcpu))
        reset = self.client.vcpus.GetRegisters(vcpu_pb2.GetRegistersRequest(vcpu=vcpu))
        self.assertEqual(reset.psw, cpu_pb2.Psw())
        self.assertEqual(reset.general, registers.general)
        self.assertEqual((reset.control[0], reset.control[14]), (0xe0, 0xc2000000))
        self.client.vcpus.ResetVcpu(vcpu_pb2.ResetVcpuRequest(
            vcpu=vcpu, kind=vcpu_pb2.ResetVcpuRequest.KIND_CLEAR))
        clear = self.client.vcpus.GetRegisters(vcpu_pb2.GetRegistersRequest(vcpu=vcpu))
        self.assertEqual(list(clear.general), [0] * 16)
        block = self.client.vcpus.GetSieBlock(vcpu_pb2.GetSieBlockRequest(vcpu=vcpu))
        self.assertEqual((block.icpua, len(block.gcr)), (0, 16))
