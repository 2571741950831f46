"""A scrape of /metrics measures once; samples between scrapes are for whoever asks for them."""

import json
import pathlib
import re
import unittest

from tests.support.own_cgroup import Cgroup
from tests.support.service import Service
from tests.support.waiting import wait_until


class Scrapes(unittest.TestCase):
    def samples(self, service, group):
        status, _, body = service.request("GET", f"/api/v2.0/stats{group.path}?count=-1")
        self.assertEqual(status, 200, body)
        return json.loads(body)[group.path]

    def test_each_measures_once(self):
        group = Cgroup(self)
        with Service("--docker-host", "unix:///nonexistent", "--sample-interval", "250ms", "--sample-idle", "1m") as service:

            def wakes():
                return int(re.search(r"(?m)^voluntary_ctxt_switches:\s*(\d+)", pathlib.Path(f"/proc/{service.pid}/status").read_text())[1])

            for _ in range(2):
                self.assertEqual(service.request("GET", "/metrics")[0], 200)
            before = wakes()
            wait_until(lambda: wakes() >= before + 4, "the time of several samples has passed")
            # The last is of whoever asks for samples, as the others are old.
            self.assertLessEqual(len(self.samples(service, group)), 3)
            wait_until(lambda: len(self.samples(service, group)) >= 5, "samples come as soon as somebody wants them")


if __name__ == "__main__":
    unittest.main()
