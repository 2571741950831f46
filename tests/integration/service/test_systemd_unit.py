"""What is shipped for systemd: the unit's score and its syntax, the configuration file, and the real binary under the unit's rights."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from tests.support import docker_engine
from tests.support.service import BINARY, ROOT, Service

SYSTEMD = ROOT / "systemd"
HIGHEST_SCORE = 2.1
SANDBOX = ROOT / "tests/support/unit_sandbox.py"
FOREVER = ["sleep", "100000"]
# What a daemon that reads needs of nobody, and an intruder would like: other processes' memory, keys, files' owners, io_uring.
USELESS_CALLS = {"process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "userfaultfd", "ptrace", "pidfd_getfd", "bpf",
                 "perf_event_open", "mount", "move_mount", "open_by_handle_at", "add_key", "keyctl", "request_key", "chown", "fchown",
                 "fchownat", "lchown", "io_uring_setup", "io_uring_enter", "io_uring_register"}
# What it is there for. RestrictNamespaces lets clone and setns through for network namespaces alone; clone3 gets ENOSYS from it.
NEEDED_CALLS = {"setns", "openat2", "pidfd_open", "pidfd_send_signal", "clone", "execve", "close_range", "waitid", "prlimit64", "recvmsg",
                "epoll_wait", "statx", "getdents64", "inotify_add_watch"}


def unit_text(program="/bin/true"):
    text = (SYSTEMD / "nodescope.service.in").read_text()
    return text.replace("@bindir@/nodescope", program).replace("@sysconfdir@", "/etc").replace("@docdir@", "/usr/share/doc/nodescope")


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.folder / "nodescope.service").write_text(unit_text())
        shutil.copy(SYSTEMD / "nodescope.socket", self.folder)

    def analyze(self, *arguments):
        run = subprocess.run(["systemd-analyze", *arguments], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             check=False)
        return run.returncode, run.stdout

    def score(self):
        code, text = self.analyze("security", "--offline=true", "./nodescope.service")
        self.assertEqual(code, 0, text)
        return float(re.search(r"Overall exposure level for nodescope.service: ([\d.]+)", text).group(1))

    def test_the_score(self):
        self.assertLessEqual(self.score(), HIGHEST_SCORE)

    def test_a_helper_that_is_killed_for_its_memory_does_not_stop_the_service(self):
        self.assertIn("\nOOMPolicy=continue\n", unit_text())

    def test_the_system_calls(self):
        listed = subprocess.run(["/usr/bin/python3", SANDBOX, "--allowed", self.folder / "nodescope.service"], check=True, capture_output=True, text=True)
        allowed = set(listed.stdout.split())
        self.assertEqual(sorted(USELESS_CALLS & allowed), [])
        self.assertEqual(sorted(NEEDED_CALLS - allowed), [])

    def settings(self, name):
        """{key: all its values} of what stands in a unit."""
        found = {}
        for line in (self.folder / name).read_text().splitlines():
            key, equals, value = line.partition("=")
            if equals and not line.startswith("#"):
                found.setdefault(key, []).extend(value.split())
        return found

    def test_no_runtime_can_hold_up_its_start(self):
        """Ordering after a unit means waiting for its start, and a dockerd that hangs has no limit to that."""
        unit = self.settings("nodescope.service")
        related = [name for key in ("After", "Requires", "Requisite", "Wants", "BindsTo", "PartOf") for name in unit.get(key, [])]
        self.assertEqual(related, ["network.target"])

    def test_nothing_that_fails_gives_up_the_address(self):
        service, socket = self.settings("nodescope.service"), self.settings("nodescope.socket")
        self.assertEqual((service["StartLimitIntervalSec"], service.get("StartLimitBurst")), (["0"], None))
        self.assertEqual(service["Restart"], ["on-failure"])
        self.assertEqual(socket["TriggerLimitIntervalSec"], ["0"])

    def test_the_socket_holds_the_address_that_the_service_listens_on_by_default(self):
        """`nodescope ask` goes where `listen` says."""
        defaults = re.search(r"(?m)^#listen = \[(.*)\]$", (SYSTEMD / "config.toml").read_text()).group(1)
        self.assertLessEqual(set(json.loads(f"[{defaults}]")), set(self.settings("nodescope.socket")["ListenStream"]))

    def test_verify_has_nothing_to_say(self):
        self.assertEqual(self.analyze("verify", "./nodescope.service", "./nodescope.socket"), (0, ""))

    def test_each_drop_in_is_understood(self):
        for drop_in in sorted((SYSTEMD / "drop-ins").iterdir()):
            with self.subTest(drop_in=drop_in.name):
                place = self.folder / "nodescope.service.d"
                place.mkdir(exist_ok=True)
                shutil.copy(drop_in, place)
                self.assertEqual(self.analyze("verify", "./nodescope.service"), (0, ""))
                (place / drop_in.name).unlink()

    def test_sysusers_makes_the_user_and_the_group(self):
        """In a root of its own, which has no docker group yet."""
        root = self.folder / "root"
        (root / "etc").mkdir(parents=True)
        subprocess.run(["systemd-sysusers", f"--root={root}", SYSTEMD / "nodescope.sysusers.conf"], check=True, capture_output=True)
        self.assertRegex((root / "etc/passwd").read_text(), r"(?m)^nodescope:x:\d+:\d+:nodescope:/:/usr/sbin/nologin$")
        self.assertRegex((root / "etc/group").read_text(), r"(?m)^docker:x:\d+:nodescope$")

    def test_the_configuration_file_is_what_the_program_prints(self):
        printed = subprocess.run([BINARY, "--print-defaults"], check=True, capture_output=True, text=True).stdout
        self.assertEqual((SYSTEMD / "config.toml").read_text(), printed,
                         "options changed: build/nodescope --print-defaults > systemd/config.toml")

    def test_the_configuration_file_is_sound_with_every_key_set(self):
        text = (SYSTEMD / "config.toml").read_text()
        file = self.folder / "config.toml"
        for content in (text, re.sub(r"(?m)^#(?=[a-z-]+ = )", "", text)):
            file.write_text(content)
            run = subprocess.run([BINARY, "--check-config", "--config", file], capture_output=True, text=True, check=False)
            self.assertEqual((run.returncode, run.stderr), (0, ""))

    def test_every_key_is_in_the_documentation(self):
        flags = set(re.findall(r"`--([a-z-]+)", (ROOT / "docs/operations.md").read_text(encoding="utf-8")))
        keys = set(re.findall(r"(?m)^#([a-z-]+) = ", (SYSTEMD / "config.toml").read_text()))
        # The table names several of a kind in one cell: `--timeout-` and the rest, each in backticks of its own.
        self.assertEqual(sorted(keys - flags), [])

    def test_what_is_wrong_with_a_file_is_told_with_its_line(self):
        file = self.folder / "config.toml"
        for content, line, said in (("\nlisten = 5\n", 2, "port is missing"), ("docker-host = \"ssh://x\"\n", 1, "ssh://x"),
                                    ("log-levle = \"info\"\n", 1, "did you mean log-level?"), ("listen = [\n", 2, "no end")):
            with self.subTest(content=content):
                file.write_text(content)
                run = subprocess.run([BINARY, "--check-config", "--config", file], capture_output=True, text=True, check=False)
                self.assertEqual(run.returncode, 1)
                self.assertIn(f"{file}:{line}: ", run.stderr)
                self.assertIn(said, run.stderr)


class UnderTheUnitsRights(unittest.TestCase):
    """With the three capabilities, as a user of its own, behind the unit's filters, everything is answered."""

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("only root can give up rights in this way")
        cls.engine = docker_engine.needed()
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        socket = pathlib.Path(cls.engine.host.removeprefix("unix://"))
        (cls.folder / "nodescope.service").write_text(unit_text())
        binds = [f"{socket.parent}=/mnt/docker", f"{BINARY}=/mnt/nodescope", f"{SANDBOX}=/mnt/unit_sandbox.py",
                 f"{cls.folder}/nodescope.service=/mnt/nodescope.service"]
        prefix = ["unshare", "--mount", "/usr/bin/python3", str(SANDBOX), str(cls.folder / "nodescope.service"),
                  str(socket.stat().st_gid), *binds, "--"]

        class Sandboxed(Service):
            binary = "/mnt/nodescope"

        cls.service = cls.enterClassContext(Sandboxed("--docker-host", f"unix:///mnt/docker/{socket.name}", prefix=prefix))

    def answer(self, path, parameters=None):
        status, _, body = self.service.process_route(path, parameters)
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def test_every_thread_has_only_the_rights_of_the_unit(self):
        wanted = sum(1 << number for number in (12, 19, 21))  # CAP_NET_ADMIN, CAP_SYS_PTRACE, CAP_SYS_ADMIN
        threads = list(pathlib.Path(f"/proc/{self.service.pid}/task").iterdir())
        self.assertGreater(len(threads), 4)
        for thread in threads:
            status = (thread / "status").read_text()
            for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb"):
                self.assertIn(f"Cap{kind}:\t{wanted:016x}\n", status)
            self.assertRegex(status, r"NoNewPrivs:\t1\nSeccomp:\t2\n")
            self.assertNotRegex(status, r"(?m)^Uid:.*\b0\b")

    def test_it_stays_within_the_limits_of_the_unit(self):
        """What a request adds, a few helpers and descriptors, is far from them."""
        limits = pathlib.Path(f"/proc/{self.service.pid}/limits").read_text()
        self.assertRegex(limits, r"(?m)^Max open files +4096 +4096 ")
        self.assertRegex(limits, r"(?m)^Max core file size +0 +0 ")
        unit = unit_text()
        status = pathlib.Path(f"/proc/{self.service.pid}/status").read_text()
        self.assertLess(2 * int(re.search(r"(?m)^Threads:\t(\d+)", status).group(1)), int(re.search(r"(?m)^TasksMax=(\d+)$", unit).group(1)))
        self.assertLess(2 * int(re.search(r"(?m)^VmHWM:\s+(\d+) kB", status).group(1)) / 1024,
                        int(re.search(r"(?m)^MemoryMax=(\d+)M$", unit).group(1)))

    def test_docker_and_processes(self):
        self.assertTrue(self.answer("/processor/dockerInfoCollector"))
        self.assertTrue(self.answer("/processor/containerCollector"))
        processes = json.loads(self.answer("/processor/processCollector")["collector.system.process.list"])
        own = [one for one in processes if one["pid"] == os.getpid()]
        self.assertTrue(own, "processes of other users")
        self.assertNotIn("commandError", own[0])
        self.assertIn("python", own[0]["command"][0])

    def test_a_process_whose_descriptors_are_hidden_is_listed_without_them(self):
        with Service("--docker-host", self.engine.host) as of_root:
            lists = [json.loads(service.request("GET", "/api/v2.0/ps/")[2]) for service in (of_root, self.service)]
        seen_by_root, seen_by_unit = ({one["pid"]: one for one in processes} for processes in lists)
        self.assertIn("fd_count", seen_by_root[os.getpid()])
        self.assertNotIn("fd_count", seen_by_unit[os.getpid()])

    def test_what_reads_command_lines_keeps_one_right(self):
        self.answer("/processor/processCollector")
        children = [pid for thread in pathlib.Path(f"/proc/{self.service.pid}/task").iterdir()
                    for pid in (thread / "children").read_text().split()]
        statuses = [pathlib.Path(f"/proc/{pid}/status").read_text() for pid in children]
        status = next(text for text in statuses if "Name:\tnodescope-read\n" in text)
        for kind in ("Prm", "Eff", "Amb"):
            self.assertIn(f"Cap{kind}:\t{1 << 19:016x}\n", status)  # CAP_SYS_PTRACE

    def test_the_network_of_a_container(self):
        container = self.engine.create(self, FOREVER, NetworkMode="none")
        container.start()
        pid, made = container.inspect()["State"]["Pid"], container.id
        enter = ["nsenter", f"--net=/proc/{pid}/ns/net"]
        subprocess.run([*enter, "iptables-nft", "-t", "nat", "-A", "POSTROUTING", "-s", "192.0.2.0/24", "-j", "MASQUERADE"], check=True)
        network = self.answer("/processor/netInfoCollector", {"id": made})
        for key, part in (("ipaddr", "LOOPBACK"), ("Nat", "-A POSTROUTING -s 192.0.2.0/24 -j MASQUERADE")):
            self.assertIn(part, network[f"collector.kubernetes.container.{key}"], network)

    def test_the_mounts_of_the_node(self):
        try:
            os.stat("/proc/1/ns/net")
        except PermissionError:
            # This machine keeps process 1 from root too; behind hidepid there is then no such process.
            status, _, body = self.service.process_route("/processor/mountInfoCollector")
            self.assertEqual((status, b"/proc/1/" in body), (500, True), body)
            return
        self.assertIn("/proc", json.dumps(self.answer("/processor/mountInfoCollector")))

    def test_nothing_is_refused_by_the_filter_that_the_log_would_tell(self):
        self.assertEqual([event for event in self.service.log if event.get("level") in ("warning", "error")], [])


if __name__ == "__main__":
    unittest.main()
