"""A Podman of a test's own: private roots, containers of busybox without a network or on the node's, and a service on a private socket. Only
root can make one, its own or another user's. Containers have the cgroup manager and the low-level runtime that work on every kind of cgroups."""

import json
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tarfile
import tempfile

from tests.support.waiting import wait_until

IMAGE = "localhost/busybox:local"
LIMIT_S = 120
# The hard limits of a machine may be lower than those that Podman gives its containers.
CONFIG = """[containers]
default_ulimits = ["nofile=1024:2048", "nproc=1000:1000"]
"""
CGROUPS = pathlib.Path("/sys/fs/cgroup")


def write_image(path):
    busybox = shutil.which("busybox")
    with tarfile.open(path, "w") as tar:
        for name in ("bin", "etc", "tmp", "proc", "sys", "dev", "run", "root", "var"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(folder)
        tar.add(busybox, "bin/busybox")
        for name in ("sh", "sleep", "true", "false"):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)


class Podman:
    """Use as a context manager. `user` is the one whose Podman it is; one that is not root's needs no subordinate ids for this image."""

    def __init__(self, user=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="nodescope-podman-"))
        self.prefix = []
        if user:
            shutil.chown(self.folder, user)
            self.prefix = ["setpriv", "--reuid", user, "--regid", str(pwd.getpwnam(user).pw_gid), "--clear-groups"]
        self.root, self.run_root = self.folder / "root", self.folder / "run"
        # As of a user whose XDG_RUNTIME_DIR is the folder.
        self.socket = self.folder / "podman" / "podman.sock"
        self.service = None
        self.log = None

    @property
    def host(self):
        return f"unix://{self.socket}"

    @property
    def places(self):
        """The flags that tell the service under test where the files are."""
        return "--podman-root", str(self.root), "--podman-runroot", str(self.run_root)

    def command(self, *arguments):
        return [*self.prefix, "env", f"HOME={self.folder}", f"XDG_RUNTIME_DIR={self.folder}",
                f"CONTAINERS_CONF={self.folder}/containers.conf", "podman", "--root", str(self.root), "--runroot",
                str(self.run_root), "--tmpdir", str(self.folder / "tmp"), "--cgroup-manager", "cgroupfs", "--runtime", "runc", *arguments]

    def call(self, *arguments):
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=LIMIT_S, check=False, cwd=self.folder)
        if done.returncode != 0:
            raise RuntimeError(f"podman {arguments}: {done.stderr}")
        return done.stdout.strip()

    def __enter__(self):
        try:
            (self.folder / "containers.conf").write_text(CONFIG)
            subprocess.run([*self.prefix, "mkdir", str(self.socket.parent)], check=True)
            archive = self.folder / "image.tar"
            write_image(archive)
            self.call("import", str(archive), IMAGE)
        except BaseException:
            self.__exit__()
            raise
        return self

    def run(self, name, *options, command=("sleep", "100000"), network="none"):
        """The id of a container that runs."""
        return self.call("run", "--detach", "--name", name, "--network", network, *options, IMAGE, *command)

    def inspect(self, name):
        return json.loads(self.call("container", "inspect", name))[0]

    def pid(self, name):
        return str(self.inspect(name)["State"]["Pid"])

    def start_service(self):
        self.log = open(self.folder / "service.log", "wb")
        self.service = subprocess.Popen(self.command("system", "service", "--time", "0", self.host), stdout=self.log, stderr=self.log,
                                        start_new_session=True, cwd=self.folder)
        wait_until(self.socket.exists, lambda: (self.folder / "service.log").read_text())

    def stop_answering(self):
        os.killpg(self.service.pid, signal.SIGSTOP)

    def answer_again(self):
        os.killpg(self.service.pid, signal.SIGCONT)

    def stop_service(self):
        if self.service is None:
            return
        self.answer_again()
        os.killpg(self.service.pid, signal.SIGKILL)
        self.service.wait()
        self.log.close()
        self.socket.unlink(missing_ok=True)
        self.service = None

    def __exit__(self, *_):
        self.stop_service()
        for arguments in (("pod", "rm", "--all", "--force", "--time", "0"), ("rm", "--all", "--force", "--time", "0")):
            subprocess.run(self.command(*arguments), capture_output=True, timeout=LIMIT_S, check=False, cwd=self.folder)
        if self.prefix:
            # Ends the process that keeps a user's namespaces.
            subprocess.run(self.command("system", "migrate"), capture_output=True, timeout=LIMIT_S, check=False, cwd=self.folder)
        # The monitor of a container that has ended cleans up after it, by one more command.
        wait_until(lambda: not self._processes(), lambda: f"still running: {self._processes()}")
        while places := self._mounts():
            subprocess.run(["umount", "--lazy", places[-1]], check=True, capture_output=True)
        for parent in (CGROUPS / "libpod_parent", *CGROUPS.glob("*/libpod_parent")):
            self._remove_empty(parent)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _processes(self):
        found = []
        for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = entry.read_bytes().split(b"\0")
            except OSError:
                continue
            if any(word.startswith(str(self.folder).encode()) for word in words[1:]):
                found.append(int(entry.parent.name))
        return found

    def _mounts(self):
        """Below the folder; each command of Podman may mount its storage once more."""
        lines = pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
        return sorted(place for place in (line.split()[4] for line in lines) if place.startswith(f"{self.folder}/"))

    @staticmethod
    def _remove_empty(parent):
        """What others use stays: rmdir refuses."""
        for folder in [*sorted(parent.glob("**/"), reverse=True)]:
            try:
                folder.rmdir()
            except OSError:
                pass
