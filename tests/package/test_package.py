"""The Debian package in a fresh Debian 12: installs with its dependencies, answers as its own user, is removed and purged without a trace.

    python3 -m tests.package.test_package PACKAGE.deb        the last line is `N passed, N failed, N skipped`

The fresh root is made once by debootstrap and kept in /var/cache/nodescope-test; each run works on a copy. Needs root
and a Debian mirror: the one this machine installs from, or NODESCOPE_DEBIAN_MIRROR.
"""

import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

CACHE = pathlib.Path("/var/cache/nodescope-test/bookworm-minbase")
HANG_LIMIT_S = 300
CAPABILITIES = "-all,+sys_admin,+sys_ptrace,+net_admin"
PACKAGE = pathlib.Path()


def run(*command, **more):
    if "input" not in more:
        more.setdefault("stdin", subprocess.DEVNULL)
    more = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "timeout": HANG_LIMIT_S, **more}
    done = subprocess.run(command, text=True, check=False, **more)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}")
    return done.stdout


def mirror():
    """Where packages of Debian 12 come from: named by the environment, else by the sources of this machine's apt."""
    if named := os.environ.get("NODESCOPE_DEBIAN_MIRROR"):
        return named
    listed = run("apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(COMPONENT)", "Created-By: Packages")
    for line in listed.splitlines():
        address, *suite = line.split()
        if suite == ["bookworm", "main"]:
            return address
    raise AssertionError("apt has no source of Debian 12 (bookworm main): name a mirror in NODESCOPE_DEBIAN_MIRROR")


def fresh_root(target):
    if not (CACHE / "etc/debian_version").exists():
        made = CACHE.with_suffix(".new")
        shutil.rmtree(made, ignore_errors=True)
        made.parent.mkdir(parents=True, exist_ok=True)
        run("debootstrap", "--variant=minbase", "bookworm", made, mirror())
        made.rename(CACHE)
    run("cp", "-a", "--reflink=auto", CACHE, target)
    # The way to the mirror is that of this machine.
    shutil.copy("/etc/resolv.conf", target / "etc/resolv.conf")
    for file in pathlib.Path("/etc/apt/apt.conf.d").glob("*proxy*"):
        shutil.copy(file, target / "etc/apt/apt.conf.d")
    (target / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
    (target / "usr/sbin/policy-rc.d").chmod(0o755)


def inside(root, *command):
    """The words and the environment that run a command in that root, with a /proc of its own mount namespace: nothing stays mounted behind."""
    mounts = f'mount --make-rprivate / && mount -t proc proc {root}/proc && exec chroot {root} "$@"'
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    return ["unshare", "--mount", "sh", "-c", mounts, "sh", *command], environment


class Package(unittest.TestCase):
    """One after the other, in the order of their names: each starts where the one before it ended."""

    @classmethod
    def setUpClass(cls):
        cls.root = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="nsp-"))) / "root"
        fresh_root(cls.root)
        shutil.copy(PACKAGE, cls.root / "nodescope.deb")

    def do(self, *command):
        words, environment = inside(self.root, *command)
        return run(*words, env=environment)

    def file(self, path):
        return self.root / path.lstrip("/")

    def traces(self):
        found = [path for folder in ("etc", "usr", "lib", "var/lib", "run") for path in self.file(folder).rglob("*nodescope*")]
        accounts = re.findall(r"(?m)^.*nodescope.*$", self.file("/etc/passwd").read_text() + self.file("/etc/group").read_text())
        return [str(path.relative_to(self.root)) for path in found] + accounts

    def test_1_installs(self):
        words, environment = inside(self.root, "dpkg", "-i", "/nodescope.deb")
        subprocess.run(words, env=environment, capture_output=True, check=False, timeout=HANG_LIMIT_S)  # ends because dependencies are missing
        self.do("apt-get", "update")
        self.do("apt-get", "-y", "--no-install-recommends", "-f", "install")
        self.assertIn("ok installed", self.do("dpkg", "-s", "nodescope"))
        self.assertEqual(self.do("dpkg", "--verify", "nodescope"), "")
        self.assertEqual(self.do("stat", "-c", "%a %U:%G", "/etc/nodescope", "/etc/nodescope/config.toml"),
                         "750 root:nodescope\n640 root:nodescope\n")
        self.assertIn("docker", self.do("id", "-nG", "nodescope").split())
        self.assertTrue(self.file("/etc/systemd/system/multi-user.target.wants/nodescope.service").is_symlink())
        self.assertTrue(self.file("/etc/systemd/system/sockets.target.wants/nodescope.socket").is_symlink())

    def test_2_its_files_are_sound(self):
        self.assertRegex(self.do("nodescope", "--version"), r"^nodescope \d")
        self.assertIn("sound", self.do("nodescope", "--check-config"))
        self.assertEqual(self.do("nodescope", "--print-defaults"), self.file("/etc/nodescope/config.toml").read_text())
        self.assertEqual(self.do("systemd-analyze", "verify", "nodescope.service", "nodescope.socket"), "")

    def test_3_answers_as_its_own_user(self):
        words, environment = inside(
            self.root, "setpriv", "--reuid=nodescope", "--regid=nodescope", "--init-groups", f"--inh-caps={CAPABILITIES}",
            f"--ambient-caps={CAPABILITIES}", f"--bounding-set={CAPABILITIES}", "--no-new-privs", "--",
            "/usr/bin/nodescope", "serve", "--config", "/etc/nodescope/config.toml", "--listen", "127.0.0.1:0", "--log-format", "json")
        other = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo ready; exec sleep 100000"], stdout=subprocess.PIPE)
        self.addCleanup(other.communicate)
        self.addCleanup(other.kill)
        self.assertEqual(other.stdout.readline(), b"ready\n")
        service = subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True)
        try:
            port = None
            while port is None:
                line = service.stderr.readline()
                self.assertTrue(line, "the service ended")
                event = json.loads(line)
                if event["message"] == "listening":
                    port = int(event["addresses"].rsplit(":", 1)[1])
            self.assertEqual(self.ask(port, "GET", "/healthz")[0], 200)
            status, body = self.ask(port, "POST", "/processor/netInfoCollector", json.dumps({"pid": str(other.pid)}))
            self.assertEqual(status, 200, body)
            self.assertIn("LOOPBACK", json.loads(body)["collector.kubernetes.container.ipaddr"])
        finally:
            service.send_signal(signal.SIGTERM)
            code = service.wait(timeout=HANG_LIMIT_S)
            service.stderr.close()
        self.assertEqual(code, 0)

    @staticmethod
    def ask(port, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=HANG_LIMIT_S)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def test_4_keeps_what_the_administrator_changed(self):
        config = self.file("/etc/nodescope/config.toml")
        config.write_text(config.read_text() + 'log-level = "debug"\n')
        config.chmod(0o600)
        self.do("dpkg", "-i", "--force-confold", "/nodescope.deb")
        self.assertIn('log-level = "debug"', config.read_text())
        self.assertEqual(config.stat().st_mode & 0o777, 0o600)

    def test_5_is_removed_and_leaves_the_configuration(self):
        self.do("dpkg", "-r", "nodescope")
        self.assertFalse(self.file("/usr/bin/nodescope").exists())
        self.assertFalse(self.file("/lib/systemd/system/nodescope.service").exists())
        self.assertTrue(self.file("/etc/nodescope/config.toml").exists())

    def test_6_is_purged_without_a_trace(self):
        self.file("/var/lib/nodescope").mkdir(exist_ok=True)
        (self.file("/var/lib/nodescope") / "dump").write_text("x")
        self.do("dpkg", "-P", "nodescope")
        self.assertEqual(self.traces(), [])


def main():
    global PACKAGE  # pylint: disable=global-statement
    PACKAGE = pathlib.Path(sys.argv[1]).resolve()
    if os.geteuid() != 0:
        sys.exit("only root can make and enter a root")
    result = unittest.TextTestRunner(verbosity=2, failfast=True).run(unittest.defaultTestLoader.loadTestsFromTestCase(Package))
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed - len(result.skipped)} passed, {failed} failed, {len(result.skipped)} skipped", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
