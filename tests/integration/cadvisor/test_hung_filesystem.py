"""A network filesystem whose server has gone: what asks for it waits in the kernel. Here FUSE, which nobody serves, is mounted
where the node's table of mounts has NFS."""

import ctypes
import json
import os
import pathlib
import tempfile
import unittest

from tests.support.service import Service

LIBC = ctypes.CDLL(None, use_errno=True)
MNT_DETACH = 2


class HungNetworkFilesystem(unittest.TestCase):
    def setUp(self):
        try:
            self.fuse = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        except OSError as failure:
            self.skipTest(f"cannot make a filesystem that hangs: /dev/fuse: {failure.strerror}")
        self.root = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="nodescope-hung-")))
        place = self.root / "mnt"
        place.mkdir()
        (self.root / "data").mkdir()
        device = os.stat(self.root / "data").st_dev
        (self.root / "proc" / "1").mkdir(parents=True)
        (self.root / "proc" / "1" / "mountinfo").write_text(
            f"35 1 {os.major(device)}:{os.minor(device)} / /data rw - ext4 /dev/here rw\n"
            "36 35 0:50 / /mnt rw,relatime - nfs server:/export rw\n")
        options = f"fd={self.fuse},rootmode=40000,user_id=0,group_id=0".encode()
        if LIBC.mount(b"nodescope-test", bytes(place), b"fuse", 0, options) != 0:
            os.close(self.fuse)
            self.skipTest(f"cannot make a filesystem that hangs: mount: {os.strerror(ctypes.get_errno())}")
        self.addCleanup(LIBC.umount2, bytes(place), MNT_DETACH)
        self.addCleanup(os.close, self.fuse)  # first of the two: whoever waits is told that nobody will answer

    def test_the_others_are_answered_and_the_service_ends(self):
        with Service("--root", str(self.root)) as service:  # leaving it checks that it ends, and with 0
            for limit in ("500ms", "10s"):  # less and more than what a network filesystem may take
                status, headers, body = service.request("GET", "/api/v2.0/storage", headers={"X-Request-Timeout": limit})
                self.assertEqual(status, 200, body)
                self.assertEqual([one["mountpoint"] for one in json.loads(body)], ["/data"])
                self.assertEqual(headers["X-Unanswered-Filesystems"], "/mnt")
        self.assertIn("a worker hangs in the kernel: leaving it behind", [line["message"] for line in service.log])


if __name__ == "__main__":
    unittest.main()
