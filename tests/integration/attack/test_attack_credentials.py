"""What a stranger can do to those who have credentials, and with files that decide who has them."""

import os
import pathlib
import signal
import tempfile
import time
import unittest

from tests.support import callers
from tests.support.fake_kubernetes import Certificates, FakeKubernetes, write_kubeconfig
from tests.support.service import Service
from tests.support.siege import Siege
from tests.support.waiting import wait_until

TOKEN = "the-token-of-the-agent-0001"
PATH = "/processor/mountInfoCollector"
# A stream is asked for again every 5 s.
STREAM_LIMIT_S = 12
# What the API server allowed is remembered for a minute, the token and the right each for itself.
REVIEW_LIMIT_S = 60
NO_DOCKER = ("--docker-host", "unix:///nonexistent/docker.sock")


class Credentials(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="nodescope-credentials-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.folder.chmod(0o755)

    def write(self, name, text, mode=0o600, owner=0):
        path = pathlib.Path(callers.write_secret(self.folder / name, text, mode))
        os.chown(path, owner, 0)
        return path

    def logged(self, service, message):
        return [line for line in service.log if line.get("message") == message]


class AttackByFiles(Credentials):
    """Whoever can write a file that decides who may ask can ask."""

    def assert_refused(self, reason, *flags):
        with self.assertRaises(RuntimeError) as refused:
            with Service(*flags):
                self.fail(f"it serves with {flags}")
        self.assertIn(reason, str(refused.exception))

    def test_files_that_others_can_change_are_refused_at_the_start(self):
        config = self.write("config.toml", 'allow-host = ["a.example"]\n')
        tokens = self.write("tokens", f"{TOKEN}\n")
        flags = ("--config", str(config), "--auth", "token-file", "--token-file", str(tokens))
        with Service(*flags) as service:
            self.assertEqual(callers.ask(service.port, "POST", PATH, callers.bearer(TOKEN))[0], 200)
        for path in (config, tokens):
            for mode, owner, reason in ((0o660, 0, "can be written by its group"), (0o602, 0, "can be written by everybody"),
                                        (0o600, callers.NOBODY, "belongs to uid 65534")):
                with self.subTest(path=path.name, mode=oct(mode), owner=owner):
                    path.chmod(mode)
                    os.chown(path, owner, 0)
                    self.assert_refused(reason, *flags)
            path.chmod(0o600)
            os.chown(path, 0, 0)

    def test_a_reload_keeps_what_was_before(self):
        config = self.write("config.toml", 'allow-host = ["a.example"]\n')
        tokens = self.write("tokens", f"{TOKEN}\n")
        with Service("--config", str(config), "--auth", "token-file", "--token-file", str(tokens)) as service:
            self.write("config.toml", 'allow-host = ["b.example"]\n', 0o666)
            self.write("tokens", "the-token-of-a-stranger-01\n", owner=callers.NOBODY)
            os.kill(service.pid, signal.SIGHUP)
            kept = wait_until(lambda: self.logged(service, "configuration not reloaded, the old one stays"), "the reload")
            self.assertIn("can be written by everybody", kept[0]["reason"])
            kept = wait_until(lambda: self.logged(service, "credentials could not be read again, the old ones stay in use"), "the reload")
            self.assertIn("belongs to uid 65534", kept[0]["reason"])
            self.assertEqual(callers.ask(service.port, "POST", PATH, callers.bearer(TOKEN))[0], 200)
            self.assertEqual(callers.ask(service.port, "POST", PATH, callers.bearer("the-token-of-a-stranger-01"))[0], 401)

    def test_what_kubernetes_mounts_is_taken(self):
        # Symbolic links in two steps, files of root that everybody or the group may read.
        (self.folder / "..now").symlink_to(self.folder)
        self.write("real.toml", 'allow-host = ["a.example"]\n', 0o644)
        self.write("real", f"{TOKEN}\n", 0o440)
        for link in ("tokens", "config.toml"):
            (self.folder / link).symlink_to(f"..now/real{pathlib.Path(link).suffix}")
        flags = ("--config", self.folder / "config.toml", "--auth", "token-file", "--token-file", self.folder / "tokens")
        with Service(*map(str, flags)) as service:
            self.assertEqual(callers.ask(service.port, "POST", PATH, callers.bearer(TOKEN))[0], 200)


class AttackByStaying(Credentials):
    """A stream lasts no longer than the right to it."""

    def stream(self, service, headers, tls=None):
        connection = callers.connect(service.port, uid=callers.NOBODY, tls=tls)
        self.addCleanup(connection.close)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        connection.sendall(f"GET /api/v2.0/events?stream=true&all_events=true HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode())
        head = connection.recv(65536)
        self.assertTrue(head.startswith(b"HTTP/1.1 200 "), head)
        return connection

    def test_a_revoked_token_ends_its_streams(self):
        other = "the-token-of-somebody-else1"
        tokens = self.write("tokens", f"{TOKEN}\n{other}\n")
        with Service("--auth", "token-file", "--token-file", str(tokens), *NO_DOCKER) as service:
            revoked, kept = (self.stream(service, callers.bearer(token)) for token in (TOKEN, other))
            self.write("tokens", f"{other}\n")
            os.kill(service.pid, signal.SIGHUP)
            wait_until(lambda: self.logged(service, "credentials were read again"), "the reload")
            self.assert_ended(service, [revoked], STREAM_LIMIT_S)
            self.assert_lasts(kept)

    def assert_ended(self, service, streams, limit_s):
        """Within `limit_s`, and no other."""
        for stream in streams:
            stream.settimeout(limit_s)
            while stream.recv(65536):
                pass
        ended = "a stream ended: its caller is not admitted any more"
        wait_until(lambda: len(self.logged(service, ended)) >= len(streams), "the lines that say why")
        self.assertEqual(len(self.logged(service, ended)), len(streams))

    def assert_lasts(self, stream):
        stream.settimeout(STREAM_LIMIT_S / 2)
        with self.assertRaises(TimeoutError):
            while stream.recv(65536):
                pass

    def test_an_authority_that_was_taken_away_ends_the_streams_of_its_certificates(self):
        pems = Certificates(self.folder)
        server = pems.issue(pems.authority("server-ca"), "server", "DNS:localhost")
        former, latter = pems.authority("former"), pems.authority("latter")
        trusted = self.write("clients.pem", former.read_text() + latter.read_text())
        with Service("--auth", "client-certificate", "--client-ca-file", str(trusted), "--allow-client-name", "agent", "--tls-cert-file",
                     str(server[0]), "--tls-key-file", str(server[1]), *NO_DOCKER) as service:
            revoked, kept = (self.stream(service, {}, callers.client_context(self.folder / "server-ca.pem", pems.issue(authority, "agent")))
                             for authority in (former, latter))
            self.write("clients.pem", latter.read_text())
            os.kill(service.pid, signal.SIGHUP)
            wait_until(lambda: self.logged(service, "credentials were read again"), "the reload")
            self.assert_ended(service, [revoked], STREAM_LIMIT_S)
            self.assert_lasts(kept)

    def test_what_the_api_server_takes_away_ends_the_streams(self):
        pems = Certificates(self.folder)
        authority = pems.authority("ca")
        with FakeKubernetes(*pems.issue(authority, "server", "IP:127.0.0.1"), tokens=["of-the-service"]) as api:
            kubeconfig = write_kubeconfig(self.folder / "config", api.url, authority, {"token": "of-the-service"})
            names = ("without-token", "without-right", "kept")
            api.users.update({name: f"user-{name}" for name in names})
            api.rights = {(f"user-{name}", "get", "nodes/stats") for name in names}
            with Service("--auth", "kubernetes", "--kubeconfig", kubeconfig, "--node-name", "node-a", *NO_DOCKER) as service:
                streams = [self.stream(service, callers.bearer(name)) for name in names]
                del api.users["without-token"]
                api.rights.remove(("user-without-right", "get", "nodes/stats"))
                self.assert_ended(service, streams[:2], REVIEW_LIMIT_S + STREAM_LIMIT_S)
                self.assert_lasts(streams[2])
                # At the end of what was remembered, the API server was asked about each again, once.
                self.assertLessEqual(len(api.reviews), 4 * len(names))


# Shows credentials that are wrong, over as many connections as it is asked for.
GUESSES = """
import base64, http.client, itertools, sys, threading
port, source, kind, threads = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
numbers, pause = itertools.count(), threading.Event()
def guess():
    while True:
        wrong = f"a-wrong-secret-{next(numbers)}"
        shown = f"Bearer {wrong}" if kind == "token" else "Basic " + base64.b64encode(f"agent:{wrong}".encode()).decode()
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=(source, 0))
            connection.request("POST", "/processor/mountInfoCollector", body="{}", headers={"Authorization": shown})
            connection.getresponse().read()
            connection.close()
            pause.wait(0.01)  # faster would only take the processor from everybody
        except (OSError, http.client.HTTPException):
            pass
for _ in range(threads):
    threading.Thread(target=guess).start()
print("begun", flush=True)
"""

# Asks with what it is given, and says what came.
ASK = """
import http.client, sys, threading
pause = threading.Event()
port, source, shown, count = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
for _ in range(count):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=(source, 0))
    connection.request("POST", "/processor/mountInfoCollector", body="{}", headers={"Authorization": shown})
    print(connection.getresponse().status, flush=True)
    connection.close()
    pause.wait(0.02)
"""
# A uid that is neither root nor the attacker's.
AGENT = 65533
PASSWORD = "correct horse"
HASH = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"  # of PASSWORD
# Nobody's password; each check takes as long as one of this cost, about a quarter of a second.
COSTLY = "$2b$12$abcdefghijklmnopqrstuuAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
# Of each of two addresses: more than wait in line.
GUESSING_CONNECTIONS = 40
# How long somebody with a right password may wait while others guess: for the guess of each address that is before it.
CHECK_LIMIT_S = 3


class AttackByGuessing(Credentials):
    """Guesses cost those who guess."""

    def ask(self, siege, source, shown, count, uid):
        child = siege.attacker(ASK, siege.service.port, source, shown["Authorization"], count, uid=uid, wait=False)
        return [int(line) for line in child.stdout]

    def worker_seconds(self, service):
        """What the threads behind the reactor have used of the processor."""
        ticks = 0
        for task in pathlib.Path(f"/proc/{service.pid}/task").iterdir():
            if task.name != str(service.pid):
                fields = (task / "stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def test_a_good_token_is_let_in_beside_a_stranger_at_its_address(self):
        tokens = self.write("tokens", f"{TOKEN}\n")
        with Siege(self, "--auth", "local-peer,token-file", "--token-file", str(tokens)) as siege:
            siege.attacker(GUESSES, siege.service.port, "127.0.0.2", "token", 4)
            siege.wait_for_answers(20)
            # The same address, and the same user.
            statuses = self.ask(siege, "127.0.0.2", callers.bearer(TOKEN), 40, callers.NOBODY)
            self.assertEqual(statuses, [200] * 40)

    def test_a_right_password_is_checked_before_the_many_of_a_stranger(self):
        passwords = self.write("passwords", f"agent:{HASH}\ncostly:{COSTLY}\n")
        with Siege(self, "--auth", "local-peer,basic", "--password-file", str(passwords)) as siege:
            for source in ("127.0.0.2", "127.0.0.4"):
                siege.attacker(GUESSES, siege.service.port, source, "password", GUESSING_CONNECTIONS)
            siege.wait_for_answers(20)
            right = callers.basic("agent", PASSWORD)
            began, used = time.monotonic(), self.worker_seconds(siege.service)
            self.assertEqual(self.ask(siege, "127.0.0.3", right, 1, AGENT), [200])
            self.assertLess(time.monotonic() - began, CHECK_LIMIT_S)
            # It is remembered, so it is good beside the stranger too.
            self.assertEqual(self.ask(siege, "127.0.0.2", right, 20, callers.NOBODY), [200] * 20)
            siege.until(lambda: time.monotonic() - began > 4, "a while in which to measure")
            share = (self.worker_seconds(siege.service) - used) / (time.monotonic() - began)
            print(f"{self.id()}: checks take {share:.2f} of a core", flush=True)
            self.assertLess(share, 0.75)


if __name__ == "__main__":
    unittest.main()
