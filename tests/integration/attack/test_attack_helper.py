"""A container attacks the service through the rules of its own network, which iptables-save reads for the service."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import unittest

from tests.support import namespace_zoo as zoo_module
from tests.support import service as service_module
from tests.support.siege import Siege
from tests.support.waiting import wait_until

PREFIX = "collector.kubernetes.container."
MIB = 1 << 20
# Each match has 2 KB in the kernel's tables, and so in the memory of who reads them, but 30 bytes of text.
BOMB_RULES, BOMB_MATCHES = 9000, 14


def bomb():
    matches = " ".join(f'-m u32 --u32 "0&{i + 1:#x}={i:#x}"' for i in range(BOMB_MATCHES))
    rule = f"-A POSTROUTING {matches} -j ACCEPT\n"
    return ("*nat\n" + rule * BOMB_RULES + "COMMIT\n").encode()


class AttackCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        reason = zoo_module.why_impossible()
        if reason:
            raise unittest.SkipTest(reason)
        for tool in ("iptables-nft-restore", "iptables-legacy-restore"):
            if shutil.which(tool) is None:
                raise unittest.SkipTest(f"{tool} is not installed")

    def setUp(self):
        self.zoo = zoo_module.Zoo()
        self.addCleanup(self.zoo.close)

    @staticmethod
    def ask(service, namespace):
        status, _, body = service.process_route("/processor/netInfoCollector", {"pid": str(namespace.pid)})
        if status != 200:
            raise AssertionError(f"{status}: {body}")
        return json.loads(body)


class AttackWithARuleBomb(AttackCase):
    """9,000 rules that need 255 MiB in who reads them (nf_tables), or 500 (legacy)."""

    def oom_kills(self):
        file = self.group.file("", "memory.events") if self.group.v2 else self.group.file("memory", "memory.oom_control")
        return dict(line.split() for line in file.read_text().splitlines())["oom_kill"]

    def serve(self):
        usual = self.zoo.add("usual")
        for variant in ("nft", "legacy"):
            usual.run(f"iptables-{variant}", "-t", "nat", "-A", "POSTROUTING", "-j", "MASQUERADE")
        siege = self.enterContext(Siege(self, "--timeout-nat", "25s", before=lambda service: self.ask(service, usual)))
        self.group = siege.group
        return siege.service

    def check(self, variants):
        bombed = self.zoo.add("bombed")
        for variant in variants:
            # The kernel frees it with the namespace, which may be much later.
            self.addCleanup(bombed.run, f"iptables-{variant}", "-t", "nat", "-F", check=False)
            bombed.run(f"iptables-{variant}-restore", stdin=bomb())
        innocent = self.zoo.add("innocent")
        innocent.run("iptables-nft", "-t", "nat", "-A", "POSTROUTING", "-j", "MASQUERADE")
        service = self.serve()
        answers = []
        askers = [threading.Thread(target=lambda: answers.append(self.ask(service, bombed))) for _ in range(4)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
        self.assertEqual(len(answers), len(askers))
        for answer in answers:
            self.assertIn(f"nat: iptables-{variants[0]}-save: needed more than 48 MiB of memory", json.loads(answer[PREFIX + "Errors"])["Nat"])
            self.assertIn("lo: ", answer[PREFIX + "ipaddr"])
            self.assertIn("Kernel IP routing table", answer[PREFIX + "Route"])
        self.assertIn("-A POSTROUTING -j MASQUERADE", self.ask(service, innocent)[PREFIX + "Nat"], "the service goes on")
        self.assertEqual(self.oom_kills(), "0")

    def test_of_nf_tables(self):
        self.check(["nft"])

    def test_of_the_old_tables(self):
        self.check(["legacy"])

    def test_of_both(self):
        self.check(["nft", "legacy"])

    def test_many_ordinary_rules_are_within_the_bound(self):
        ns = self.zoo.add("ordinary")
        rules = "".join(f"-A POSTROUTING -s 10.{i // 250}.{i % 250}.0/24 -j MASQUERADE\n" for i in range(8000))
        for variant in ("nft", "legacy"):
            ns.run(f"iptables-{variant}-restore", stdin=b"*nat\n" + rules.encode() + b"COMMIT\n")
        answer = self.ask(self.serve(), ns)
        self.assertEqual(answer[PREFIX + "Nat"].count("-j MASQUERADE\n"), 16000)
        self.assertNotIn(PREFIX + "Errors", answer)


# Calls with arguments that change nothing. Without a filter each does what it is for, or fails because of its arguments.
NOTHING = -1
CALLS = {
    "other namespaces": {"setns": [NOTHING, 0], "unshare": [0x20000], "chroot": [0], "pivot_root": [0, 0]},
    "other processes": {"ptrace": [16, NOTHING], "process_vm_readv": [NOTHING], "process_vm_writev": [NOTHING], "kill": [0, 0],
                        "tkill": [NOTHING, 0], "pidfd_open": [NOTHING], "pidfd_getfd": [NOTHING], "pidfd_send_signal": [NOTHING],
                        "process_madvise": [NOTHING], "kcmp": [NOTHING, NOTHING], "perf_event_open": [0], "rt_sigqueueinfo": [NOTHING, 0, 0]},
    "mounts": {"mount": [0] * 5, "umount2": [0, 0], "move_mount": [NOTHING], "open_tree": [NOTHING], "fsopen": [0], "fsmount": [NOTHING],
               "mount_setattr": [NOTHING]},
    "the kernel": {"bpf": [NOTHING], "io_uring_setup": [0], "io_uring_enter": [NOTHING], "kexec_load": [0] * 4, "kexec_file_load": [NOTHING],
                   "init_module": [0] * 3, "finit_module": [NOTHING], "delete_module": [0], "reboot": [0], "swapon": [0], "syslog": [10],
                   "userfaultfd": [0], "keyctl": [NOTHING], "add_key": [0], "seccomp": [NOTHING], "prctl": [3], "personality": [0xffffffff]},
    "files": {"open_by_handle_at": [NOTHING], "openat2": [NOTHING], "memfd_create": [0], "mkdirat": [NOTHING, 0], "unlinkat": [NOTHING, 0],
              "fchmodat": [NOTHING, 0], "fchownat": [NOTHING, 0], "ftruncate": [NOTHING], "renameat2": [NOTHING, 0, NOTHING, 0]},
    "rights": {"setresuid": [0, 0, 0], "setgroups": [0, 0], "capset": [0, 0], "execveat": [NOTHING, 0]},
    "sockets": {"connect": [NOTHING], "accept4": [NOTHING], "socketpair": [1, 1, 0, 0]},
}
# What the attacker runs in the place of iptables-save. It prints what became of each try, and waits if it is told to.
ATTACKER = """
import ctypes, errno, json, os, select, socket
libc = ctypes.CDLL(None, use_errno=True)
numbers, secrets, new_file, other_architecture, waits = json.loads(%r)

def outcome(action, *arguments):
    try:
        action(*arguments)
        return "done"
    except OSError as failed:
        return errno.errorcode[failed.errno]

def call(number, *arguments):
    if libc.syscall(ctypes.c_long(number), *(ctypes.c_long(each) for each in arguments)) == -1:
        raise OSError(ctypes.get_errno(), "")

tries = {name: outcome(call, number, *arguments) for name, (number, arguments) in numbers.items()}
for family in ("AF_UNIX", "AF_PACKET", "AF_VSOCK"):
    tries[family] = outcome(socket.socket, getattr(socket, family), socket.SOCK_DGRAM)
tries["NETLINK_ROUTE"] = outcome(socket.socket, socket.AF_NETLINK, socket.SOCK_RAW, 0)
tries["a new process"] = outcome(lambda: os.fork() or os._exit(0))
tries["a new file"] = outcome(open, new_file, "w")
for name, path in secrets.items():
    tries[name] = outcome(open, path)
if other_architecture:
    tries["x32"] = outcome(call, other_architecture)
print(json.dumps(tries), flush=True)
while waits:
    select.poll().poll()
"""
NET_ADMIN, NET_RAW = 1 << 12, 1 << 13
X32 = 0x40000000
# Of no user and no group on any machine; the group stands for docker.
STRANGER, DOCKER_GROUP = 64321, 64322


# Run by Debian's Python, which has the module, whatever runs the tests.
RESOLVE = """
import json, seccomp, sys
print(json.dumps({name: seccomp.resolve_syscall(seccomp.Arch(), name) for name in sys.argv[1:]}))
"""


def numbers_of_calls():
    calls = {name: arguments for kind in CALLS.values() for name, arguments in kind.items()}
    resolved = subprocess.run(["/usr/bin/python3", "-c", RESOLVE, *calls], check=True, capture_output=True, text=True)
    return {name: (number, calls[name]) for name, number in json.loads(resolved.stdout).items() if number >= 0}


class HelperCase(AttackCase):
    """A helper whose rules have taken it over."""

    tries_x32 = True

    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.folder.chmod(0o755)
        for name in ("programs", "elsewhere"):
            (self.folder / name).mkdir()
            secret = self.folder / name / "secret"
            secret.write_text("of the group alone")
            os.chown(secret, STRANGER, DOCKER_GROUP)
            secret.chmod(0o640)
        self.space = self.zoo.add("hostile")
        self.space.run("iptables-nft", "-t", "nat", "-A", "POSTROUTING", "-j", "MASQUERADE")

    def put_attacker(self, seen_from, name="iptables-nft-save", waits=False):
        x32 = X32 | 39 if os.uname().machine == "x86_64" and self.tries_x32 else 0
        secrets = {place: f"{seen_from}/{place}/secret" for place in self.closed}
        told = json.dumps([numbers_of_calls(), secrets, f"{seen_from}/programs/new", x32, waits])
        path = self.folder / "programs" / name
        path.write_text("#!/usr/bin/python3 -IS\n" + ATTACKER % told)
        path.chmod(0o755)

    def check_tries(self, service):
        answer = self.ask(service, self.space)
        self.assertIn(PREFIX + "Nat", answer, answer)
        tries = json.loads(answer[PREFIX + "Nat"])
        for place in self.closed:
            self.assertEqual(tries.pop(place), "EACCES", place)
        self.assertGreater(len(tries), 50)
        self.assertEqual({name: how for name, how in tries.items() if how != "EPERM"}, {})

    def rights_of_a_helper(self, service):
        """As the kernel tells them while it runs."""
        asker = threading.Thread(target=self.ask, args=(service, self.space))
        asker.start()

        def pid():
            tasks = pathlib.Path(f"/proc/{service.pid}/task").iterdir()
            return " ".join((task / "children").read_text() for task in tasks).strip()

        def told():
            """Once its own program runs, which the kernel names by its file."""
            found = pid()
            text = pathlib.Path(f"/proc/{found}/status").read_text() if found else ""
            return text.startswith("Name:\tip") and text

        text = wait_until(told, "the helper's program")
        os.kill(int(pid()), signal.SIGKILL)
        asker.join()
        return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)

    def check_rights(self, service, capabilities):
        rights = self.rights_of_a_helper(service)
        for kind in ("CapPrm", "CapEff"):
            self.assertEqual(int(rights[kind], 16), capabilities, kind)
        self.assertEqual(int(rights["CapAmb"], 16) & ~capabilities, 0)
        self.assertEqual((rights["NoNewPrivs"], rights["Seccomp"]), ("1", "2"))
        return rights


class AttackFromAHelperOfRoot(HelperCase):
    closed = ("programs", "elsewhere")  # the first shows that the group is given up

    def serve(self):
        service = service_module.Service("--xtables-dir", str(self.folder / "programs"), "--timeout-nat", "25s",
                                         prefix=["setpriv", f"--groups={DOCKER_GROUP}", "--"])
        self.addCleanup(service.__exit__, None, None, None)
        return service

    def test_every_try_is_refused(self):
        self.put_attacker(self.folder)
        self.check_tries(self.serve())
        self.assertFalse((self.folder / "programs/new").exists())

    def test_it_keeps_one_capability_and_no_group(self):
        self.put_attacker(self.folder, waits=True)
        rights = self.check_rights(self.serve(), NET_ADMIN)
        self.assertEqual(rights["Groups"].strip(), "")

    def test_the_one_for_old_tables_keeps_two(self):
        self.space.run("nft", "delete", "table", "ip", "nat")
        self.space.run("iptables-legacy", "-t", "nat", "-A", "POSTROUTING", "-j", "MASQUERADE")
        self.put_attacker(self.folder, "iptables-legacy-save", waits=True)
        self.check_rights(self.serve(), NET_ADMIN | NET_RAW)

    def test_the_service_keeps_its_own(self):
        """What the child gives up before its exec it gives up alone, although it borrows the service's memory."""
        self.put_attacker(self.folder)
        service = self.serve()

        def rights():
            kept = ("Cap", "Groups", "Seccomp", "NoNewPrivs", "Uid")
            return {task.name: [line for line in (task / "status").read_text().splitlines() if line.startswith(kept)]
                    for task in pathlib.Path(f"/proc/{service.pid}/task").iterdir()}

        before = rights()
        self.check_tries(service)
        self.assertEqual(rights(), before)
        self.assertEqual(pathlib.Path(f"/proc/{service.pid}/oom_score_adj").read_text(), pathlib.Path("/proc/self/oom_score_adj").read_text())


class AttackFromAHelperOfTheUnit(HelperCase):
    """The unit's user cannot leave the group docker; what the group opens is closed by Landlock."""

    closed = ("elsewhere",)
    tries_x32 = False  # the unit's own filter ends who does

    def serve(self, *flags, legacy=False):
        root = service_module.ROOT
        text = (root / "systemd/nodescope.service.in").read_text()
        if legacy:
            text = text.replace("CAP_NET_ADMIN\n", "CAP_NET_ADMIN CAP_NET_RAW\n")
        (self.folder / "nodescope.service").write_text(text)
        sandbox = root / "tests/support/unit_sandbox.py"
        binds = [f"{service_module.BINARY}=/mnt/nodescope", f"{sandbox}=/mnt/unit_sandbox.py", f"{self.folder}/programs=/mnt/programs",
                 f"{self.folder}/nodescope.service=/mnt/nodescope.service", f"{self.folder}/elsewhere=/mnt/elsewhere"]
        # The group that may see whether there are legacy tables is root's, as in the drop-in.
        groups = f"{DOCKER_GROUP},0" if legacy else str(DOCKER_GROUP)

        class Sandboxed(service_module.Service):
            binary = "/mnt/nodescope"

        prefix = ["unshare", "--mount", "/usr/bin/python3", str(sandbox), str(self.folder / "nodescope.service"), groups, *binds, "--"]
        service = Sandboxed(*flags, "--timeout-nat", "25s", prefix=prefix)
        self.addCleanup(service.__exit__, None, None, None)
        return service

    def test_every_try_is_refused(self):
        self.put_attacker("/mnt")
        self.check_tries(self.serve("--xtables-dir", "/mnt/programs"))

    def test_it_keeps_one_capability(self):
        self.put_attacker("/mnt", waits=True)
        self.check_rights(self.serve("--xtables-dir", "/mnt/programs"), NET_ADMIN)

    def test_rules_of_both_kinds_are_read_all_the_same(self):
        self.space.run("iptables-legacy", "-t", "nat", "-A", "POSTROUTING", "-o", "old0", "-j", "MASQUERADE")
        for family in ("iptables", "ip6tables"):
            for variant in ("nft", "legacy"):
                self.space.run(f"{family}-{variant}", "-t", "nat", "-A", "POSTROUTING", "-o", "both0", "-j", "MASQUERADE")
        answer = self.ask(self.serve(legacy=True), self.space)
        self.assertNotIn(PREFIX + "Errors", answer)
        for key, family in (("Nat", "iptables"), ("Nat6", "ip6tables")):
            printed = b"".join(self.space.run(f"{family}-{variant}-save", "-t", "nat") for variant in ("nft", "legacy")).decode()
            self.assertEqual([line for line in answer[PREFIX + key].splitlines() if line.startswith("-A")],
                             [line for line in printed.splitlines() if line.startswith("-A")])


if __name__ == "__main__":
    unittest.main()
