"""The Debian package under a real systemd, which is process 1 of a container: what the unit, the socket and the drop-ins say is what
happens, by the commands of docs/operations.md.

    python3 -m tests.package.test_booted PACKAGE.deb

Needs a Debian mirror and a minute: ./dev test --booted runs it, the pipeline does not.
"""

import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

from tests.package import containers
from tests.package.containers import docker
from tests.support.waiting import wait_until

IMAGE, MACHINE = "nodescope-booted:test", "nodescope-booted"
# All that this machine can give, for systemd; what the service gets of it is the unit's business.
NOT_EVERYWHERE = {"sys_resource", "sys_boot"}
THREE = {"cap_net_admin", "cap_sys_ptrace", "cap_sys_admin"}
DROP_INS = {"kmsg": {"cap_syslog"}, "legacy-iptables": {"cap_net_raw"}, "goroutine-dumps": {"cap_kill", "cap_dac_read_search"}, "network": set()}
WATCHDOG_S = 30
REQUESTS = 300
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
PACKAGE = pathlib.Path()
CGROUPS = pathlib.Path("/sys/fs/cgroup")


def read_only():
    return os.statvfs(CGROUPS).f_flag & os.ST_RDONLY


def leave_cgroups_as_they_were(names, was_read_only):
    """systemd makes folders for the hierarchies of v1 that it mounts, and then the whole read-only: for whoever runs on this machine, too."""
    if read_only() and not was_read_only:
        subprocess.run(["mount", "-o", "remount,rw", CGROUPS], check=True)
    for path in CGROUPS.iterdir():
        if path.name in names:
            continue
        with contextlib.suppress(OSError):  # of v2, where they may be busy
            path.unlink() if path.is_symlink() else path.rmdir()


class Booted(unittest.TestCase):
    """One after the other, in the order of their names: each starts where the one before it ended."""

    @classmethod
    def setUpClass(cls):
        cls.addClassCleanup(leave_cgroups_as_they_were, {path.name for path in CGROUPS.iterdir()}, read_only())
        containers.import_debian()
        recipe = (f"FROM {containers.DEBIAN}\nRUN apt-get update && apt-get install -y --no-install-recommends systemd systemd-sysv dbus libcap2-bin python3-minimal "
                  "&& rm -f /usr/sbin/policy-rc.d\nCMD [\"/lib/systemd/systemd\"]\n")
        docker("build", "--network=host", "-t", IMAGE, "-", input=recipe, timeout=600)
        cls.addClassCleanup(docker, "rmi", "-f", IMAGE)
        docker("run", "-d", "--name", MACHINE, "--cap-add=ALL", *(f"--cap-drop={name}" for name in sorted(NOT_EVERYWHERE)), "--network=host",
               "--security-opt=seccomp=unconfined", "--security-opt=apparmor=unconfined", "--device=/dev/kmsg", "--tmpfs=/run", "--tmpfs=/tmp",
               "--env=container=docker", "--volume=/sys/fs/cgroup:/sys/fs/cgroup", IMAGE)
        cls.addClassCleanup(docker, "rm", "-f", MACHINE)
        wait_until(lambda: cls.tell("systemctl is-system-running || true") in ("running", "degraded"), "the system is up")
        docker("cp", PACKAGE, f"{MACHINE}:/nodescope.deb")

    @staticmethod
    def tell(command):
        """What a shell on that machine prints."""
        return docker("exec", MACHINE, "bash", "-c", command).strip()

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

    def test_1_installs_and_runs_with_the_rights_and_limits_of_the_unit(self):
        self.tell("apt-get install -y --no-install-recommends /nodescope.deb")
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
        folder = "/etc/systemd/system/nodescope.service.d"
        for names in (*([name] for name in DROP_INS), list(DROP_INS), []):
            with self.subTest(names=names):
                self.tell(f"rm -rf {folder} && mkdir {folder}")
                for name in names:
                    self.tell(f"cp /usr/share/nodescope/drop-ins/{name}.conf {folder}/")
                self.tell("systemctl daemon-reload && systemctl reset-failed nodescope && systemctl restart nodescope")
                self.assert_rights(THREE.union(*(DROP_INS[name] for name in names)))
                kernel_log = self.tell("journalctl _SYSTEMD_INVOCATION_ID=$(systemctl show -p InvocationID --value nodescope) -o cat --no-pager "
                                       "| grep -c 'out-of-memory kills are not named' || true")
                self.assertEqual(kernel_log, "0" if "kmsg" in names else "1")
        self.assertIn("any", self.tell(f"cp /usr/share/nodescope/drop-ins/network.conf {folder}/ && systemctl daemon-reload && "
                                       "systemctl cat nodescope | grep IPAddressAllow"))
        self.tell(f"rm -rf {folder} && systemctl daemon-reload")

    def in_the_background(self, command):
        return subprocess.Popen(["docker", "exec", MACHINE, "bash", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                env={**os.environ, "DOCKER_HOST": os.environ["NODESCOPE_TEST_DOCKER_HOST"]})

    def test_4_the_socket_loses_no_request_and_nobody_else_gets_the_port(self):
        self.assertEqual(self.tell("stat -c '%a %U:%G' /run/nodescope.sock"), "660 root:nodescope")
        self.assertEqual(self.tell("nodescope ask --server=unix:/run/nodescope.sock /healthz"), "ok")
        docker("exec", "-i", MACHINE, "bash", "-c", "cat >/squatter.py && touch /tmp/squat", input=SQUATTER)
        squatter = self.in_the_background("python3 /squatter.py")
        asking = self.in_the_background(f"for i in $(seq {REQUESTS}); do nodescope ask /healthz; echo; done")
        restarts = 0
        while asking.poll() is None:
            self.tell("systemctl restart nodescope")
            restarts += 1
        self.tell("rm /tmp/squat")
        self.assertEqual(asking.communicate()[0].split(), ["ok"] * REQUESTS)
        self.assertGreater(restarts, 1)
        self.assertEqual(squatter.communicate()[0], "0\n")

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
            docker("exec", "-i", MACHINE, "bash", "-c", f"cat >/etc/systemd/system/{name}.service", input=HANGING)
        self.tell(f"systemctl daemon-reload && systemctl enable {' '.join(units)} && systemctl start --no-block {' '.join(units)}")
        self.assertEqual(self.tell("timeout 10 systemctl restart nodescope && nodescope ask /healthz"), "ok")
        docker("restart", "--time=1", MACHINE)
        wait_until(lambda: self.tell("nodescope ask /healthz 2>/dev/null || true") == "ok", "answers after the boot", limit_s=ANSWERS_AFTER_BOOT_S)
        self.assertEqual(self.tell(f"systemctl show -p ActiveState --value {' '.join(units)} | xargs"), "activating activating")
        self.assertEqual(self.tell("timeout 10 systemctl restart nodescope && nodescope ask /healthz"), "ok")
        self.tell(f"systemctl disable --now {' '.join(units)} && cd /etc/systemd/system && rm {' '.join(f'{name}.service' for name in units)} "
                  "&& systemctl daemon-reload")

    def test_7_is_removed_and_purged(self):
        self.tell("apt-get purge -y nodescope")
        self.assertEqual(self.tell("systemctl list-unit-files --no-legend 'nodescope*'; find /etc /run /var/lib /usr -xdev -name '*nodescope*'; "
                                   "getent passwd nodescope || true"), "")


if __name__ == "__main__":
    PACKAGE = pathlib.Path(sys.argv[1]).resolve()
    sys.exit(containers.main(Booted))
