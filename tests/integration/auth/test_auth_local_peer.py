"""Who asks over loopback or a Unix socket is the owner of the socket, as the kernel says, and nobody else."""

import os
import pathlib
import signal
import socket
import struct
import subprocess
import tempfile
import unittest

from tests.support import callers
from tests.support.fake_docker import FakeDocker
from tests.support.service import Service

PATH = "/processor/containerCollector"
REQUEST = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{{}}".encode()


class LocalPeer(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="nodescope-peer-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.docker = self.enterContext(FakeDocker(self.folder / "docker.sock"))

    def serve(self, *flags, **more):
        return self.enterContext(Service("--docker-host", f"unix://{self.docker.path}", *flags, **more))

    def status_of(self, family, address, uid):
        """Of one request from a socket of this user."""
        with callers.effective_uid(uid):
            connection = socket.socket(family, socket.SOCK_STREAM)
            connection.connect(address)
        with connection:
            connection.sendall(REQUEST)
            return int(connection.recv(65536).split(b" ")[1])

    def test_each_way_to_the_loopback(self):
        unix = self.folder / "nodescope.sock"
        service = self.serve(listen=("127.0.0.1:0", "[::1]:0", f"unix:{unix}"))
        v4, v6 = (int(address.rsplit(":", 1)[1]) for address in service.addresses[:2])
        os.chmod(self.folder, 0o755)
        os.chmod(unix, 0o666)  # so that it is not the file that refuses
        ways = [(socket.AF_INET, ("127.0.0.1", v4)), (socket.AF_INET6, ("::1", v6)), (socket.AF_INET6, ("::ffff:127.0.0.1", v4)),
                (socket.AF_UNIX, str(unix))]
        for family, address in ways:
            with self.subTest(address=address):
                self.assertEqual(self.status_of(family, address, 0), 200)
                seen = len(self.docker.requests)
                self.assertEqual(self.status_of(family, address, callers.NOBODY), 403)
                self.assertEqual(len(self.docker.requests), seen)

    def test_the_same_request_by_a_program_of_another_user(self):
        service = self.serve()
        url = f"http://127.0.0.1:{service.port}{PATH}"
        for uid, expected in ((0, "200"), (callers.NOBODY, "403")):
            done = subprocess.run(["setpriv", f"--reuid={uid}", "--clear-groups", "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-X",
                                   "POST", "-H", "Content-Type: application/json", "-d", "{}", url], capture_output=True, text=True, check=True)
            self.assertEqual(done.stdout, expected)

    def test_the_list_replaces_the_default(self):
        service = self.serve("--local-peer-uid", f"{callers.NOBODY},4242")
        for uid, expected in ((callers.NOBODY, 200), (4242, 200), (0, 403), (4243, 403)):
            self.assertEqual(callers.ask(service.port, "POST", PATH, uid=uid)[0], expected, uid)

    def test_a_service_of_another_user_admits_root_and_itself(self):
        os.chmod(self.folder, 0o755)
        os.chmod(self.docker.path, 0o666)
        # Without any right it cannot tell root from root's container runtimes.
        service = self.serve("--local-peer-allow-forwarded",
                             prefix=("setpriv", f"--reuid={callers.NOBODY}", f"--regid={callers.NOBODY}", "--clear-groups"))
        for uid, expected in ((callers.NOBODY, 200), (0, 200), (4242, 403)):
            self.assertEqual(callers.ask(service.port, "POST", PATH, uid=uid)[0], expected, uid)

    def test_a_socket_without_a_process_is_not_roots(self):
        # Once its process has closed it, the kernel gives 0 for the owner of a socket. The service sleeps while that happens.
        service = self.serve()
        ways = {"closed": lambda s: s.close(), "shut down and closed": lambda s: (s.shutdown(socket.SHUT_WR), s.close()),
                "closed with unread": lambda s: (s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 1)), s.close()),
                "reset": lambda s: (s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)), s.close())}
        for way, leave in ways.items():
            with self.subTest(way=way):
                os.kill(service.pid, signal.SIGSTOP)
                for _ in range(20):
                    connection = callers.connect(service.port, uid=callers.NOBODY)
                    connection.sendall(REQUEST)
                    leave(connection)
                os.kill(service.pid, signal.SIGCONT)
                # Connections are taken in order, and each is asked about before the next comes to its answer.
                self.assertEqual(callers.ask(service.port, "POST", "/processor/mountInfoCollector", uid=0)[0], 200)
        self.assertEqual(self.docker.requests, [])
        self.assertEqual([line["status"] for line in service.log if line.get("path") == PATH and line.get("status") == 200], [])

    def test_half_closed_is_still_there(self):
        service = self.serve()
        for uid, expected in ((0, b"200"), (callers.NOBODY, b"403")):
            connection = callers.connect(service.port, uid=uid)
            connection.sendall(REQUEST)
            connection.shutdown(socket.SHUT_WR)
            received = connection.recv(65536)
            connection.close()
            if received:  # The end of a client's sending may be taken for its end.
                self.assertEqual(received.split(b" ")[1], expected)

    def test_one_look_for_a_connection(self):
        # A socket that is handed on stays its maker's: asked twice over one connection, the answer is the same.
        service = self.serve()
        connection = callers.connect(service.port, uid=callers.NOBODY)
        self.addCleanup(connection.close)
        connection.sendall(REQUEST)
        self.assertIn(b" 403 ", connection.recv(65536))

    def test_refusals_of_others_do_not_lock_root_out(self):
        service = self.serve()
        statuses = [callers.ask(service.port, "POST", PATH, uid=callers.NOBODY, address="127.0.0.1")[0] for _ in range(60)]
        self.assertEqual(set(statuses), {403, 429})
        self.assertEqual(callers.ask(service.port, "POST", PATH, uid=0, address="127.0.0.1")[0], 200)


if __name__ == "__main__":
    unittest.main()
