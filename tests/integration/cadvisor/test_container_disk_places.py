"""Containers whose files lie elsewhere than usual, with a Docker that says so. On a disk that hangs (a FUSE filesystem that answers nothing, in
a mount namespace of the service): nobody else hangs with it, and the service ends. In the containerd image store: found by the mount.
With a driver that keeps no directory: no figure, no error."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from tests.support.fake_docker import FakeDocker, container_id, inspection
from tests.support.own_cgroup import Cgroup
from tests.support.service import Service
from tests.support.waiting import wait_until

# bash, for it closes descriptors of two digits: the filesystem must be the test's alone.
MOUNT = 'mount -i -t fuse -o fd={fd},rootmode=40000,user_id=0,group_id=0 hung "{place}" && exec "$@" {fd}>&-'
HUNG, SOUND = 1, 2


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name in ("hung", "sound", "docker/containers"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "sound/file").write_bytes(b"x" * 100_000)
        self.docker = self.enterContext(FakeDocker(self.folder / "docker.sock"))
        self.docker.information = {"DockerRootDir": str(self.folder / "docker"), "Driver": "overlay2"}
        parent = Cgroup(self)
        for number, layer in ((HUNG, "hung"), (SOUND, "sound")):
            inside = parent.below(self, container_id(number)).run("print('in', flush=True); import signal; signal.pause()")
            said = inspection(number, pid=inside.pid)
            said.update(Driver="overlay2", GraphDriver={"Name": "overlay2", "Data": {"UpperDir": str(self.folder / layer)}})
            self.docker.inspections[container_id(number)] = said

    def serve(self, *flags, **more):
        service = Service("--docker-host", f"unix://{self.folder / 'docker.sock'}", *flags, **more)
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

    def told(self, service):
        return [event["reason"] for event in service.log if event["message"] == "disk usage of containers is missing or too low"]


@unittest.skipUnless(os.geteuid() == 0 and os.path.exists("/dev/fuse"), "needs root and FUSE")
class HungDisk(Case):
    def test_takes_nobody_with_it(self):
        hung = os.open("/dev/fuse", os.O_RDWR)
        # Closing it ends what still waits there.
        self.addCleanup(os.close, hung)
        script = MOUNT.format(fd=hung, place=self.folder / "hung")
        service = self.serve("--timeout-disk-usage", "200ms", pass_fds=(hung,),
                             prefix=("unshare", "--mount", "bash", "-c", script, "bash"))
        self.assertIn("filesystem", self.sample(service, SOUND))
        self.assertNotIn("filesystem", self.sample(service, HUNG))
        wait_until(lambda: self.metric(service, 'nodescope_backend_deadline_misses_total{backend="disk"}'), "the deadline of the walk passes")
        self.assertEqual(wait_until(lambda: self.told(service), "the warning"), ["disk usage: not finished within 200ms"])
        self.assertIn("filesystem", self.sample(service, SOUND), "what was known stays known")
        self.assertNotIn("filesystem", self.sample(service, HUNG))
        self.assertEqual(self.metric(service, "nodescope_workers_abandoned"), 0)
        self.assertEqual(self.metric(service, "container_scrape_error"), 0)
        self.assertEqual(service.stop(), 0)
        self.assertIn("a worker hangs in the kernel: leaving it behind", [event["message"] for event in service.log])


class OtherDrivers(Case):
    def say(self, driver):
        """Docker names no directory."""
        self.docker.inspections[container_id(SOUND)].update(Driver=driver, GraphDriver={"Name": driver, "Data": None})

    def test_a_driver_that_keeps_no_directory_has_no_figure(self):
        self.say("vfs")
        service = self.serve()
        self.assertNotIn("filesystem", self.sample(service, SOUND))
        wait_until(lambda: self.metric(service, 'nodescope_backend_calls_total{backend="disk"}'), "somebody has looked")
        self.assertNotIn("filesystem", self.sample(service, SOUND))
        self.assertEqual(self.told(service), [])
        self.assertEqual(self.metric(service, "container_scrape_error"), 0)

    @unittest.skipUnless(os.geteuid() == 0, "needs root, for a mount")
    def test_the_containerd_image_store_is_found_by_its_mount(self):
        self.say("overlayfs")
        place = self.folder / "docker/rootfs/overlayfs" / container_id(SOUND)
        for folder in (place, self.folder / "lower", self.folder / "work"):
            folder.mkdir(parents=True)
        (self.folder / "lower/big").write_bytes(b"x" * 1_000_000)
        options = f"lowerdir={self.folder}/lower,upperdir={self.folder}/sound,workdir={self.folder}/work"
        subprocess.run(["mount", "-t", "overlay", "-o", options, "overlay", place], check=True)
        self.addCleanup(subprocess.run, ["umount", place], check=True)
        service = self.serve()
        share = wait_until(lambda: self.sample(service, SOUND).get("filesystem"), "the layer is walked")
        counted = subprocess.run(["du", "-sxB1", self.folder / "sound"], check=True, capture_output=True, text=True).stdout
        self.assertEqual(share["baseUsageBytes"], int(counted.split()[0]))
        self.assertEqual(share["containter_inode_usage"], 2)


if __name__ == "__main__":
    unittest.main()
