"""A proto fuzzer against a live daemon, for UCONTROL_FUZZ_SECONDS, while another client works on.

Every method, streams included: requests of random fields, with bytes changed, or of noise. The
daemon lives, keeps its size, ends with status 0, and leaves nothing for LeakSanitizer to find.
"""
import random
import threading
import time

from harness import *  # noqa: F403
from invention import corrupt, invent, methods

SECONDS = float(os.environ.get("UCONTROL_FUZZ_SECONDS", "60"))
SEED = int(os.environ.get("UCONTROL_FUZZ_SEED", "0")) or random.randrange(1 << 32)
FUZZERS = 3
SLOWEST = 10  # seconds that a call of the other client may take on a host that is busy


class Fuzzer(threading.Thread):
    def __init__(self, test, seed):
        super().__init__(daemon=True)
        self.test, self.generator = test, random.Random(seed)
        self.calls, self.codes, self.last = 0, {}, ""
        self.methods = list(methods())

    def run(self):
        channel = self.test.daemon.channel()
        while not self.test.over.is_set():
            name, descriptor = self.generator.choice(self.methods)
            payloads = [self.payload(descriptor) for _ in range(
                self.generator.choice([0, 1, 1, 1, 2, 5]) if descriptor.containing_service and
                name.endswith(("Run", "AttachConsole", "WriteMemory")) else 1)]
            self.last = name
            code = self.call(channel, name, payloads)
            self.codes[code] = self.codes.get(code, 0) + 1
            self.calls += 1
            if self.calls % 500 == 0:
                channel.close()
                channel = self.test.daemon.channel()

    def payload(self, descriptor):
        kind = self.generator.random()
        if kind < 0.05:
            return self.generator.randbytes(self.generator.randrange(300))
        content = invent(descriptor.input_type, self.generator,
                         self.generator.choice([0.2, 0.5, 0.8])).SerializeToString()
        return content if kind < 0.75 else corrupt(content, self.generator)

    def call(self, channel, name, payloads):
        call = channel.stream_stream(name, request_serializer=lambda b: b,
                                     response_deserializer=lambda b: b)
        try:
            responses = call(iter(payloads), timeout=self.generator.choice([0.01, 0.3, 1]))
            for count, _ in enumerate(responses):
                if count > 20:
                    responses.cancel()
                    break
            return "OK"
        except grpc.RpcError as error:
            return error.code().name


class FuzzTest(ServiceTest):
    configuration = """
        limits { machines: 300 memories: 300 memory_bytes: 1073741824 machine_memory_bytes: 67108864
                 events: 1000 console_bytes: 65536 }
        log_level: LOG_LEVEL_ERROR
    """

    def setUp(self):
        super().setUp()
        self.over = threading.Event()

    def measure(self, what, act):
        began = time.time()
        result = act()
        took = time.time() - began
        self.slowest = max(self.slowest, (took, what))
        self.assertLess(took, SLOWEST, what)
        return result

    def status_of(self, field):
        with open("/proc/%d/status" % self.daemon.process.pid, encoding="utf-8") as file:
            return int([line.split()[1] for line in file if line.startswith(field)][0])

    def clear(self):
        """Takes away what the fuzzers made, so that there is always room for more."""
        for name in self.client.names():
            if name != "quiet":
                self.client.machines.DeleteMachine(machine_pb2.DeleteMachineRequest(
                    name="machines/" + name, force=True, allow_missing=True))
        for memory in self.client.memories.ListMemories(
                memory_pb2.ListMemoriesRequest(page_size=1000)).memories:
            if memory.name != "memories/quiet-image":
                try:
                    self.client.memories.DeleteMemory(
                        memory_pb2.DeleteMemoryRequest(name=memory.name))
                except grpc.RpcError:
                    pass  # it went with its machine, or one that is new has it

    def populate(self):
        """What the fuzzers' favourite names stand for."""
        try:
            self.client.boot("m", "talker", storage=4 * MIB)
        except grpc.RpcError:
            pass  # a fuzzer was faster

    def test_nobody_notices(self):
        print("seed %d" % SEED, flush=True)
        self.slowest = (0, "")
        self.client.boot("quiet", "talker", storage=4 * MIB)
        typed = []

        def keys():
            yield console_pb2.AttachConsoleRequest(name="machines/quiet/consoles/sclp", offset=0,
                                                   follow=True, steal=True)
            while not self.over.is_set():
                if typed:
                    yield console_pb2.AttachConsoleRequest(input=typed.pop(0))
                time.sleep(0.01)
        console = self.client.consoles.AttachConsole(keys())
        output = bytearray()

        def read():
            try:
                for response in console:
                    output.extend(response.output)
            except grpc.RpcError:
                pass  # the end of the test
        threading.Thread(target=read, daemon=True).start()
        self.wait_for(lambda: b"ready\n" in output)
        fuzzers = [Fuzzer(self, SEED + i) for i in range(FUZZERS)]
        for fuzzer in fuzzers:
            fuzzer.start()
        began = time.time()
        turn, sizes = 0, []
        while time.time() - began < SECONDS:
            self.measure("clear", self.clear)
            self.measure("populate", self.populate)
            for _ in range(10):
                turn += 1
                self.measure("get", lambda: self.client.machine("quiet"))
                text = b"<%d>" % turn
                typed.append(text)
                self.measure("echo", lambda: self.wait_for(lambda: text in output, SLOWEST))
                time.sleep(0.1)
            if self.daemon.process.poll() is not None:
                self.fail(self.daemon.read_log()[-8000:])
            sizes.append((self.status_of("VmRSS"), self.status_of("Threads"),
                          len(os.listdir("/proc/%d/fd" % self.daemon.process.pid))))
        self.over.set()
        for fuzzer in fuzzers:
            fuzzer.join(60)
            self.assertFalse(fuzzer.is_alive(), fuzzer.last)
        self.assertEqual(self.client.machine("quiet").state, machine_pb2.MACHINE_STATE_RUNNING)
        codes = {}
        for fuzzer in fuzzers:
            for code, count in fuzzer.codes.items():
                codes[code] = codes.get(code, 0) + count
        print("%d calls: %s" % (sum(codes.values()), codes))
        print("slowest call of the other client: %.2f s, %s" % self.slowest)
        print("RSS KiB, threads, descriptors: %s ... %s" % (sizes[len(sizes) // 10], sizes[-1]))
        self.assertNotIn("UNKNOWN", codes)
        # Descriptors and threads don't pile up.
        self.clear()
        self.client.channel.close()
        self.assertLess(sizes[-1][2], 400)
        self.assertEqual(self.daemon.stop(), 0, self.daemon.read_log()[-8000:])
