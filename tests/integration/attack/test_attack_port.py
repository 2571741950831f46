"""Port 8095 needs no privilege: whoever polls bind() has it while the service restarts, and would be believed by who asks there."""

import os
import pathlib
import pty
import select
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from tests.support.callers import NOBODY
from tests.support.service import BINARY, HANG_LIMIT_S

# Listens at the address, prints it, and answers each connection like a healthy service that has something for the terminal.
SQUATTER = r"""
import socket, sys
if sys.argv[1].startswith("/"):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
    listener.listen()
    print(sys.argv[1], flush=True)
else:
    listener = socket.create_server((sys.argv[1], int(sys.argv[2])))
    print(listener.getsockname()[1], flush=True)
while True:
    connection, _ = listener.accept()
    if connection.recv(65536):
        print("asked", flush=True)
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\x1b[2Jok")
    connection.close()
"""
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs")


def run(*arguments):
    return subprocess.run([BINARY, *arguments], env={}, capture_output=True, text=True, timeout=HANG_LIMIT_S, check=False)


class AttackByTakingThePort(unittest.TestCase):
    def squat(self, address="127.0.0.1", port=0, prefix=AS_NOBODY):
        """(process, where it listens)"""
        child = subprocess.Popen([*prefix, "/usr/bin/python3", "-c", SQUATTER, address, str(port)], stdout=subprocess.PIPE, text=True, cwd="/")
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        return child, child.stdout.readline().strip()

    def assert_not_believed(self, child, *arguments):
        asked = run(*arguments)
        self.assertEqual((asked.returncode, asked.stdout), (1, ""), asked.stderr)
        self.assertIn(f"not the service: it is uid {NOBODY}, process {child.pid} (python3) who answers there", asked.stderr)
        # Nothing that was asked has reached it.
        self.assertEqual(select.select([child.stdout], [], [], 0)[0], [])

    def test_who_asks_does_not_believe_the_squatter(self):
        child, port = self.squat()
        self.assert_not_believed(child, "--healthcheck", "--listen", f"127.0.0.1:{port}")
        self.assert_not_believed(child, "ask", f"--server=http://127.0.0.1:{port}", "/healthz")
        self.assert_not_believed(child, "ask", f"--server=http://localhost:{port}", "/processor/containerCollector", "{}")
        everywhere, port = self.squat("0.0.0.0")
        self.assert_not_believed(everywhere, "--healthcheck", "--listen", f"0.0.0.0:{port}")

    def test_nor_where_it_does_not_accept(self):
        child, port = self.squat()
        child.send_signal(signal.SIGSTOP)
        self.addCleanup(child.send_signal, signal.SIGCONT)
        self.assert_not_believed(child, "--healthcheck", "--listen", f"127.0.0.1:{port}")

    def test_nor_a_unix_socket(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o777)
            path = pathlib.Path(folder, "nodescope.sock")
            child, _ = self.squat(str(path))
            self.assert_not_believed(child, "--healthcheck", "--listen", f"unix:{path}")

    def test_the_users_own_service_and_roots_are_believed(self):
        _, port = self.squat(prefix=())
        asked = run("ask", f"--server=http://127.0.0.1:{port}", "/healthz")
        self.assertEqual((asked.returncode, asked.stdout), (0, "\x1b[2Jok"))
        _, port = self.squat()
        asked = subprocess.run([*AS_NOBODY, BINARY, "ask", f"--server=http://127.0.0.1:{port}", "/healthz"], env={}, capture_output=True,
                               text=True, timeout=HANG_LIMIT_S, check=False)
        self.assertEqual((asked.returncode, asked.stdout), (0, "\x1b[2Jok"))

    def test_a_terminal_gets_no_orders(self):
        _, port = self.squat(prefix=())
        ours, terminal = pty.openpty()
        self.addCleanup(os.close, ours)
        with open(terminal, "wb") as shown:
            subprocess.run([BINARY, "ask", f"--server=http://127.0.0.1:{port}", "/healthz"], env={}, stdout=shown, timeout=HANG_LIMIT_S, check=True)
            self.assertEqual(os.read(ours, 1000), b"\\x1b[2Jok")

    def start(self, *listen):
        """A service that does not come to listen at once."""
        addresses = [word for address in listen for word in ("--listen", address)]
        process = subprocess.Popen([BINARY, "serve", "--log-format", "json", "--docker-host", "unix:///nonexistent/docker.sock", *addresses],
                                   stderr=subprocess.PIPE, text=True, env={})
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_the_service_waits_and_says_for_whom(self):
        child, port = self.squat()
        service = self.start("127.0.0.1:0", f"127.0.0.1:{port}")
        said = service.stderr.readline()
        self.assertIn("an address is taken: waiting for it", said)
        self.assertIn(f"127.0.0.1:{port} is held by uid {NOBODY}, process {child.pid} (python3)", said)
        child.kill()
        child.wait()
        began = time.monotonic()
        self.assertRegex(service.stderr.readline(), rf'"addresses":"127.0.0.1:\d+,127.0.0.1:{port}"')
        self.assertLess(time.monotonic() - began, 10)
        self.assertEqual(run("--healthcheck", "--listen", f"127.0.0.1:{port}").stdout, "ok")
        service.send_signal(signal.SIGTERM)
        self.assertEqual(service.wait(HANG_LIMIT_S), 0)

    def test_it_can_be_stopped_while_it_waits(self):
        _, port = self.squat()
        service = self.start(f"127.0.0.1:{port}")
        service.stderr.readline()
        service.send_signal(signal.SIGTERM)
        self.assertEqual(service.wait(HANG_LIMIT_S), 0)

    def test_an_address_without_a_listener(self):
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            service = self.start(f"127.0.0.1:{bound.getsockname()[1]}")
            self.assertIn("a socket holds the address without listening", service.stderr.readline())
        self.assertIn("listening", service.stderr.readline())

    def test_a_unix_socket_of_somebody(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o777)
            path = pathlib.Path(folder, "nodescope.sock")
            child, _ = self.squat(str(path))
            service = self.start(f"unix:{path}")
            self.assertIn(f"is held by uid {NOBODY}, process {child.pid} (python3)", service.stderr.readline())
            child.kill()
            child.wait()
            self.assertIn("listening", service.stderr.readline())


if __name__ == "__main__":
    unittest.main()
