"""A monitor of a virtual machine, complete, over gRPC: about what a person writes in an afternoon.

The daemon runs SIE and hands every exit over the stream Vcpus.Run; what the guest's instructions mean,
and what its storage is, is decided here.
"""
import queue

from harness import vcpu_pb2

SEGMENT = 1 << 20

# Interception codes (icptcode).
INSTRUCTION, WAIT = 0x04, 0x1c


class Monitor:
    """One vCPU. Storage comes from one memory, a segment at a time, as the guest touches it."""

    def __init__(self, client, vcpu, memory, diagnoses):
        self.memory, self.diagnoses = memory, diagnoses
        self.segments = {}  # vcpu address -> offset in the memory
        self.faults = 0
        self.turns = queue.SimpleQueue()
        self.responses = client.vcpus.Run(iter(self.turns.get, None))
        self.turn(vcpu=vcpu)

    def turn(self, **fields):
        self.turns.put(vcpu_pb2.RunRequest(**fields))
        response = next(self.responses)
        if response.HasField("error"):
            raise RuntimeError(response.error.message)
        return response

    def segment(self, address):
        """What UCAS_MAP is to be told of the segment around an address."""
        start = address & ~(SEGMENT - 1)
        offset = self.segments.setdefault(start, len(self.segments) * SEGMENT)
        return vcpu_pb2.Segments(memory=self.memory, memory_offset=offset, vcpu_address=start,
                                 length=SEGMENT)

    def run(self, psw, **first):
        """From this PSW to a disabled wait, whose address is the result."""
        turn = dict(registers=dict(psw=psw), **first)
        while True:
            response = self.turn(run=True, **turn)
            turn = {}
            if response.HasField("segment_fault"):
                self.faults += 1
                turn["map"] = [self.segment(response.segment_fault.vcpu_address)]
                continue
            exit = response.interception
            registers = response.registers
            if exit.code == WAIT:
                return registers.psw.address
            if exit.code != INSTRUCTION or exit.ipa >> 8 != 0x83:
                raise RuntimeError("interception 0x%02x, ipa 0x%04x" % (exit.code, exit.ipa))
            # DIAGNOSE: the function is in bits 48-63 of the second-operand address.
            base, displacement = exit.ipb >> 28, exit.ipb >> 16 & 0xfff
            general = list(registers.general)
            function = (general[base] if base else 0) + displacement & 0xffff
            first_register = exit.ipa >> 4 & 15
            general[first_register] = self.diagnoses[function](general[first_register])
            turn["registers"] = dict(general=general)

    def close(self):
        self.turns.put(None)
        for _ in self.responses:
            pass
