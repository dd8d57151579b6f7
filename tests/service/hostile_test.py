"""Clients that mean harm, or know no better: nobody else notices."""
import random
import socket
import threading
import time

from harness import *  # noqa: F403
from invention import invent, methods

# Of random values, for each method.
MESSAGES = int(os.environ.get("UCONTROL_MESSAGES", "15"))


class HostileTest(ServiceTest):
    configuration = """
        limits { streams: 40 streams_per_principal: 30 connections: 100 console_bytes: 65536
                 memory_bytes: 268435456 }
    """

    def serves(self):
        """The daemon answers others at once."""
        began = time.time()
        client = self.daemon.client()
        client.daemons.GetVersion(daemon_pb2.GetVersionRequest(), timeout=10)
        client.channel.close()
        self.assertLess(time.time() - began, 5)

    def send(self, method, descriptor, payloads, timeout=5):
        """These bytes as messages; the code that comes back."""
        def raw(bytes):
            return bytes
        # Every kind of method takes a stream on the wire.
        call = self.client.channel.stream_stream(method, request_serializer=raw,
                                                 response_deserializer=raw)
        try:
            count = 0
            for _ in call(iter(payloads), timeout=timeout):
                count += 1
                if count > 50:
                    break
            return OK
        except grpc.RpcError as error:
            return error.code()

    def test_noise_instead_of_messages(self):
        generator = random.Random(1)
        for name, descriptor in methods():
            for _ in range(5):
                noise = bytes(generator.randrange(256) for _ in range(generator.randrange(1, 200)))
                code = self.send(name, descriptor, [noise], timeout=2)
                self.assertNotEqual(code, UNAVAILABLE, name)
        self.serves()

    def test_messages_of_random_values(self):
        """Each method, with fields filled at random: every answer is a canonical code."""
        self.client.boot("m", "spinner", storage=4 * MIB)
        generator = random.Random(2)
        codes = {}
        for name, descriptor in methods():
            if name.endswith(("WatchEvents", "WaitOperation", "AttachConsole", "Run")):
                continue
            for _ in range(MESSAGES):
                request = invent(descriptor.input_type, generator)
                code = self.send(name, descriptor, [request.SerializeToString()])
                codes.setdefault(code, set()).add(name)
                self.assertNotIn(code, (UNAVAILABLE, grpc.StatusCode.UNKNOWN,
                                        grpc.StatusCode.INTERNAL), "%s %s" % (name, request))
        self.serves()

    def test_streams_that_never_begin_or_end(self):
        """Half-open streams are bounded, and give way."""
        idle = threading.Event()

        def nothing():
            idle.wait(60)
            yield from ()
        calls = [self.client.consoles.AttachConsole(nothing()) for _ in range(60)]
        self.serves()
        time.sleep(0.5)
        refused = [call for call in calls if call.done() and call.code() == RESOURCE_EXHAUSTED]
        self.assertGreaterEqual(len(refused), 25)
        # Those that say nothing are ended by the daemon.
        for call in calls:
            self.wait_for(call.done, 15, "the end of a stream that says nothing")
        idle.set()
        self.client.create("a")

    def test_a_reader_that_doesnt_read(self):
        self.client.boot("t", "talker")
        slow = self.client.consoles.AttachConsole(iter([console_pb2.AttachConsoleRequest(
            name="machines/t/consoles/sclp", read_only=True, offset=0, follow=True)]))
        sleepy = self.client.events.WatchEvents(event_pb2.WatchEventsRequest())
        fast = self.client.consoles.AttachConsole(self.keys(b"s"))
        output = b""
        for response in fast:
            output += response.output
            if output.endswith(b"done\n"):
                break
        self.assertTrue(output.endswith(b"done\n"))
        for i in range(50):
            self.client.create("x%d" % i)
        self.serves()
        for call in (slow, sleepy, fast):
            call.cancel()

    def keys(self, text):
        yield console_pb2.AttachConsoleRequest(name="machines/t/consoles/sclp", offset=0)
        time.sleep(1)
        yield console_pb2.AttachConsoleRequest(input=text)
        time.sleep(60)

    def test_bytes_that_arent_http2(self):
        sockets = []
        for payload in (b"", b"GET / HTTP/1.1\r\n\r\n", b"\0" * 1000, os.urandom(5000),
                        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + os.urandom(100)) * 10:
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(self.daemon.socket)
            connection.sendall(payload)
            sockets.append(connection)
        self.serves()
        for connection in sockets:
            connection.close()

    def test_more_connections_than_there_may_be(self):
        self.client.names()
        sockets = []
        for _ in range(150):
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(self.daemon.socket)
            sockets.append(connection)
        time.sleep(0.3)
        # The client that was there before is served on.
        self.client.create("a")
        for connection in sockets:
            connection.close()
        time.sleep(0.3)
        self.serves()

    def test_a_storm_of_calls(self):
        errors = []

        def storm():
            client = self.daemon.client()
            try:
                for _ in range(50):
                    client.names()
            except grpc.RpcError as error:
                errors.append(error.code())
            client.channel.close()
        threads = [threading.Thread(target=storm) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertTrue(set(errors) <= {RESOURCE_EXHAUSTED}, errors)
        self.serves()

    def test_metadata_is_bounded(self):
        with self.assertRaises(grpc.RpcError) as raised:
            self.client.daemons.GetVersion(daemon_pb2.GetVersionRequest(),
                                           metadata=[("x", "y" * 100000)], timeout=10)
        self.assertEqual(raised.exception.code(), RESOURCE_EXHAUSTED)
        self.serves()


class RateTest(ServiceTest):
    configuration = "limits { calls_per_second: 20 }"

    def test_too_many_calls_a_second_are_refused(self):
        codes = []
        for _ in range(60):
            try:
                self.client.daemons.GetVersion(daemon_pb2.GetVersionRequest())
                codes.append(OK)
            except grpc.RpcError as error:
                codes.append(error.code())
        self.assertIn(RESOURCE_EXHAUSTED, codes)
        self.assertGreaterEqual(codes.count(OK), 15)
        time.sleep(1.1)
        self.client.daemons.GetVersion(daemon_pb2.GetVersionRequest())


class MetricsTest(ServiceTest):
    def test_prometheus_finds_metrics(self):
        import urllib.request
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.daemon.stop()
        self.daemon.flags.append("--metrics_address=127.0.0.1:%d" % port)
        self.daemon.flags.append("--channelz_socket=" + self.daemon.directory + "/z")
        self.daemon.start()
        self.client = self.daemon.client()
        self.client.boot("m", "spinner", devices=[device_pb2.Device(
            id="rng", random_source=device_pb2.RandomSource())])
        with self.refused(NOT_FOUND):
            self.client.machine("none")
        with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % port) as page:
            text = page.read().decode()
        for line in ('ucontrol_machines{state="running"} 1', 'ucontrol_machines{state="stopped"} 0',
                     'ucontrol_calls_total{code="NOT_FOUND",method="Machines.GetMachine"} 1',
                     "ucontrol_vcpu_run_seconds_total", "ucontrol_vcpu_exits_total",
                     'ucontrol_device_notifications_total{machine="machines/m",device="rng",'
                     'kind="random"} 0', "ucontrol_memory_bytes 17825792"):
            self.assertIn(line, text)

    def test_health_reflection_and_channelz(self):
        def call(channel, method, request):
            return channel.unary_unary(method, request_serializer=lambda b: b,
                                       response_deserializer=lambda b: b)(request, timeout=10)
        # grpc.health.v1: service = 1; status = 1, SERVING 1.
        for service in (b"", b"ucontrol.v1.Machines", b"google.longrunning.Operations"):
            request = b"\x0a" + bytes([len(service)]) + service if service else b""
            self.assertEqual(call(self.client.channel, "/grpc.health.v1.Health/Check", request),
                             b"\x08\x01")
        with self.assertRaises(grpc.RpcError) as raised:
            call(self.client.channel, "/grpc.health.v1.Health/Check", b"\x0a\x04none")
        self.assertEqual(raised.exception.code(), NOT_FOUND)
        reflect = self.client.channel.stream_stream(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            request_serializer=lambda b: b, response_deserializer=lambda b: b)
        # list_services = 7.
        asking = reflect(iter([b"\x3a\x01*"]), timeout=10)
        listed = next(asking)
        asking.cancel()
        for service in (b"ucontrol.v1.Machines", b"ucontrol.v1.Vcpus", b"ucontrol.v1.Consoles"):
            self.assertIn(service, listed)
        # channelz is for the daemon's own user, at a socket of its own.
        with self.assertRaises(grpc.RpcError) as raised:
            call(self.client.channel, "/grpc.channelz.v1.Channelz/GetServers", b"")
        self.assertEqual(raised.exception.code(), grpc.StatusCode.UNIMPLEMENTED)
        self.daemon.stop()
        self.daemon.flags.append("--channelz_socket=" + self.daemon.directory + "/z")
        self.daemon.start()
        self.assertEqual(os.stat(self.daemon.directory + "/z").st_mode & 0o777, 0o600)
        channel = grpc.insecure_channel("unix:" + self.daemon.directory + "/z")
        self.assertNotEqual(call(channel, "/grpc.channelz.v1.Channelz/GetServers", b""), b"")
        channel.close()
