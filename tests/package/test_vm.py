"""The Debian package on a real node in a virtual machine (tests/package/machine.py): what the unit, the socket and the drop-ins say is what
happens, by the commands of docs/operations.md; what the unit sees is what root sees; and the figures of cgroup v2 are the kernel's.

    python3 -m tests.package.test_vm PACKAGE.deb BUILD [part of a test's name]...

./dev test --vm runs it, the pipeline does not.
"""

import json
import pathlib
import re
import sys
import unittest

from tests.package.node_figures import Figures, Links
from tests.package.on_a_node import DROP_IN_FOLDER, DROP_INS, THREE, OnANode, Setup
from tests.support.waiting import wait_until

WATCHDOG_S = 30
REQUESTS = 60
# More often than the limit that systemd has of itself (5 in 10 s), at RestartSec=1.
FAILURES = 12
ANSWERS_AFTER_BOOT_S = 30
# Type=notify, and never a word: what a dockerd is whose disk hangs. Its start has no limit, as in Docker's own unit.
HANGING = """[Service]
Type=notify
TimeoutStartSec=infinity
ExecStart=/bin/sleep infinity
[Install]
WantedBy=multi-user.target
"""
# An unprivileged user that wants the port, for as long as the file is there; prints how often it was given it.
SQUATTER = """import os, socket
os.setresuid(65534, 65534, 65534)
taken = 0
while os.path.exists('/tmp/squat'):
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(('127.0.0.1', 8095))
            one.listen()
            taken += 1
        except OSError:
            pass
print(taken)
"""


class Unit(OnANode):
    def test_1_installs_and_runs_with_the_rights_and_limits_of_the_unit(self):
        self.assertEqual(self.tell("systemctl is-active nodescope"), "active")
        self.assertEqual(self.tell("nodescope ask /healthz"), "ok")
        self.assert_rights(THREE)
        limits = self.tell(f"cat /proc/{self.show('MainPID')}/limits")
        self.assertRegex(limits, r"Max open files +4096 +4096 ")
        self.assertRegex(limits, r"Max core file size +0 +0 ")
        self.assertEqual((self.show("TasksMax"), self.show("MemoryMax"), self.show("OOMPolicy")), ("64", str(256 << 20), "continue"))
        self.assertLessEqual(float(re.search(r"nodescope.service: ([\d.]+)", self.tell("systemd-analyze security nodescope | tail -1")).group(1)), 2.1)
        self.assertEqual(self.tell("systemctl is-enabled nodescope.socket; systemctl is-active nodescope.socket"), "enabled\nactive")
        self.assertIn("listening on 127.0.0.1:8095, unix:/run/nodescope.sock", self.show("StatusText"))

    def test_1_shows_the_node_and_not_its_own_sandbox(self):
        shown = {one["mountpoint"] for one in json.loads(self.tell("nodescope ask /api/v2.0/storage"))}
        self.assertIn("/", shown)
        self.assertLessEqual(shown, set(self.tell("awk '{print $5}' /proc/1/mountinfo").split("\n")))
        of_the_unit = set(self.tell(f"awk '{{print $5}}' /proc/{self.show('MainPID')}/mountinfo").split("\n"))
        self.assertIn("/home", of_the_unit, "a sandbox, which would be seen")
        processes = {one["pid"]: one for one in json.loads(self.tell("nodescope ask /api/v2.0/ps/"))}
        self.assertNotIn("fd_count", processes[1])

    def test_2_reload(self):
        self.tell("""echo 'log-level = "debug"' >>/etc/nodescope/config.toml && nodescope --check-config && systemctl reload nodescope""")
        self.assertNotIn("failed", self.show("StatusText"))
        self.tell("""echo 'log-levle = "debug"' >>/etc/nodescope/config.toml; ! nodescope --check-config && systemctl reload nodescope""")
        self.assertIn("there is no key \"log-levle\", did you mean log-level?", self.show("StatusText"))
        self.tell("sed -i '$d' /etc/nodescope/config.toml && systemctl reload nodescope")
        self.assertNotIn("failed", self.show("StatusText"))

    def test_3_each_drop_in_and_all_together(self):
        for names in (*([name] for name in DROP_INS), list(DROP_INS), []):
            with self.subTest(names=names):
                self.run_with(names)
                self.assert_rights(THREE.union(*(DROP_INS[name] for name in names)))
                kernel_log = self.tell("journalctl _SYSTEMD_INVOCATION_ID=$(systemctl show -p InvocationID --value nodescope) -o cat --no-pager "
                                       "| grep -c 'out-of-memory kills are not named' || true")
                self.assertEqual(kernel_log, "0" if "kmsg" in names else "1")
        self.assertIn("any", self.tell(f"cp /usr/share/nodescope/drop-ins/network.conf {DROP_IN_FOLDER}/ && systemctl daemon-reload && "
                                       "systemctl cat nodescope | grep IPAddressAllow"))
        self.tell(f"rm -rf {DROP_IN_FOLDER} && systemctl daemon-reload")

    def test_4_the_socket_loses_no_request_and_nobody_else_gets_the_port(self):
        self.assertEqual(self.tell("stat -c '%a %U:%G' /run/nodescope.sock"), "660 root:nodescope")
        self.assertEqual(self.tell("nodescope ask --server=unix:/run/nodescope.sock /healthz"), "ok")
        self.machine.put("/squatter.py", SQUATTER)
        self.tell("touch /tmp/squat")
        squatter = self.in_the_background("python3 /squatter.py")
        asking = self.in_the_background(f"for i in $(seq {REQUESTS}); do nodescope ask /healthz; echo; done")
        restarts = 0
        while self.run_on(asking):
            self.tell("systemctl restart nodescope")
            restarts += 1
        self.tell("rm /tmp/squat")
        self.assertEqual(self.printed(asking).split(), ["ok"] * REQUESTS)
        self.assertGreater(restarts, 1)
        self.assertEqual(self.printed(squatter), "0")

    def test_4_the_address_is_held_while_it_fails_again_and_again(self):
        self.tell("echo 'log-levle = \"debug\"' >>/etc/nodescope/config.toml && ! systemctl restart nodescope")
        wait_until(lambda: int(self.show("NRestarts")) >= FAILURES, "failed often", limit_s=10 * FAILURES)
        self.assertEqual(self.tell("systemctl is-active nodescope.socket"), "active")
        self.tell("sed -i '$d' /etc/nodescope/config.toml")
        wait_until(lambda: self.tell("systemctl is-active nodescope || true") == "active", "active, without anybody's help")
        self.assertEqual(self.tell("nodescope ask /healthz"), "ok")

    def test_5_a_service_that_hangs_is_started_again(self):
        hung = self.show("MainPID")
        self.tell(f"kill -STOP {hung}")
        wait_until(lambda: self.show("MainPID") not in (hung, "0"), "another process", limit_s=2 * WATCHDOG_S)
        wait_until(lambda: self.tell("systemctl is-active nodescope || true") == "active", "active")
        self.assertEqual(self.tell("nodescope ask /healthz"), "ok")
        events = self.tell("journalctl -u nodescope -o json --no-pager | tail -40").split("\n")
        self.assertTrue([one for one in events if "Watchdog timeout" in str(json.loads(one).get("MESSAGE"))])

    def test_6_runtimes_that_never_say_ready_hold_nothing_up(self):
        units = ("docker", "containerd")
        for name in units:
            self.machine.put(f"/etc/systemd/system/{name}.service", HANGING)
        self.tell(f"systemctl daemon-reload && systemctl enable {' '.join(units)} && systemctl start --no-block {' '.join(units)}")
        self.assertEqual(self.tell("timeout 10 systemctl restart nodescope && nodescope ask /healthz"), "ok")
        self.machine.reboot()
        wait_until(lambda: self.tell("nodescope ask /healthz 2>/dev/null || true") == "ok", "answers after the boot", limit_s=ANSWERS_AFTER_BOOT_S)
        self.assertEqual(self.tell(f"systemctl show -p ActiveState --value {' '.join(units)} | xargs"), "activating activating")
        self.assertEqual(self.tell("timeout 10 systemctl restart nodescope && nodescope ask /healthz"), "ok")
        self.tell(f"systemctl disable --now {' '.join(units)} && cd /etc/systemd/system && rm {' '.join(f'{name}.service' for name in units)} "
                  "&& systemctl daemon-reload")


class Removal(OnANode):
    def test_is_removed_and_purged(self):
        self.tell("apt-get purge -y nodescope")
        self.assertEqual(self.tell("systemctl list-unit-files --no-legend 'nodescope*'; find /etc /run /var/lib /usr -xdev -name '*nodescope*'; "
                                   "getent passwd nodescope || true"), "")


class ToldAtOnce(unittest.TextTestResult):
    """What failed is written when it fails: the whole takes minutes."""

    def addError(self, test, err):  # pylint: disable=invalid-name
        super().addError(test, err)
        self.stream.writeln(self.errors[-1][1])

    def addFailure(self, test, err):  # pylint: disable=invalid-name
        super().addFailure(test, err)
        self.stream.writeln(self.failures[-1][1])


def chosen(filters):
    """All of them, or those that have one of the texts in their names."""
    for case in (Unit, Figures, Links, Removal):
        for test in unittest.defaultTestLoader.loadTestsFromTestCase(case):
            if not filters or any(one in test.id() for one in filters):
                yield test


def main(package, build, *filters):
    """The last line is `N passed, N failed, N skipped`."""
    package, build = (pathlib.Path(one).resolve() for one in (package, build))
    root = pathlib.Path(__file__).resolve().parents[2]
    Setup.package = package
    Setup.files = [(root / "tests", "/opt/nodescope/tests"), (build / "tests/unit/print_network", "/opt/nodescope/build/tests/unit/print_network")]
    try:
        result = unittest.TextTestRunner(verbosity=2, resultclass=ToldAtOnce).run(unittest.TestSuite(chosen(filters)))
    finally:
        if Setup.machine:
            Setup.machine.__exit__()
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed - len(result.skipped)} passed, {failed} failed, {len(result.skipped)} skipped", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
