"""What is too large for an answer is cut at a boundary and said so (docs/api.md, "Size")."""

import json
import pathlib
import tempfile
import unittest

from tests.support import namespace_zoo
from tests.support.service import Service

MANY_ROUTES = 50_000
DEFAULT_LIMIT = 1 << 20


class AnswerSizes(unittest.TestCase):
    def test_a_namespace_with_50000_routes(self):
        reason = namespace_zoo.why_impossible()
        if reason:
            self.skipTest(reason)
        with namespace_zoo.Zoo() as zoo:
            space = zoo.add("many-routes")
            space.add_many_routes(MANY_ROUTES)
            with Service() as service:
                status, _, body = service.process_route("/processor/netInfoCollector", {"pid": str(space.pid)})
            self.assertEqual(200, status, body[:300])
            self.assertLessEqual(len(body), DEFAULT_LIMIT)
            answer = json.loads(body)
            route = answer["collector.kubernetes.container.Route"]
            self.assertGreater(route.count("\n"), 9_000)
            self.assertTrue(route.endswith("lo\n"))
            self.assertRegex(json.loads(answer["collector.kubernetes.container.Errors"])["Route"], r"cut after \d+ of \d+")
            self.assertIn("127.0.0.1/8", answer["collector.kubernetes.container.ipaddr"])

    def test_process_list(self):
        with Service("--max-reply", "4KiB") as service:
            kept, _ = self.assert_cut(service, "/processor/processCollector", "collector.system.process.list")
        self.assertGreater(len(json.loads(kept)), 0)

    def test_mountinfo(self):
        line = "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
        with tempfile.TemporaryDirectory() as root:
            init = pathlib.Path(root, "proc", "1")
            init.mkdir(parents=True)
            (init / "mountinfo").write_text(line * 1000)
            with Service("--max-reply", "4KiB", "--root", root) as service:
                kept, total = self.assert_cut(service, "/processor/mountInfoCollector", "collector.system.mountinfo")
        self.assertEqual(1000, total)
        self.assertEqual(line * kept.count("\n"), kept)

    def assert_cut(self, service, path, key):
        """The kept text, and how many lines or elements there were."""
        status, _, body = service.process_route(path)
        self.assertEqual(200, status, body[:300])
        self.assertLessEqual(len(body), 4096)
        answer = json.loads(body)
        kept, total = map(int, answer[f"{key}.truncated"].split(" of "))
        self.assertLess(kept, total)
        text = answer[key]
        self.assertEqual(kept, len(json.loads(text)) if text.startswith("[") else text.count("\n"))
        return text, total


if __name__ == "__main__":
    unittest.main()
