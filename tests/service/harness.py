"""A daemon of its own for each test, real clients, and what the tests of the services share."""
import glob
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import grpc
from google.protobuf import field_mask_pb2  # noqa: F401  (the stubs need google.protobuf first)

ROOT = os.getcwd()
MIB = 1 << 20


def find(*names):
    """The first of these files that there is: Bazel's runfiles, or what it built."""
    for name in names:
        path = os.path.join(ROOT, name)
        if os.path.exists(path):
            return path
    raise FileNotFoundError(names[0])


UCONTROLD = os.environ.get("UCONTROLD") or find("services/ucontrold", "bazel-bin/services/ucontrold")
UCCTL = find("services/cli/ucctl", "bazel-bin/services/cli/ucctl")


def guest(name):
    """A guest program: its ELF file."""
    file = name + ".elf"
    return find("tests/service/guests/" + file, "bazel-bin/tests/service/guests/" + file,
                "tests/guests/" + file, "bazel-bin/tests/guests/" + file)


def _make_stubs():
    directory = tempfile.mkdtemp(prefix="ucs-", dir="/tmp")
    proto = os.path.join(ROOT, "proto")
    files = [os.path.relpath(file, proto)
             for file in glob.glob(proto + "/**/*.proto", recursive=True)]
    plugin = shutil.which("grpc_python_plugin") or "/usr/bin/grpc_python_plugin"
    subprocess.check_call(["protoc", "-I" + proto, "--python_out=" + directory,
                           "--grpc_python_out=" + directory,
                           "--plugin=protoc-gen-grpc_python=" + plugin] + files)
    sys.path.insert(0, directory)
    return directory


# Any language that has gRPC makes a client like this.
_stubs = _make_stubs()
from google.longrunning import operations_pb2, operations_pb2_grpc  # noqa: E402
from google.rpc import error_details_pb2, status_pb2  # noqa: E402
from ucontrol.v1 import (address_space_pb2, address_space_pb2_grpc, console_pb2,  # noqa: E402
                         console_pb2_grpc, cpu_pb2, daemon_pb2, daemon_pb2_grpc, device_pb2, event_pb2,
                         event_pb2_grpc, interrupt_pb2, interrupt_pb2_grpc, machine_pb2,
                         machine_pb2_grpc, memory_pb2, memory_pb2_grpc, vcpu_pb2, vcpu_pb2_grpc)

shutil.rmtree(_stubs)


class Client:
    """The services behind a channel."""

    def __init__(self, channel):
        self.channel = channel
        self.machines = machine_pb2_grpc.MachinesStub(channel)
        self.memories = memory_pb2_grpc.MemoriesStub(channel)
        self.vcpus = vcpu_pb2_grpc.VcpusStub(channel)
        self.address_spaces = address_space_pb2_grpc.AddressSpacesStub(channel)
        self.interrupts = interrupt_pb2_grpc.InterruptsStub(channel)
        self.consoles = console_pb2_grpc.ConsolesStub(channel)
        self.events = event_pb2_grpc.EventsStub(channel)
        self.daemons = daemon_pb2_grpc.DaemonsStub(channel)
        self.operations = operations_pb2_grpc.OperationsStub(channel)

    def create(self, name, storage=MIB, **fields):
        request_id = fields.pop("request_id", "")
        return self.machines.CreateMachine(machine_pb2.CreateMachineRequest(
            machine_id=name, request_id=request_id,
            machine=machine_pb2.Machine(storage_bytes=storage, **fields)))

    def machine(self, name):
        return self.machines.GetMachine(machine_pb2.GetMachineRequest(name="machines/" + name))

    def names(self, filter=""):
        listed = self.machines.ListMachines(
            machine_pb2.ListMachinesRequest(page_size=1000, filter=filter))
        return [machine.name.split("/")[1] for machine in listed.machines]

    def upload(self, name, content, machine=""):
        """A memory with these bytes; the image they are."""
        memory = self.memories.CreateMemory(memory_pb2.CreateMemoryRequest(
            memory_id=name, memory=memory_pb2.Memory(
                size_bytes=(len(content) + MIB - 1) // MIB * MIB, machine=machine)))

        def pieces():
            for offset in range(0, len(content), MIB):
                yield memory_pb2.WriteMemoryRequest(name=memory.name if offset == 0 else "",
                                                    content=content[offset:offset + MIB])

        self.memories.WriteMemory(pieces())
        return machine_pb2.Image(memory=memory.name, length=len(content))

    def boot(self, name, program, storage=16 * MIB, **fields):
        """Creates and starts a machine that runs a guest program."""
        with open(guest(program), "rb") as file:
            image = self.upload(name + "-image", file.read())
        self.create(name, storage,
                    boot=machine_pb2.Boot(elf=machine_pb2.ElfBoot(image=image)), **fields)
        return self.machines.StartMachine(
            machine_pb2.StartMachineRequest(name="machines/" + name))


class Daemon:
    """A ucontrold in a directory of its own."""

    def __init__(self, *flags, configuration=""):
        # Paths of unix sockets are short.
        self.directory = tempfile.mkdtemp(prefix="uc-", dir="/tmp")
        self.socket = self.directory + "/s"
        self.flags = list(flags)
        self.process = None
        if configuration:
            self.configure(configuration)
            self.flags.append("--config=" + self.directory + "/config")

    def configure(self, text):
        with open(self.directory + "/config", "w", encoding="utf-8") as file:
            file.write(text)

    def start(self):
        self.log = open(self.directory + "/log", "ab")
        self.process = subprocess.Popen(
            [UCONTROLD, "--state_directory=" + self.directory + "/state",
             "--listen=unix:" + self.socket] + self.flags,
            stderr=self.log, stdout=self.log, stdin=subprocess.DEVNULL)
        deadline = time.time() + 30
        while time.time() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError("ucontrold ended: " + self.read_log())
            try:
                client = Client(self.channel())
                client.daemons.GetVersion(daemon_pb2.GetVersionRequest(), timeout=5)
                client.channel.close()
                return self
            except grpc.RpcError:
                time.sleep(0.02)
        raise RuntimeError("ucontrold doesn't answer: " + self.read_log())

    def channel(self):
        # A channel of its own, not one that an earlier daemon's was kept for.
        return grpc.insecure_channel("unix:" + self.socket,
                                     options=[("grpc.use_local_subchannel_pool", 1)])

    def client(self):
        return Client(self.channel())

    def read_log(self):
        with open(self.directory + "/log", encoding="utf-8") as file:
            return file.read()

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def stop(self):
        self.process.terminate()
        status = self.process.wait(timeout=60)
        self.log.close()
        return status

    def close(self):
        if self.process and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)


class ServiceTest(unittest.TestCase):
    """A test with a daemon."""

    flags = ()
    configuration = ""

    def setUp(self):
        self.daemon = Daemon(*self.flags, configuration=self.configuration)
        self.addCleanup(self.daemon.close)
        self.daemon.start()
        self.client = self.daemon.client()
        self.addCleanup(lambda: self.client.channel.close())

    def tearDown(self):
        if self.daemon.process.poll() is not None and self.daemon.process.returncode not in (0, -9):
            self.fail("ucontrold died: status %d\n%s" % (self.daemon.process.returncode,
                                                         self.daemon.read_log()[-4000:]))

    def restart(self, how="kill"):
        getattr(self.daemon, how)()
        self.client.channel.close()
        self.daemon.start()
        self.client = self.daemon.client()

    def ucctl(self, *words, input=None, check=True, timeout=60, text=True):
        result = subprocess.run([UCCTL] + list(words), input=input, capture_output=True, text=text,
                                timeout=timeout, check=False,
                                env={**os.environ, "UCONTROL_ADDRESS": "unix:" + self.daemon.socket})
        if check and result.returncode != 0:
            self.fail("ucctl %s: status %d: %s" % (" ".join(words), result.returncode,
                                                   result.stderr))
        return result

    def refused(self, code, reason=None):
        """The call in this block ends with that code, and with an ErrorInfo of that reason."""
        return _Refused(self, code, reason)

    def wait_for(self, condition, seconds=20, what="it"):
        deadline = time.time() + seconds
        while time.time() < deadline:
            value = condition()
            if value:
                return value
            time.sleep(0.02)
        self.fail("%s didn't happen in %d s" % (what, seconds))

    def wait_for_state(self, name, *states, seconds=20):
        def reached():
            machine = self.client.machine(name)
            return machine if machine_pb2.MachineState.Name(machine.state) in states else None
        return self.wait_for(reached, seconds, "state %s of %s" % (states, name))


class _Refused:
    def __init__(self, test, code, reason):
        self.test, self.code, self.reason = test, code, reason

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            self.test.fail("it wasn't refused")
        if not issubclass(kind, grpc.RpcError):
            return False
        self.error = error
        self.test.assertEqual(error.code(), self.code, error.details())
        self.details = details_of(error)
        information = self.details.get("google.rpc.ErrorInfo")
        if error.code() not in (grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE):
            self.test.assertIsNotNone(information, "there is no ErrorInfo")
            self.test.assertEqual(information.domain, "ucontrol")
        if self.reason:
            self.test.assertEqual(information.reason, self.reason)
        return True


def details_of(error):
    """The google.rpc details of an error, by their type."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            found = {}
            for detail in status_pb2.Status.FromString(value).details:
                kind = detail.type_url.split("/")[-1]
                message = getattr(error_details_pb2, kind.split(".")[-1])()
                detail.Unpack(message)
                found[kind] = message
            return found
    return {}


OK = grpc.StatusCode.OK
ABORTED = grpc.StatusCode.ABORTED
ALREADY_EXISTS = grpc.StatusCode.ALREADY_EXISTS
CANCELLED = grpc.StatusCode.CANCELLED
FAILED_PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION
INVALID_ARGUMENT = grpc.StatusCode.INVALID_ARGUMENT
NOT_FOUND = grpc.StatusCode.NOT_FOUND
OUT_OF_RANGE = grpc.StatusCode.OUT_OF_RANGE
PERMISSION_DENIED = grpc.StatusCode.PERMISSION_DENIED
RESOURCE_EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
SIGHUP = signal.SIGHUP
