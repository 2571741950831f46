"""A service with a sampler under test, and streams of its events."""

import http.client
import json
import os
import tempfile
import threading
import unittest

from tests.support.service import HANG_LIMIT_S, Service


class Listener:
    """A stream of events on a connection of its own, read by a thread."""

    def __init__(self, test, service, options="", container="/"):
        self.seen = []
        self._connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=HANG_LIMIT_S)
        self._connection.request("GET", f"/api/v2.0/events{container}?stream=true&subcontainers=true{options}")
        self._answer = self._connection.getresponse()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        test.addCleanup(self.close)

    def _read(self):
        try:
            while line := self._answer.readline():
                self.seen.append(json.loads(line))
        except (OSError, ValueError, AttributeError):
            pass  # closed by the test, or never ended by the service: `seen` tells

    def of(self, text):
        return [one for one in list(self.seen) if text in one["container_name"]]

    def close(self):
        if self._connection.sock:
            self._connection.sock.shutdown(2)
        self._thread.join(HANG_LIMIT_S)
        self._connection.close()


class SamplerCase(unittest.TestCase):
    flags = ()

    def serve(self, *flags):
        folder = tempfile.mkdtemp()
        self.addCleanup(os.rmdir, folder)
        if "--docker-host" not in flags:
            flags = ("--docker-host", f"unix://{folder}/no-docker.sock", *flags)
        service = Service(*flags)
        self.addCleanup(service.__exit__, None, None, None)
        return service

    def answer(self, service, path):
        status, _, body = service.request("GET", "/api/" + path)
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def is_unknown(self, service, path):
        self.assertEqual(service.request("GET", "/api/v2.0/spec" + path)[2].decode(), f'unknown container "{path}"\n')
