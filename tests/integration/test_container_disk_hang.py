"""A container whose files lie on a disk that hangs: a FUSE filesystem that answers nothing, in a mount namespace of the service. Nobody else
hangs with it, and the service ends. Contract: cadvisor-v2.md §14.2; operations.md W6."""

import json
import os
import pathlib
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from fake_docker import FakeDocker, container_id, inspection  # noqa: E402
from own_cgroup import Cgroup  # noqa: E402
from service import HANG_LIMIT_S, Service  # noqa: E402

# bash, for it closes descriptors of two digits: the filesystem must be the test's alone.
MOUNT = 'mount -i -t fuse -o fd={fd},rootmode=40000,user_id=0,group_id=0 hung "{place}" && exec "$@" {fd}>&-'
HUNG, SOUND = 1, 2


@unittest.skipUnless(os.geteuid() == 0 and os.path.exists("/dev/fuse"), "needs root and FUSE")
class HungDisk(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name in ("hung", "sound", "docker/containers"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "sound/file").write_bytes(b"x" * 100_000)
        docker = self.enterContext(FakeDocker(self.folder / "docker.sock"))
        docker.information = {"DockerRootDir": str(self.folder / "docker"), "Driver": "overlay2"}
        parent = Cgroup(self)
        for number, layer in ((HUNG, "hung"), (SOUND, "sound")):
            inside = parent.below(self, container_id(number)).run("print('in', flush=True); import time; time.sleep(1000)")
            said = inspection(number, pid=inside.pid)
            said.update(Driver="overlay2", GraphDriver={"Name": "overlay2", "Data": {"UpperDir": str(self.folder / layer)}})
            docker.inspections[container_id(number)] = said

    def serve(self, *flags):
        hung = os.open("/dev/fuse", os.O_RDWR)
        # Closing it ends what still waits there.
        self.addCleanup(os.close, hung)
        script = MOUNT.format(fd=hung, place=self.folder / "hung")
        service = Service("--docker-host", f"unix://{self.folder / 'docker.sock'}", *flags, pass_fds=(hung,),
                          prefix=("unshare", "--mount", "bash", "-c", script, "bash"))
        self.addCleanup(service.stop)
        return service

    def sample(self, service, number):
        status, _, body = service.request("GET", f"/api/v2.1/stats/{container_id(number)}?type=docker&count=1&max_age=0")
        self.assertEqual(status, 200, body)
        (container,) = json.loads(body).values()
        self.assertGreater(container["stats"][0]["memory"]["usage"], 0)
        return container["stats"][0]

    def metric(self, service, name):
        lines = service.request("GET", "/metrics")[2].decode().splitlines()
        return float(next(line for line in lines if line.startswith(name)).rpartition(" ")[2])

    def test_takes_nobody_with_it(self):
        service = self.serve("--timeout-disk-usage", "200ms")
        self.assertIn("filesystem", self.sample(service, SOUND))
        self.assertNotIn("filesystem", self.sample(service, HUNG))
        end = time.monotonic() + HANG_LIMIT_S
        while not self.metric(service, 'nodescope_backend_deadline_misses_total{backend="disk"}'):
            self.assertLess(time.monotonic(), end, "the deadline of the walk never passed")
        (told,) = [event for event in service.log if event["message"] == "disk usage of containers is missing or too low"]
        self.assertEqual(told["reason"], "disk usage: not finished within 200ms")
        self.assertIn("filesystem", self.sample(service, SOUND), "what was known stays known")
        self.assertNotIn("filesystem", self.sample(service, HUNG))
        self.assertEqual(self.metric(service, "nodescope_workers_abandoned"), 0)
        self.assertEqual(self.metric(service, "container_scrape_error"), 0)
        self.assertEqual(service.stop(), 0)
        self.assertIn("a worker hangs in the kernel: leaving it behind", [event["message"] for event in service.log])


if __name__ == "__main__":
    unittest.main()
