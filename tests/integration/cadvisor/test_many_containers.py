"""A node with 5,000 containers, as a tree of files and a fake Docker: what the service counts of itself does not grow with them, series of
containers can be limited, and one question cannot ask for more than an answer may hold."""

import gzip
import json
import os
import pathlib
import re
import tempfile
import unittest

from tests.support.fake_docker import FakeDocker, container_id, inspection
from tests.support.service import Service
from tests.support.waiting import wait_until

MANY = 5_000
PLAIN = 3
FILES = {"cpu.stat": "usage_usec 7000\nuser_usec 4000\nsystem_usec 3000\n", "memory.current": "1048576\n",
         "memory.stat": "anon 524288\nfile 262144\ninactive_file 48576\n"}
# 15,000 files are made and removed: not on a disk, where there is a choice.
FOLDER = next((folder for folder in ("/dev/shm", "/run") if os.access(folder, os.W_OK)), None)


def series(text):
    """family -> number of series"""
    found = {}
    for line in text.splitlines():
        if name := re.match(r"[a-zA-Z_:][\w:]*", line):
            found[name[0]] = found.get(name[0], 0) + 1
    return found


def make_node(root, ids):
    (root / "proc" / "1").mkdir(parents=True)
    (root / "proc" / "1" / "mountinfo").write_text("26 23 0:23 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw\n")
    for path in ["", *(f"docker/{one}" for one in ids), *(f"system.slice/plain-{number}" for number in range(PLAIN))]:
        directory = root / "sys" / "fs" / "cgroup" / path
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in FILES.items():
            (directory / name).write_text(text)
    return str(root)


class ManyContainers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(dir=FOLDER)
        cls.addClassCleanup(folder.cleanup)
        ids = [container_id(number) for number in range(MANY)]
        cls.root = make_node(pathlib.Path(folder.name, "node"), ids)
        cls.small = make_node(pathlib.Path(folder.name, "small"), ids[:1])
        cls.docker = FakeDocker(pathlib.Path(folder.name, "docker.sock")).__enter__()
        cls.addClassCleanup(cls.docker.__exit__, None, None, None)
        for number, one in enumerate(ids):
            cls.docker.inspections[one] = inspection(number, pid=1_000_000 + number)
            cls.docker.inspections[one]["Config"]["Labels"] = {"app": f"app-{number % 50}"}

    def serve(self, *flags, root=None):
        service = Service("--docker-host", f"unix://{self.docker.path}", "--root", root or self.root, *flags)
        self.addCleanup(service.__exit__, None, None, None)
        return service

    def metrics(self, service):
        status, _, body = service.request("GET", "/metrics")
        self.assertEqual(status, 200, body[:300])
        return body.decode()

    def shown_and_left_out(self, text):
        left_out = re.search(r'^nodescope_scrape_left_out{what="containers"} ([0-9]+)$', text, re.M)
        self.assertLess(len(text), 32 << 20)
        return series(text)["container_memory_usage_bytes"] + int(left_out[1])

    def wait_until_named(self, service, number):
        def named():
            return sum("namespace" in one for one in json.loads(service.request("GET", "/api/v2.0/spec?type=docker&recursive=true")[2]).values())

        wait_until(lambda: named() == number, "Docker has been heard about everybody")

    def test_the_services_own_series_do_not_grow(self):
        few = self.serve(root=self.small)
        many = self.serve()
        self.wait_until_named(few, 1)
        self.wait_until_named(many, MANY)
        for service in (few, many):
            service.request("GET", "/api/v2.0/stats?recursive=true&count=1")
            self.metrics(service)
        own = [{family: count for family, count in series(self.metrics(service)).items() if not family.startswith(("container_", "machine_"))}
               for service in (few, many)]
        self.assertEqual(own[0], own[1])
        self.assertGreater(sum(count for family, count in own[1].items() if family.startswith("nodescope_")), 20)
        text = self.metrics(many)
        for line in text.splitlines():
            if line.startswith("nodescope_"):
                self.assertNotRegex(line, "[0-9a-f]{64}|container-[0-9]|app-[0-9]")
        self.assertEqual(self.shown_and_left_out(text), MANY + PLAIN + 1)  # and "/"

    def test_series_of_containers_can_be_limited(self):
        runtime = self.serve("--metrics-containers", "runtime", "--metrics-container-labels", "none")
        found = series(self.metrics(runtime))
        self.assertEqual(self.shown_and_left_out(self.metrics(runtime)), MANY + 1)  # and "/"
        self.assertGreater(found["container_memory_usage_bytes"], 1000)
        self.assertNotIn("container_label_", self.metrics(runtime))
        none = self.serve("--metrics-containers", "none")
        found = series(self.metrics(none))
        self.assertEqual([family for family in found if family.startswith("container_")], ["container_scrape_error"])
        self.assertGreater(found["nodescope_http_requests_total"], 0)

    def test_a_scrape_is_compressed_for_who_takes_it(self):
        service = self.serve()
        plain = self.metrics(service)
        for accepted in ("gzip", "deflate, gzip;q=0.5", "*"):
            status, headers, body = service.request("GET", "/metrics", headers={"Accept-Encoding": accepted})
            self.assertEqual((status, headers["Content-Encoding"], headers["Vary"]), (200, "gzip", "Accept-Encoding"))
            self.assertLess(len(body), len(plain) // 8)
            self.assertEqual(set(series(gzip.decompress(body).decode())), set(series(plain)))
        for refused in ("identity", "gzip;q=0", "br"):
            self.assertNotIn("Content-Encoding", service.request("GET", "/metrics", headers={"Accept-Encoding": refused})[1])
        # The API's answers never are.
        self.assertNotIn("Content-Encoding", service.request("GET", "/api/v2.0/spec?recursive=true", headers={"Accept-Encoding": "gzip"})[1])

    def test_wanted_labels_alone_are_kept(self):
        service = self.serve("--metrics-container-labels", "none", "--metrics-label", "app")
        self.wait_until_named(service, MANY)
        line = next(line for line in self.metrics(service).splitlines()
                    if line.startswith("container_memory_usage_bytes") and container_id(7) in line)
        self.assertIn('container_label_app="app-7"', line)

    def test_everybody_is_measured_and_found(self):
        service = self.serve()
        status, _, body = service.request("GET", "/api/v2.0/stats?recursive=true&count=1&max_age=0s")
        self.assertEqual(status, 200, body[:300])
        found = json.loads(body)
        self.assertEqual(len(found), MANY + PLAIN + 3)
        self.assertEqual({len(samples) for samples in found.values()}, {1})
        # Descriptors are few, however many containers there are.
        self.assertLess(len(list(pathlib.Path(f"/proc/{service.pid}/fd").iterdir())), 20_000)


if __name__ == "__main__":
    unittest.main()
