"""A ClientHello costs its sender nothing, and the service an operation with its private key: with RSA of 4096 bits, milliseconds."""

import pathlib
import subprocess
import tempfile
import time
import unittest

from tests.support import callers
from tests.support.siege import HEALTH, MACHINE, Siege, over_tls, over_unix

# ClientHellos of a real client over connections; each gives way to a new one as soon as the answer begins, which is when the private key has
# been used.
HELLOS = """
import socket, ssl, sys, threading
port, sources, threads = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
try:
    context.wrap_bio(incoming, outgoing).do_handshake()
except ssl.SSLWantReadError:
    pass
hello = outgoing.read()
def flood(source):
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), 30, (source, 0)) as one:
                one.sendall(hello)
                one.recv(1)
        except OSError:
            pass
for number in range(threads):
    threading.Thread(target=flood, args=(f"127.0.0.{2 + number % sources}",)).start()
print("begun", flush=True)
"""
# Asks with a token over a connection of its own each time, and says what came.
ASK = """
import http.client, ssl, sys
port, authority, token, count = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
context = ssl.create_default_context(cafile=authority)
for _ in range(count):
    connection = http.client.HTTPSConnection("localhost", port, timeout=30, context=context)
    connection.request("GET", "/api/v2.0/machine", headers={"Authorization": f"Bearer {token}"})
    print(connection.getresponse().status, flush=True)
    connection.close()
"""
TOKEN = "the-token-of-the-agent-0001"
AGENT = 65533
ASKED = 10
# Two steps, for each of which one step of every user who attacks may come first: 14 of some milliseconds, and their rests.
AGENT_LIMIT_S = 2
# Users of one attacker: who has a range of subordinate ids can be any of them.
USERS = range(200_000, 200_006)
# As many handshakes at a time as one caller may have connections.
CONNECTIONS = 64


class AttackByHandshakes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="nodescope-handshakes-")
        cls.addClassCleanup(folder.cleanup)
        pathlib.Path(folder.name).chmod(0o755)
        cls.folder = pathlib.Path(folder.name)
        cls.key, cls.certificate = cls.folder / "key.pem", cls.folder / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:4096", "-nodes", "-days", "1", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost", "-keyout", cls.key, "-out", cls.certificate], check=True, capture_output=True)

    def siege(self, *flags):
        path = self.folder / "socket"
        return Siege(self, "--tls-cert-file", str(self.certificate), "--tls-key-file", str(self.key), *flags,
                     listen=("127.0.0.1:0", f"unix:{path}"), questions=(HEALTH, MACHINE, HEALTH),
                     ways=(over_tls(callers.client_context(self.certificate)), over_unix(path)))

    def siege_with_tokens(self):
        # Any user may have a token, so strangers have as many connections as everybody.
        tokens = callers.write_secret(self.folder / "tokens", f"{TOKEN}\n")
        return self.siege("--auth", "local-peer,token-file", "--token-file", tokens)

    def ask_as_agent(self, siege):
        """Of a user who is no more than those who attack, until its token is seen."""
        began = time.monotonic()
        child = siege.attacker(ASK, siege.service.port, self.certificate, TOKEN, ASKED, uid=AGENT, wait=False)
        self.assertEqual([int(line) for line in child.stdout], [200] * ASKED)
        taken_s = (time.monotonic() - began) / ASKED
        print(f"{self.id()}: {taken_s * 1e3:.0f} ms for an answer to a good token", flush=True)
        self.assertLess(taken_s, AGENT_LIMIT_S)

    def test_hellos_where_strangers_have_few_places(self):
        with self.siege() as siege:
            siege.attacker(HELLOS, siege.service.port, 1, CONNECTIONS)
            siege.wait_for_answers()

    def test_hellos_from_one_address_do_not_keep_others_waiting(self):
        with self.siege_with_tokens() as siege:
            siege.attacker(HELLOS, siege.service.port, 1, CONNECTIONS)
            siege.wait_for_answers()
            self.ask_as_agent(siege)

    def test_hellos_from_many_addresses_do_not_keep_others_waiting(self):
        with self.siege_with_tokens() as siege:
            siege.attacker(HELLOS, siege.service.port, 200, CONNECTIONS)
            siege.wait_for_answers()
            self.ask_as_agent(siege)

    def test_hellos_of_many_users_do_not_keep_others_waiting(self):
        with self.siege_with_tokens() as siege:
            for user in USERS:
                siege.attacker(HELLOS, siege.service.port, 1, CONNECTIONS // len(USERS), uid=user)
            siege.wait_for_answers()
            self.ask_as_agent(siege)


if __name__ == "__main__":
    unittest.main()
