"""tools/test-dockerd stop: a dockerd that answers pings and nothing else is ended all the same."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

from tests.support.scripts import load_script

test_dockerd = load_script("tools/test-dockerd")

# A dockerd by its name and arguments: lists its containers, if it is to, and does not answer what should remove them.
STAND_IN = """
import http.server, json, socketserver, sys, threading

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/_ping":
            self.answer(b"OK")
        elif self.path.startswith("/containers/json") and "lists" in sys.argv:
            self.answer(json.dumps([{"Id": str(number)} for number in range(20)]).encode())
        else:
            self.do_DELETE()

    def do_DELETE(self):
        threading.Event().wait()

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self):
        return "-"

class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

server = Server(sys.argv[1] + "/docker.sock", Handler)
print("listening", flush=True)
server.serve_forever()
"""


class Stop(unittest.TestCase):
    def setUp(self):
        outer = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="nst-", dir="/tmp")))
        self.daemon = test_dockerd.Daemon(outer / "d")
        # Nobody here made an interface, a mount or a cgroup.
        self.daemon.data.mkdir(parents=True)
        self.daemon.marker.touch()
        self.enterContext(unittest.mock.patch.multiple(test_dockerd, STOP_LIMIT_S=5, REMOVAL_LIMIT_S=0.3))

    def start(self, *more):
        process = subprocess.Popen(["dockerd", "-c", STAND_IN, str(self.daemon.dir), *more], executable=sys.executable,
                                   stdout=subprocess.PIPE, text=True,
                                   env={**os.environ, "PYTHONHOME": sys.base_prefix})
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), "listening\n")
        return process

    def test_one_that_does_not_even_list_its_containers(self):
        process = self.start()
        self.daemon.stop()
        self.assertIsNotNone(process.poll())
        self.assertFalse(self.daemon.dir.exists())

    def test_one_that_removes_none_of_its_containers(self):
        process = self.start("lists")
        asked = []
        request = self.daemon.request
        self.daemon.request = lambda method, *more, **limits: asked.append(method) or request(method, *more, **limits)
        self.daemon.stop()
        self.assertIsNotNone(process.poll())
        self.assertEqual(asked.count("DELETE"), 1, "each of them is waited for")
        self.assertFalse(self.daemon.dir.exists())


if __name__ == "__main__":
    unittest.main()
