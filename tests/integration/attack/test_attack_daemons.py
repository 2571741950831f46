"""A user's process that is called like a daemon neither gets its signal nor keeps it from the daemon."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

from tests.support.service import Service

NOBODY = 65534
DUMP = "goroutine 1 [running]:"
# What containerd does with the signal.
DAEMON = f"""
import os, signal, sys
def dump(*_):
    with open(f"{{sys.argv[1]}}/containerd.{{os.getpid()}}.stacks.log", "w") as file: file.write("{DUMP}")
signal.signal(signal.SIGUSR1, dump)
print(os.getpid(), flush=True)
while True: signal.pause()
"""


class AttackByDaemonNames(unittest.TestCase):
    """In a process namespace of its own: the node may have daemons of that name."""

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="nodescope-")))
        self.folder.chmod(0o755)
        # A process is called like its file.
        self.program = self.folder / "containerd"
        shutil.copy(os.path.realpath(sys.executable), self.program)
        self.daemons, self.users = self.folder / "daemons", self.folder / "users"
        self.daemons.mkdir()
        self.users.mkdir()
        os.chown(self.users, NOBODY, NOBODY)

    def serve(self, *flags):
        # The service is its first process: when that ends, the kernel ends all others.
        service = self.enterContext(Service("--goroutine-dumps", "--state-directory", str(self.folder / "state"), "--docker-host",
                                            "unix:///nonexistent", "--containerd-temporary-directory", str(self.daemons), *flags,
                                            prefix=("unshare", "--pid", "--mount-proc", "--fork", "--kill-child"),
                                            expect_clean_exit=False))
        children = pathlib.Path(f"/proc/{service.pid}/task/{service.pid}/children")
        first = int(children.read_text())
        # unshare itself takes no SIGTERM.
        self.addCleanup(os.kill, first, signal.SIGTERM)
        self.inside = ["nsenter", f"--target={first}", "--pid", "--mount"]
        return service

    def start(self, folder, *prefix):
        started = subprocess.Popen([*self.inside, *prefix, str(self.program), "-c", DAEMON, str(folder)], stdout=subprocess.PIPE, text=True,
                                   cwd="/")
        self.addCleanup(self.end, started)
        return int(started.stdout.readline())

    def start_as_user(self):
        return self.start(self.users, "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--bounding-set=-all",
                          "--inh-caps=-all", "--no-new-privs")

    @staticmethod
    def end(process):
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()
        process.stdout.close()

    def dump(self, service):
        status, _, body = service.process_route("/processor/containerdGoroutineCollector")
        return status, body.decode()

    def nobody_was_signalled(self):
        self.assertEqual(list(self.users.iterdir()), [])

    def test_the_daemon_is_found_beside_it(self):
        service = self.serve()
        self.start_as_user()
        pid = self.start(self.daemons)
        self.start_as_user()
        status, body = self.dump(service)
        self.assertEqual(status, 200, body)
        self.assertIn("collector.runtime.containerd.goroutine", json.loads(body))
        self.assertEqual((self.daemons / f"containerd.{pid}.stacks.log").read_text(), DUMP)
        self.nobody_was_signalled()

    def test_it_is_none_where_there_is_no_daemon(self):
        service = self.serve()
        self.start_as_user()
        self.assertEqual(self.dump(service), (500, "no containerd is running on this node\n"))
        self.nobody_was_signalled()

    def test_its_pid_file_is_not_believed(self):
        pid_file = self.users / "containerd.pid"
        service = self.serve("--containerd-pid-file", str(pid_file))
        pid = self.start_as_user()
        subprocess.run(["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "sh", "-c", f"echo {pid} >{pid_file}"],
                       check=True, cwd="/")
        status, body = self.dump(service)
        self.assertEqual((status, body), (500, f"{pid_file}: others than root can write it\n"))
        pid_file.unlink()
        self.nobody_was_signalled()


if __name__ == "__main__":
    unittest.main()
