"""A gibibyte each way between Debian in a guest and its host, unharmed."""
import hashlib
import os
import socket
import threading
import time
import unittest

import debian_guest

SIZE = 1 << 30
PIECE = 1 << 20

RECEIVE = """
import hashlib, socket
peer = socket.create_connection(("10.0.2.2", %d))
digest, count = hashlib.sha256(), 0
while piece := peer.recv(1 << 20):
    digest.update(piece)
    count += len(piece)
print(count, digest.hexdigest())
"""
SEND = """
import hashlib, os, socket
peer = socket.create_connection(("10.0.2.2", %d))
digest, noise = hashlib.sha256(), os.urandom(1 << 20)
for number in range(1024):
    piece = number.to_bytes(8, "big") + noise[8:]
    digest.update(piece)
    peer.sendall(piece)
peer.close()
print(1 << 30, digest.hexdigest())
"""


class Peer:
    """The host's end of one connection; `said` is what the guest should say of what went through it."""

    def __init__(self, serve):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.said = None
        self.thread = threading.Thread(target=self.run, args=(serve,), daemon=True)
        self.thread.start()

    def run(self, serve):
        connection, _ = self.listener.accept()
        began = time.monotonic()
        with connection:
            count, digest = serve(connection)
        print("%s: %.0f MB/s" % (serve.__name__, count / 1e6 / (time.monotonic() - began)))
        self.said = "%d %s\n" % (count, digest)


def send(connection):
    digest, noise = hashlib.sha256(), os.urandom(PIECE)
    for number in range(SIZE // PIECE):
        piece = number.to_bytes(8, "big") + noise[8:]
        digest.update(piece)
        connection.sendall(piece)
    return SIZE, digest.hexdigest()


def receive(connection):
    digest, count = hashlib.sha256(), 0
    while piece := connection.recv(PIECE):
        digest.update(piece)
        count += len(piece)
    return count, digest.hexdigest()


@unittest.skipIf(debian_guest.why_not(), debian_guest.why_not())
class NetworkTest(unittest.TestCase):
    def test_a_gibibyte_each_way(self):
        directory = debian_guest.scratch()
        self.addCleanup(directory.cleanup)
        guest = debian_guest.Guest(debian_guest.disk(directory.name))
        self.addCleanup(guest.kill)
        guest.log_in(600)
        guest.run("for i in $(seq 60); do ip route | grep -q default && break; sleep 1; done; ip route", 90)
        for serve, program in ((send, RECEIVE), (receive, SEND)):
            peer = Peer(serve)
            guest.type("cat >/tmp/program <<'end'" + program % peer.port + "end")
            said = guest.run("python3 /tmp/program", 600)
            peer.thread.join(60)
            self.assertEqual(said, peer.said)
            self.assertTrue(said.startswith("%d " % SIZE))
        guest.type("systemctl poweroff")
        self.assertEqual(guest.end(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
