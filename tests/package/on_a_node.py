"""What tests on the machine of tests/package/machine.py share: one machine for all of them, on which the package is installed."""

import pathlib
import time
import unittest

from tests.package.machine import Machine
from tests.support.waiting import wait_until

DROP_IN_FOLDER = "/etc/systemd/system/nodescope.service.d"
# Each with the capabilities that it adds.
DROP_INS = {"kmsg": {"cap_syslog"}, "legacy-iptables": {"cap_net_raw"}, "goroutine-dumps": {"cap_kill", "cap_dac_read_search"}, "network": set(),
            "container-files": {"cap_dac_read_search"}, "cri": set()}
THREE = {"cap_net_admin", "cap_sys_ptrace", "cap_sys_admin"}


class Setup:
    """Of the run: what is put onto the disk, and the machine once it is there."""

    package = pathlib.Path()
    files = []
    machine = None


class OnANode(unittest.TestCase):
    """One after the other, in the order of their names: each starts where the one before it ended."""

    machine = None

    @classmethod
    def setUpClass(cls):
        if Setup.machine is None:
            Setup.machine = Machine(Setup.package, Setup.files)
            Setup.machine.boot()
        cls.machine = Setup.machine
        wait_until(lambda: cls.tell("systemctl is-system-running || true") in ("running", "degraded"), "the system is up", limit_s=120)
        cls.tell("dpkg -s nodescope >/dev/null 2>&1 || dpkg -i /nodescope.deb")
        wait_until(lambda: cls.machine.result("nodescope ask /healthz") == (0, "ok"), "it answers")

    @classmethod
    def tell(cls, command, **more):
        """What a shell on that machine prints."""
        return cls.machine.tell(command, **more)

    def show(self, name):
        return self.tell(f"systemctl show -p {name} --value nodescope")

    def rights(self):
        """Of all threads of the service: {line of their status}."""
        return set(self.tell(f"grep -hE '^(Cap...|NoNewPrivs|Seccomp|Uid):' /proc/{self.show('MainPID')}/task/*/status").split("\n"))

    def assert_rights(self, names):
        rights = {line.split(":")[0]: line.split("\t")[1] for line in self.rights()}
        self.assertEqual(len(rights), len(self.rights()), "threads that differ")
        for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(set(self.tell(f"capsh --decode={rights[kind]}").partition("=")[2].split(",")), names, kind)
        self.assertEqual((rights["NoNewPrivs"], rights["Seccomp"]), ("1", "2"))
        self.assertNotEqual(rights["Uid"], "0")

    def run_with(self, names):
        """The service with those drop-ins alone."""
        self.tell(f"rm -rf {DROP_IN_FOLDER} && mkdir {DROP_IN_FOLDER}")
        for name in names:
            self.tell(f"cp /usr/share/nodescope/drop-ins/{name}.conf {DROP_IN_FOLDER}/")
        self.tell("systemctl daemon-reload && systemctl reset-failed nodescope && systemctl restart nodescope")

    def in_the_background(self, command):
        """A job: run_on() says whether it goes on, and printed() what it has written."""
        name = f"/tmp/job-{time.monotonic_ns()}"
        self.machine.put(f"{name}.sh", command)
        self.tell(f"nohup bash {name}.sh >{name}.out 2>&1 </dev/null & echo $! >{name}.pid")
        return name

    def run_on(self, job):
        return self.machine.result(f"kill -0 $(cat {job}.pid)")[0] == 0

    def printed(self, job):
        wait_until(lambda: not self.run_on(job), "it has ended")
        return self.tell(f"cat {job}.out")
