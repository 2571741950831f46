"""What the files of containers take on disk, beside du and Docker's own figure: walked when somebody asks and never else, within a deadline,
whatever lies in there."""

import ctypes
import json
import os
import pathlib
import re
import subprocess
import unittest

from tests.support import docker_engine
from tests.support.service import Service
from tests.support.waiting import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[3]
ENGINE = docker_engine.from_environment()
MIB = 1 << 20
# What a walk must neither follow nor count twice, and a figure that depends on none of it being there.
ODD_THINGS = """
dd if=/dev/zero of=/big bs=1M count=10 2>/dev/null
ln -s / /root/everything; ln -s /proc/self/root /root/more; ln /big /root/big-again; mkfifo /root/pipe
truncate -s 1G /root/sparse; mkdir "/root/$(printf 'a\\nb\\377')"; echo x > "/root/$(printf 'a\\nb\\377')/y"
"""
MANY_FILES = "mkdir /many; cd /many; i=0; while [ $i -lt 20000 ]; do : > $i; i=$((i+1)); done"


def walk(path):
    """What du and find make of a directory: bytes and inodes."""
    counted = subprocess.run(["du", "-sxB1", path], check=True, capture_output=True, text=True).stdout
    found = subprocess.run(["find", path, "-xdev", "-printf", "%i\\n"], check=True, capture_output=True, text=True).stdout
    return int(counted.split()[0]), len(set(found.split()))


class Opened:
    """Tells whether somebody has opened a directory: the kernel's word, not the service's."""
    OPEN = 0x20

    def __init__(self, test, path):
        libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor = libc.inotify_init1(os.O_NONBLOCK)
        test.addCleanup(os.close, self.descriptor)
        test.assertGreaterEqual(libc.inotify_add_watch(self.descriptor, os.fsencode(path), self.OPEN), 0)

    def __bool__(self):
        try:
            return bool(os.read(self.descriptor, 1 << 16))
        except BlockingIOError:
            return False


@unittest.skipUnless(ENGINE, "NODESCOPE_TEST_DOCKER_HOST names no dockerd")
class Case(unittest.TestCase):
    def serve(self, *flags):
        self.service = Service("--docker-host", ENGINE.host, *flags)
        self.addCleanup(self.service.__exit__, None, None, None)

    def container(self, script):
        """Running, with what the script does done."""
        made = ENGINE.create(self, ["sh", "-c", f"{script}\n: > /done; exec sleep 1000"]).start()
        made.upper = pathlib.Path(made.inspect()["GraphDriver"]["Data"]["UpperDir"])
        made.logs = pathlib.Path(made.inspect()["HostsPath"]).parent
        wait_until((made.upper / "done").exists, "the container has written its files")
        return made

    def ask(self, path):
        status, _, body = self.service.request("GET", path)
        self.assertEqual(status, 200, body)
        return body

    def sample(self, container, version="v2.1"):
        (answer,) = json.loads(self.ask(f"/api/{version}/stats/{container.id}?type=docker&count=1&max_age=0")).values()
        return (answer["stats"] if version == "v2.1" else answer)[-1]

    def share(self, container):
        return wait_until(lambda: self.sample(container).get("filesystem"), "the container's files are walked")

    def counted(self, family):
        found = re.search(rf'(?m)^nodescope_backend_{family}_total{{backend="disk"}} (\d+)$', self.ask("/metrics").decode())
        return int(found.group(1))


class Figures(Case):
    def test_are_those_of_du_and_docker(self):
        self.serve()
        container = self.container(ODD_THINGS)
        base, inodes = walk(container.upper)
        share = self.share(container)
        self.assertEqual(share, {"totalUsageBytes": base + walk(container.logs)[0], "baseUsageBytes": base,
                                 "containter_inode_usage": inodes})
        self.assertGreaterEqual(base, 10 * MIB)
        (listed,) = ENGINE.call("GET", f"/containers/json?size=1&filters=%7B%22id%22%3A%5B%22{container.id}%22%5D%7D")
        # Docker adds up the lengths of files: the sparse one counts there, blocks and directories do not.
        self.assertAlmostEqual(base, listed["SizeRw"] - (1 << 30), delta=64 * 1024)

        (entry,) = self.sample(container, "v2.0")["filesystem"]
        holder = os.statvfs(container.upper)
        self.assertEqual((entry["usage"], entry["base_usage"], entry["inodes"]), (share["totalUsageBytes"], base, inodes))
        self.assertEqual((entry["capacity"], entry["type"]), (holder.f_blocks * holder.f_frsize, "vfs"))
        self.assertEqual((entry["available"], entry["has_inodes"], entry["inodes_free"]), (0, False, 0))

        series = {line.split("{")[0]: line for line in self.ask("/metrics").decode().splitlines()
                  if container.id in line and line.startswith(("container_fs_usage", "container_fs_limit", "container_fs_inodes"))}
        self.assertEqual(set(series), {"container_fs_usage_bytes", "container_fs_limit_bytes", "container_fs_inodes_total"})
        self.assertIn(f'device="{entry.get("device", "")}"', series["container_fs_usage_bytes"])
        self.assertEqual(float(series["container_fs_usage_bytes"].split()[-1]), share["totalUsageBytes"])

    def test_a_tree_too_deep_does_not_hide_what_is_beside_it(self):
        self.serve()
        container = self.container("dd if=/dev/zero of=/big bs=1M count=10 2>/dev/null; cd /tmp; i=0;"
                                   "while [ $i -lt 2000 ]; do mkdir d; cd d; i=$((i+1)); done")
        share = self.share(container)
        self.assertGreaterEqual(share["baseUsageBytes"], 10 * MIB)
        self.assertLess(share["containter_inode_usage"], 300)


class WithoutEveryRight(Case):
    """As root in a container: what the chart gives (charts/nodescope, containerFiles)."""
    CHART = "+sys_admin,+sys_ptrace,+net_admin"
    HIDDEN = "mkdir /mine; dd if=/dev/zero of=/mine/big bs=1M count=10 2>/dev/null; chown -R 33:33 /mine; chmod 700 /mine"

    def share_with(self, capabilities):
        container = self.container(self.HIDDEN)
        self.service = Service("--docker-host", ENGINE.host, prefix=("setpriv", f"--bounding-set=-all,{capabilities}"))
        self.addCleanup(self.service.__exit__, None, None, None)
        share = self.share(container)["baseUsageBytes"]
        self.service.stop()  # the log is complete after it
        told = [event["reason"] for event in self.service.log if event["message"] == "disk usage of containers is missing or too low"]
        return share, told, walk(container.upper)[0]

    def test_what_only_others_may_read_is_missing_and_said(self):
        share, told, whole = self.share_with(self.CHART)
        self.assertEqual(share, whole - 10 * MIB)
        self.assertEqual(told, ["some directories may not be read: CAP_DAC_READ_SEARCH is missing"])

    def test_one_right_more_is_enough(self):
        share, told, whole = self.share_with(self.CHART + ",+dac_read_search")
        self.assertEqual((share, told), (whole, []))

    def test_a_user_of_its_own_may_not_look_at_all(self):
        container = self.container("")
        # The daemon's socket may lie in a folder of root's alone.
        for path in (ENGINE.path, *map(str, pathlib.Path(ENGINE.path).parents)):
            mode = os.stat(path).st_mode & 0o7777
            wanted = mode | (0o666 if path == ENGINE.path else 0o011)
            if wanted != mode:
                self.addCleanup(os.chmod, path, mode)
                os.chmod(path, wanted)
        self.service = Service("--docker-host", ENGINE.host, "--auth", "none",
                               prefix=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"))
        self.addCleanup(self.service.__exit__, None, None, None)
        self.assertNotIn("filesystem", self.sample(container))
        wait_until(lambda: self.counted("failures"), "the walk is refused")
        self.assertNotIn("filesystem", self.sample(container))
        self.service.stop()  # the log is complete after it
        self.assertTrue(any("CAP_DAC_READ_SEARCH is missing" in event.get("reason", "") for event in self.service.log))


class OnlyWhenAsked(Case):
    def test_nobody_asks_nothing_is_walked(self):
        self.serve("--sample-idle", "always", "--metrics-containers", "none")
        container = self.container("")
        opened = Opened(self, container.upper)

        def latest():
            (summary,) = json.loads(self.ask(f"/api/v2.0/summary/{container.id}?type=docker")).values()
            return summary["timestamp"]
        times = {wait_until(latest, "a summary")}
        wait_until(lambda: times.add(latest()) or len(times) > 2, "it goes on being sampled")
        self.ask(f"/api/v2.0/spec/{container.id}?type=docker")
        self.ask("/api/v2.1/machinestats?count=1")
        self.assertEqual(self.counted("calls"), 0)
        self.assertFalse(opened)

        self.share(container)
        self.assertTrue(opened)
        self.assertEqual(self.counted("calls"), 1)
        for _ in range(5):
            self.sample(container)
        self.assertEqual(self.counted("calls"), 1)
        self.assertFalse(opened)

    def test_never(self):
        self.serve("--disk-usage", "never")
        container = self.container("")
        opened = Opened(self, container.upper)
        for _ in range(3):
            self.assertNotIn("filesystem", self.sample(container))
        self.assertEqual(self.counted("calls"), 0)
        self.assertFalse(opened)


class NoFigure(Case):
    def test_too_much_for_the_deadline(self):
        self.serve("--timeout-disk-usage", "1ms")
        container = self.container(MANY_FILES)
        self.sample(container)
        wait_until(lambda: self.counted("deadline_misses"), "the deadline of the walk passes")
        sample = self.sample(container)
        self.assertNotIn("filesystem", sample)
        self.assertGreater(sample["cpu"]["usage"]["total"], 0)
        self.assertTrue(self.sample(container, "v2.0")["has_filesystem"])
        self.service.stop()  # the log is complete after it
        (told,) = [event for event in self.service.log if event["message"] == "disk usage of containers is missing or too low"]
        self.assertIn("within 1ms", told["reason"])
        self.assertEqual(told["level"], "warning")

    def test_removed_while_it_is_walked(self):
        self.serve()
        gone, stays = self.container(MANY_FILES), self.container("")
        for container in (gone, stays):
            self.service.request("GET", f"/api/v2.1/stats/{container.id}?type=docker&count=1")
        gone.remove()
        self.assertEqual(self.share(stays)["containter_inode_usage"], walk(stays.upper)[1])
        status, _, body = self.service.request("GET", f"/api/v2.1/stats/{gone.id}?type=docker&count=1")
        self.assertEqual((status, body), (500, f'unable to find Docker container "{gone.id}"\n'.encode()))

    def test_without_docker(self):
        container = self.container("")
        path = "/docker/" + container.id
        self.service = Service("--docker-host", "unix:///nonexistent/docker.sock")
        self.addCleanup(self.service.__exit__, None, None, None)
        (answer,) = json.loads(self.ask(f"/api/v2.1/stats{path}?count=1&max_age=0")).values()
        self.assertNotIn("filesystem", answer["stats"][0])
        self.assertEqual(self.counted("calls"), 0)


if __name__ == "__main__":
    unittest.main()
