"""The resolver's files of a container: as glibc reads them, and whatever a container puts in their place."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

from tests.support import namespace_zoo
from tests.support.network import parts as network_parts
from tests.support.network.rooted import Rooted

LIBRARY_CODE = """
import ctypes, socket, sys
class State(ctypes.Structure):  # the beginning of struct __res_state of glibc (resolv/bits/types/res_state.h)
    _fields_ = [("retrans", ctypes.c_int), ("retry", ctypes.c_int), ("options", ctypes.c_ulong), ("nscount", ctypes.c_int),
                ("nsaddr", (ctypes.c_ubyte * 16) * 3), ("id", ctypes.c_ushort), ("dnsrch", ctypes.c_char_p * 7), ("rest", ctypes.c_ubyte * 1024)]
libc = ctypes.CDLL("libc.so.6")
state = State()
assert libc.__res_ninit(ctypes.byref(state)) == 0
print(" ".join(socket.inet_ntoa(bytes(state.nsaddr[i][4:8])) for i in range(state.nscount)))
print(" ".join(name.decode() for name in state.dnsrch if name))
"""


class Resolver(namespace_zoo.ZooCase):
    maxDiff = None

    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="nodescope-resolver-"))
        self.addCleanup(shutil.rmtree, self.directory)
        self.container = Rooted(self.directory / "root")
        self.addCleanup(self.container.close)
        self.etc = self.container.root / "etc"
        (self.etc / "hosts").write_text("127.0.0.1 localhost\n")

    def read(self, **more):
        began = time.monotonic()
        shown = network_parts.read(self.container.pid, "resolver", **more)
        self.assertLess(time.monotonic() - began, 10)
        return shown

    def test_what_glibc_reads(self):
        for text in ("nameserver 10.1.0.1\nnameserver 10.2.0.1 # second\nsearch one.example two.example\ndomain late.example\n",
                     "domain a.example\nsearch b.example\tc.example \n nameserver 10.0.0.9\nnameserver\t127.1\nnameserver 10.0.0.1#53\n",
                     "; nameserver 10.0.0.1\nnameserver 10.0.0.2\r\nnameserver x\nnameserver 10.0.0.3;x\nnameserver 10.0.0.4 x\nsearch d.example"):
            with self.subTest(text=text):
                (self.etc / "resolv.conf").write_bytes(text.encode())
                ours = self.read()["resolver"]
                code = f"mount --bind {self.etc}/resolv.conf /etc/resolv.conf && exec python3 -c \"$0\""
                theirs = subprocess.run(["unshare", "-m", "sh", "-c", code, LIBRARY_CODE], stdout=subprocess.PIPE, check=True)
                servers, search = theirs.stdout.decode().splitlines()
                same = {"127.1": "127.0.0.1"}
                self.assertEqual([same.get(one["address"], one["address"]) for one in ours["nameservers"]], servers.split())
                self.assertEqual(ours["search"], search.split())
                self.assertEqual(ours["hosts"], [{"address": "127.0.0.1", "names": ["localhost"]}])

    def test_a_link_leads_nowhere_else(self):
        outside = self.directory / "outside"
        outside.write_text("nameserver 10.66.66.66\n")
        for target in (str(outside), "../../outside", "/proc/1/root" + str(outside)):
            with self.subTest(target=target):
                (self.etc / "resolv.conf").unlink(missing_ok=True)
                (self.etc / "resolv.conf").symlink_to(target)
                shown = self.read()
                self.assertIsNone(shown["resolver"]["nameservers"])
                self.assertIn("/etc/resolv.conf in the container: No such file", shown["notes"]["resolver"])
        # As systemd-resolved has it, within.
        (self.etc / "resolv.conf").unlink()
        (self.container.root / "run").mkdir()
        (self.container.root / "run" / "stub").write_text("nameserver 127.0.0.53\n")
        (self.etc / "resolv.conf").symlink_to("../run/stub")
        self.assertEqual(self.read()["resolver"]["nameservers"], [{"address": "127.0.0.53"}])

    def test_what_is_no_file_is_not_opened(self):
        os.mkfifo(self.etc / "resolv.conf")
        shown = self.read()
        self.assertIsNone(shown["resolver"]["nameservers"])
        self.assertEqual(shown["notes"]["resolver"], "/etc/resolv.conf in the container is no plain file")
        (self.etc / "resolv.conf").unlink()
        os.mknod(self.etc / "resolv.conf", 0o20666, os.makedev(1, 5))  # as /dev/zero
        (self.etc / "hosts").unlink()
        shown = self.read()
        self.assertEqual(shown["errors"]["resolver"], "/etc/resolv.conf in the container is no plain file")

    def test_a_hundred_megabytes(self):
        with open(self.etc / "resolv.conf", "wb") as file:
            file.write(b"nameserver 10.0.0.1\n")
            file.truncate(100 << 20)
        with open(self.etc / "hosts", "wb") as file:
            file.write(b"10.0.0.1 name\n" * (7 << 20))
        shown = self.read(prefix=network_parts.with_memory(200))
        self.assertEqual(shown["resolver"]["nameservers"], [{"address": "10.0.0.1"}])
        self.assertEqual(len(shown["resolver"]["hosts"]), 5000)
        self.assertIn("/etc/resolv.conf is longer than 65536 bytes", shown["notes"]["resolver"])
        self.assertIn("/etc/hosts is longer than 262144 bytes", shown["notes"]["resolver"])


if __name__ == "__main__":
    unittest.main()
