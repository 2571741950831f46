"""A runtime's answers cost what they say of themselves, and no more."""

import json
import pathlib
import tempfile
import unittest

from tests.support.fake_docker import FakeDocker, container_id, summary
from tests.support.siege import HEALTH, MACHINE, MIB, Siege

LIST = "/processor/containerCollector"
LIST_KEY = "collector.kubernetes.container.list"


class AttackWithBytesOfDocker(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="nodescope-budgets-")
        self.addCleanup(folder.cleanup)
        self.socket = pathlib.Path(folder.name) / "docker.sock"

    def daemon(self):
        return self.enterContext(FakeDocker(self.socket))

    def siege(self):
        return Siege(self, "--docker-host", f"unix://{self.socket}", questions=(HEALTH, MACHINE))

    def test_labels_of_32_mb_do_not_deny_the_container_list(self):
        labels = {f"attack.{number}": "x" * 60_000 for number in range(560)}
        daemon = self.daemon()
        daemon.raw_list = json.dumps([summary(1, labels=labels), summary(2, labels={"app": "web"})]).encode()
        self.assertGreater(len(daemon.raw_list), 32 * MIB)
        with self.siege() as siege:
            for _ in range(3):
                status, _, body = siege.service.request("POST", LIST, b"{}")
                self.assertEqual(status, 200, body[:300])
                answer = json.loads(body)
                found = json.loads(answer[LIST_KEY])
                self.assertEqual([one["Id"] for one in found], [container_id(1), container_id(2)])
                self.assertEqual(found[1]["Labels"], {"app": "web"})
                self.assertLess(len(found[0]["Labels"]), 2)
                self.assertIn("too long", answer[LIST_KEY + ".leftOut"])
            siege.wait_for_answers()
            self.assertGreaterEqual(json.loads(siege.service.request("GET", "/status")[2])["leftOut"]["dockerStrings"], 3 * 559)

    def test_32_mb_of_escaped_quotes_do_not_hold_the_reactor(self):
        daemon = self.daemon()
        daemon.raw_list = b'[{"Id":"%s","Labels":{"quotes":"%s"}}]' % (container_id(1).encode(), b'\\"' * (16 * MIB))
        with self.siege() as siege:
            for _ in range(3):
                status, _, body = siege.service.request("POST", LIST, b"{}")
                self.assertEqual(status, 200, body[:300])
            siege.wait_for_answers()

    def test_an_answer_as_long_as_it_may_be_is_read_off_the_reactor(self):
        daemon = self.daemon()
        text = '"' * 30_000
        daemon.containers = [{**summary(number), "Command": text} for number in range(200)]
        with self.siege() as siege:
            for _ in range(5):
                status, _, body = siege.service.request("POST", LIST, b"{}")
                self.assertEqual(status, 200, body[:300])
                self.assertIn(LIST_KEY + ".truncated", json.loads(body))
            siege.wait_for_answers()


if __name__ == "__main__":
    unittest.main()
