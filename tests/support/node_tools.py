"""What the node's own tools say, and cAdvisor's API beside it. Standard library only."""

import json
import os
import subprocess
import unittest


def lines_of(command):
    return subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}).stdout.splitlines()


class Asking(unittest.TestCase):
    """Tests that ask `self.service`."""

    def answer(self, path, service=None):
        status, headers, body = (service or self.service).request("GET", "/api/" + path)
        self.assertEqual(status, 200, body)
        self.assertEqual(headers["Content-Type"], "application/json")
        self.assertFalse(body.endswith(b"\n"))
        return json.loads(body)

    def refusal(self, path, service=None):
        status, headers, body = (service or self.service).request("GET", "/api/" + path)
        self.assertEqual(status, 500, body)
        self.assertEqual(headers["Content-Type"], "text/plain; charset=utf-8")
        return body.decode()
