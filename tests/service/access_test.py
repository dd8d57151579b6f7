"""Who may do what: unix sockets, TLS, roles, ownership."""
import json
import subprocess
import textwrap

from harness import *  # noqa: F403

VIEWER, OPERATOR, OTHER, NOBODY = 61001, 61002, 61003, 61004

# A call by another user: forks, becomes it, calls.
AS_USER = textwrap.dedent("""
    import os, sys
    os.setgroups([]); os.setgid(int(sys.argv[1])); os.setuid(int(sys.argv[1]))
    import grpc
    channel = grpc.insecure_channel("unix:" + sys.argv[2])
    call = channel.unary_unary(sys.argv[3], request_serializer=lambda b: b,
                               response_deserializer=lambda b: b)
    try:
        print("OK", call(bytes.fromhex(sys.argv[4]), timeout=20).hex())
    except grpc.RpcError as error:
        print(error.code().name, error.details())
""")


@unittest.skipIf(os.geteuid() != 0, "only root can be somebody else")
class UnixTest(ServiceTest):
    configuration = """
        grants { principal: "unix:%d" role: ROLE_VIEWER }
        grants { principal: "unix:%d" role: ROLE_OPERATOR }
        grants { principal: "unix-group:%d" role: ROLE_OPERATOR }
        listeners { unix { path: "DIRECTORY/open" mode: "0666" } }
    """ % (VIEWER, OPERATOR, OTHER)

    def setUp(self):
        self.daemon = Daemon(configuration=self.configuration)
        self.addCleanup(self.daemon.close)
        self.daemon.configure(self.configuration.replace("DIRECTORY", self.daemon.directory))
        os.chmod(self.daemon.directory, 0o755)
        self.daemon.start()
        self.client = self.daemon.client()
        self.addCleanup(lambda: self.client.channel.close())

    def call_as(self, uid, method, request):
        result = subprocess.run(
            ["/usr/bin/python3", "-c", AS_USER, str(uid), self.daemon.directory + "/open",
             "/ucontrol.v1." + method, request.SerializeToString().hex()],
            capture_output=True, text=True, timeout=60, check=True)
        word, _, rest = result.stdout.strip().partition(" ")
        return word, bytes.fromhex(rest) if word == "OK" else rest

    def create_as(self, uid, name):
        return self.call_as(uid, "Machines/CreateMachine", machine_pb2.CreateMachineRequest(
            machine_id=name, machine=machine_pb2.Machine(storage_bytes=MIB)))

    def get_as(self, uid, name):
        return self.call_as(uid, "Machines/GetMachine",
                            machine_pb2.GetMachineRequest(name="machines/" + name))

    def delete_as(self, uid, name):
        return self.call_as(uid, "Machines/DeleteMachine",
                            machine_pb2.DeleteMachineRequest(name="machines/" + name))

    def names_as(self, uid):
        word, response = self.call_as(uid, "Machines/ListMachines",
                                      machine_pb2.ListMachinesRequest())
        self.assertEqual(word, "OK")
        machines = machine_pb2.ListMachinesResponse.FromString(response).machines
        return sorted(machine.name.split("/")[1] for machine in machines)

    def test_roles_and_ownership(self):
        self.client.create("mine")
        self.assertEqual(self.create_as(OPERATOR, "theirs")[0], "OK")
        self.assertEqual(self.client.machine("theirs").owner, "unix:%d" % OPERATOR)
        # Nobody has no role at all, and learns only that.
        self.assertEqual(self.get_as(NOBODY, "mine")[0], "PERMISSION_DENIED")
        self.assertEqual(self.get_as(NOBODY, "none")[0], "PERMISSION_DENIED")
        # A viewer sees all and changes nothing.
        self.assertEqual(self.names_as(VIEWER), ["mine", "theirs"])
        self.assertEqual(self.create_as(VIEWER, "v")[0], "PERMISSION_DENIED")
        self.assertEqual(self.delete_as(VIEWER, "mine")[0], "PERMISSION_DENIED")
        self.assertEqual(self.get_as(VIEWER, "none")[0], "NOT_FOUND")
        word, _ = self.call_as(VIEWER, "Memories/ReadMemory",
                               memory_pb2.ReadMemoryRequest(name="machines/mine"))
        self.assertEqual(word, "PERMISSION_DENIED")
        # An operator has its own, and can't tell whether another's exists.
        self.assertEqual(self.names_as(OPERATOR), ["theirs"])
        other = self.get_as(OPERATOR, "mine")
        missing = self.get_as(OPERATOR, "none")
        self.assertEqual(other[0], "PERMISSION_DENIED")
        self.assertEqual(other[1].replace("mine", "X"), missing[1].replace("none", "X"))
        self.assertEqual(self.delete_as(OPERATOR, "mine")[0], "PERMISSION_DENIED")
        self.assertEqual(self.delete_as(OTHER, "theirs")[0], "PERMISSION_DENIED")
        self.assertEqual(self.delete_as(OPERATOR, "theirs")[0], "OK")
        # Its group gives another user the role.
        self.assertEqual(self.create_as(OTHER, "grouped")[0], "OK")
        # Administrators may do everything.
        self.client.machines.DeleteMachine(machine_pb2.DeleteMachineRequest(name="machines/grouped"))

    def test_request_ids_are_each_principals_own(self):
        def create(uid, name):
            return self.call_as(uid, "Machines/CreateMachine", machine_pb2.CreateMachineRequest(
                machine_id=name, request_id="1", machine=machine_pb2.Machine(storage_bytes=MIB)))
        self.assertEqual(create(OPERATOR, "a")[0], "OK")
        self.assertEqual(create(OTHER, "b")[0], "OK")

    def test_mutations_are_audited(self):
        self.create_as(VIEWER, "v")
        self.create_as(OPERATOR, "o")
        lines = [json.loads(line) for line in self.daemon.read_log().splitlines()]
        audited = {(line["principal"], line["resource"], line["code"])
                   for line in lines if line["message"] == "audit"}
        self.assertIn(("unix:%d" % OPERATOR, "machines/o", "OK"), audited)
        self.assertIn(("unix:%d" % VIEWER, "machines/v", "PERMISSION_DENIED"), audited)

    def test_sighup_takes_a_role_away(self):
        self.assertEqual(self.create_as(OPERATOR, "a")[0], "OK")
        self.daemon.configure("")
        self.daemon.signal(SIGHUP)
        self.wait_for(lambda: "configuration reloaded" in self.daemon.read_log())
        self.assertEqual(self.create_as(OPERATOR, "b")[0], "PERMISSION_DENIED")

    def test_many_users_at_once_are_never_mistaken(self):
        """Connections come and go, and each is its own user's."""
        script = AS_USER.replace("print(\"OK\", call(", "for _ in range(1): print(\"OK\", call(")
        processes = []
        for i in range(24):
            uid = (VIEWER, OPERATOR, NOBODY)[i % 3]
            processes.append((uid, subprocess.Popen(
                ["/usr/bin/python3", "-c", script, str(uid), self.daemon.directory + "/open",
                 "/ucontrol.v1.Daemons/GetVersion", ""], stdout=subprocess.PIPE, text=True)))
        for uid, process in processes:
            word, _, rest = process.communicate(timeout=120)[0].strip().partition(" ")
            self.assertEqual(word, "OK")
            version = daemon_pb2.GetVersionResponse.FromString(bytes.fromhex(rest))
            self.assertEqual(version.principal, "unix:%d" % uid)


class Authority:
    """Signs certificates."""

    def __init__(self, directory, name):
        self.directory, self.name = directory, name
        self.certificate = self.path(name + ".crt")
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-keyout", self.path(name + ".key"), "-out", self.certificate, "-days", "2",
                     "-subj", "/CN=" + name)

    def path(self, name):
        return os.path.join(self.directory, name)

    def openssl(self, *words):
        subprocess.run(("openssl",) + words, check=True, capture_output=True)

    def sign(self, file, subject, alternative):
        self.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-keyout", self.path(file + ".key.new"), "-out", self.path(file + ".csr"),
                     "-subj", subject)
        with open(self.path(file + ".ext"), "w", encoding="utf-8") as extension:
            extension.write("subjectAltName=" + alternative if alternative else "")
        self.openssl("x509", "-req", "-in", self.path(file + ".csr"), "-CA", self.certificate,
                     "-CAkey", self.path(self.name + ".key"), "-CAcreateserial", "-days", "2",
                     "-out", self.path(file + ".crt.new"), "-extfile", self.path(file + ".ext"))
        for kind in (".key", ".crt"):
            os.rename(self.path(file + kind + ".new"), self.path(file + kind))
        return self.path(file + ".crt"), self.path(file + ".key")


def read(path):
    with open(path, "rb") as file:
        return file.read()


class TlsTest(ServiceTest):
    configuration = """
        grants { principal: "tls:alice" role: ROLE_OPERATOR }
        grants { principal: "tls:spiffe://lab/bob" role: ROLE_VIEWER }
    """

    def setUp(self):
        self.daemon = Daemon(configuration=self.configuration)
        self.addCleanup(self.daemon.close)
        self.authority = Authority(self.daemon.directory, "lab")
        certificate, key = self.authority.sign("server", "/CN=ucontrold", "DNS:localhost")
        self.daemon.flags += ["--listen=unix:%s,tcp:127.0.0.1:0" % self.daemon.socket,
                              "--tls_certificate=" + certificate, "--tls_key=" + key,
                              "--tls_client_authorities=" + self.authority.certificate]
        self.daemon.start()
        self.client = self.daemon.client()
        self.addCleanup(lambda: self.client.channel.close())
        serving = [json.loads(line) for line in self.daemon.read_log().splitlines()]
        self.port = [line["port"] for line in serving if line["message"] == "serving"][0]

    def connect(self, certificate=None, key=None, authority=None):
        credentials = grpc.ssl_channel_credentials(
            read(authority or self.authority.certificate), key and read(key),
            certificate and read(certificate))
        channel = grpc.secure_channel("localhost:%d" % self.port, credentials,
                                      options=[("grpc.use_local_subchannel_pool", 1)])
        self.addCleanup(channel.close)
        return Client(channel)

    def test_a_certificate_is_a_principal(self):
        alice = self.connect(*self.authority.sign("alice", "/CN=alice", ""))
        version = alice.daemons.GetVersion(daemon_pb2.GetVersionRequest(), timeout=20)
        self.assertEqual((version.principal, version.role), ("tls:alice", daemon_pb2.ROLE_OPERATOR))
        self.assertEqual(alice.create("a").owner, "tls:alice")
        bob = self.connect(*self.authority.sign("bob", "/CN=x", "URI:spiffe://lab/bob,DNS:b"))
        self.assertEqual(bob.names(), ["a"])
        with self.refused(PERMISSION_DENIED, "ROLE_INSUFFICIENT"):
            bob.create("b")
        carol = self.connect(*self.authority.sign("carol", "/CN=carol", ""))
        with self.refused(PERMISSION_DENIED, "ROLE_INSUFFICIENT"):
            carol.names()

    def test_strangers_are_kept_out(self):
        def fails(client):
            with self.assertRaises(grpc.RpcError) as raised:
                client.daemons.GetVersion(daemon_pb2.GetVersionRequest(), timeout=5)
            self.assertIn(raised.exception.code(), (UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED))
        fails(self.connect())
        stranger = Authority(self.daemon.directory, "stranger")
        fails(self.connect(*stranger.sign("mallory", "/CN=alice", "")))
        plain = grpc.insecure_channel("localhost:%d" % self.port)
        self.addCleanup(plain.close)
        fails(Client(plain))
        # And the others are served on.
        self.assertEqual(self.client.names(), [])

    def test_certificates_are_reloaded(self):
        """A new authority, without a restart: its clients get in, those of the old one don't."""
        old = self.authority.sign("alice", "/CN=alice", "")
        self.connect(*old).daemons.GetVersion(daemon_pb2.GetVersionRequest(), timeout=20)
        fresh = Authority(self.daemon.directory, "fresh")
        fresh.sign("server", "/CN=ucontrold", "DNS:localhost")
        alice = fresh.sign("alice2", "/CN=alice", "")
        os.rename(fresh.certificate, self.authority.certificate)

        def serves():
            try:
                client = self.connect(*alice)
                return client.daemons.GetVersion(daemon_pb2.GetVersionRequest(), timeout=2)
            except grpc.RpcError:
                return None
        version = self.wait_for(serves, what="the new certificate")
        self.assertEqual(version.principal, "tls:alice")
        with self.assertRaises(grpc.RpcError):
            self.connect(*old).daemons.GetVersion(daemon_pb2.GetVersionRequest(), timeout=3)

    def test_tcp_without_tls_wants_to_be_asked_for(self):
        daemon = Daemon("--listen=tcp:127.0.0.1:0")
        self.addCleanup(daemon.close)
        with self.assertRaisesRegex(RuntimeError, "needs TLS"):
            daemon.start()

    def test_ucctl_over_tls(self):
        certificate, key = self.authority.sign("alice", "/CN=alice", "")
        options = ["--address", "localhost:%d" % self.port, "--tls-ca", self.authority.certificate,
                   "--tls-cert", certificate, "--tls-key", key]
        self.assertIn("tls:alice, OPERATOR", self.ucctl("version", *options).stdout)
        result = self.ucctl("version", "--address", "localhost:%d" % self.port, check=False)
        self.assertEqual(result.returncode, 2)
        self.assertIn("needs TLS", result.stderr)


class InsecureTest(ServiceTest):
    configuration = 'grants { principal: "anonymous" role: ROLE_VIEWER }'

    def test_everybody_is_anonymous(self):
        daemon = Daemon("--insecure", configuration=self.configuration)
        self.addCleanup(daemon.close)
        daemon.flags.append("--listen=unix:%s,tcp:127.0.0.1:0" % daemon.socket)
        daemon.start()
        port = [json.loads(line)["port"] for line in daemon.read_log().splitlines()
                if "serving" in line][0]
        client = Client(grpc.insecure_channel("localhost:%d" % port))
        self.addCleanup(client.channel.close)
        self.assertEqual(client.names(), [])
        with self.refused(PERMISSION_DENIED):
            client.create("a")
