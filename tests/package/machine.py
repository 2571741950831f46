"""A node of its own in a virtual machine: Debian 12 under qemu, without KVM, with systemd as process 1, cgroup v2, Debian's kernel and its
modules, containerd, Docker, and what a person has on a node. Nothing in it reaches a network.

    with Machine(package) as machine:
        machine.tell("systemctl is-active nodescope")

The disk is made of a root that is kept in /var/cache/nodescope-test, with the package lying in it, not installed. Needs root and a Debian
mirror."""

import base64
import json
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile

from tests.package.test_package import CACHE as MINIMAL
from tests.package.test_package import fresh_root, inside, run
from tests.support.waiting import wait_until

ROOT = MINIMAL.with_name("bookworm-machine")
PACKAGES = ("systemd", "systemd-sysv", "dbus", "udev", "kmod", "iproute2", "net-tools", "iptables", "nftables", "containerd", "runc",
            "docker.io", "apparmor", "busybox-static", "procps", "curl", "jq", "python3", "wireguard-tools", "libcap2-bin", "util-linux")
NAMES = "passwd: files\ngroup: files\nshadow: files\nhosts: files\nnetworks: files\nprotocols: files\nservices: files\n"
AGENT_PORT = "/dev/ttyS1"
# A shell command for each line, and its end for an answer. What cannot be read is what was sent before the port was opened.
AGENT = f"""#!/usr/bin/python3
import base64, json, os, subprocess, tty
port = os.open("{AGENT_PORT}", os.O_RDWR | os.O_NOCTTY)
tty.setraw(port)
with os.fdopen(port, "r+b", buffering=0) as lines:
    for line in lines:
        try:
            asked = json.loads(line)
        except ValueError:
            continue
        try:
            done = subprocess.run(["bash", "-c", asked["command"]], input=base64.b64decode(asked["input"]), stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=asked["limit"], check=False)
            code, output = done.returncode, done.stdout
        except subprocess.TimeoutExpired as late:
            code, output = 124, (late.stdout or b"") + b"\\n(no end)"
        answer = {{"number": asked["number"], "code": code, "output": base64.b64encode(output).decode()}}
        lines.write(json.dumps(answer).encode() + b"\\n")
"""
# After nothing: there are tests of a boot that never ends.
AGENT_UNIT = """[Service]
ExecStart=/agent
Restart=always
[Install]
WantedBy=multi-user.target
"""
MEMORY_MIB, PROCESSORS = 3072, 2
# Without KVM a boot takes half a minute, and as long again beside other work.
BOOT_LIMIT_S = 240
ANSWER_LIMIT_S = 180


def in_root(root, *command):
    words, environment = inside(root, *command)
    return run(*words, env=environment, timeout=900)


def make_root():
    """Once: minutes."""
    if (ROOT / "agent").exists():
        return
    made = ROOT.with_suffix(".new")
    shutil.rmtree(made, ignore_errors=True)
    fresh_root(made)
    in_root(made, "apt-get", "update")
    in_root(made, "apt-get", "install", "-y", "--no-install-recommends", *PACKAGES)
    # The kernel's package without its scripts, which would make an initramfs: the drivers of the disk are built in.
    kernel = re.search(r"Depends: (linux-image-\S+)", in_root(made, "apt-cache", "depends", "linux-image-cloud-amd64")).group(1)
    in_root(made, "sh", "-c", f"cd /tmp && apt-get download {kernel} && dpkg-deb -x {kernel}_*.deb kernel && mkdir -p /usr/lib/modules && "
            f"mv kernel/lib/modules/* /usr/lib/modules/ && mv kernel/boot/vmlinuz-* /boot/ && rm -r kernel {kernel}_*.deb")
    version = next((made / "usr/lib/modules").iterdir()).name
    in_root(made, "depmod", version)
    in_root(made, "systemctl", "disable", "docker.service", "docker.socket", "containerd.service")
    (made / "etc/hosts").write_text("127.0.0.1 localhost node\n::1 localhost\n")
    (made / "etc/hostname").write_text("node\n")
    (made / "etc/fstab").write_text("")
    (made / "usr/sbin/policy-rc.d").unlink()
    (made / "etc/systemd/system/agent.service").write_text(AGENT_UNIT)
    in_root(made, "systemctl", "enable", "agent.service")
    in_root(made, "systemctl", "mask", "serial-getty@ttyS1.service", "apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_all.timer", "fstrim.timer")
    (made / "agent").write_text(AGENT)
    (made / "agent").chmod(0o755)
    made.rename(ROOT)


class Machine:
    def __init__(self, package, files=()):
        """`files` are paths here and there, of what else lies on the disk."""
        self._folder = tempfile.TemporaryDirectory(prefix="nsm-", dir="/var/tmp")
        self.folder = pathlib.Path(self._folder.name)
        self._number, self._qemu, self._port, self._unread = 0, None, None, b""
        make_root()
        root = self.folder / "root"
        run("cp", "-a", "--reflink=auto", ROOT, root)
        shutil.copy(package, root / "nodescope.deb")
        # What it depends on stays, so that it can be installed where there is no network.
        (root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
        (root / "usr/sbin/policy-rc.d").chmod(0o755)
        in_root(root, "apt-get", "install", "-y", "--no-install-recommends", "/nodescope.deb")
        in_root(root, "apt-get", "purge", "-y", "nodescope")
        (root / "usr/sbin/policy-rc.d").unlink()
        # Else whoever looks a name up waits for a network.
        (root / "etc/nsswitch.conf").write_text(NAMES)
        for here, there in files:
            target = root / there.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            run("cp", "-aT", here, target)
        self.kernel = self.folder / "vmlinuz"
        shutil.copy(next((root / "boot").glob("vmlinuz-*")), self.kernel)
        self.disk = self.folder / "disk.img"
        run("truncate", "-s", "4G", self.disk)
        run("mkfs.ext4", "-q", "-d", root, self.disk)
        shutil.rmtree(root)

    def __enter__(self):
        self.boot()
        return self

    def __exit__(self, *_):
        self.off()
        self._folder.cleanup()

    def boot(self, more=""):
        """Returns when the agent answers. `more` is added to the kernel's command line."""
        path = self.folder / "agent.sock"
        path.unlink(missing_ok=True)
        self._qemu = subprocess.Popen(
            ["qemu-system-x86_64", "-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max", "-smp", str(PROCESSORS), "-m", str(MEMORY_MIB),
             "-display", "none", "-no-reboot", "-nodefaults", "-kernel", str(self.kernel),
             "-append", f"root=/dev/nvme0n1 rw console=ttyS0 panic=-1 mitigations=off {more}",
             "-drive", f"file={self.disk},if=none,id=d0,format=raw,cache=unsafe", "-device", "nvme,drive=d0,serial=root",
             "-serial", f"file:{self.folder}/console.log", "-chardev", f"socket,id=agent,path={path},server=on,wait=off", "-serial", "chardev:agent"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        wait_until(lambda: path.exists() or self._qemu.poll() is not None, "qemu begins")
        self._port, self._unread = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), b""
        self._port.connect(str(path))
        wait_until(self._is_up, lambda: f"the machine comes up\n{self.console()[-3000:]}", limit_s=BOOT_LIMIT_S)

    def _is_up(self):
        try:
            return self._exchange("true", b"", 10, wait_s=5)
        except TimeoutError:
            return False

    def console(self):
        return (self.folder / "console.log").read_text(errors="replace")

    def off(self):
        if self._port:
            self._port.close()
        if self._qemu:
            self._qemu.kill()
            self._qemu.wait()
        self._qemu = self._port = None

    def reboot(self, more=""):
        """Cleanly, and everything that was written is there again."""
        self._exchange("nohup sh -c 'sleep 1; systemctl reboot' >/dev/null 2>&1 &", b"", 10)
        self._qemu.wait(timeout=BOOT_LIMIT_S)
        self.off()
        self.boot(more)

    def _exchange(self, command, stdin, limit, wait_s=ANSWER_LIMIT_S):
        self._number += 1
        asked = {"number": self._number, "command": command, "input": base64.b64encode(stdin).decode(), "limit": limit}
        self._port.settimeout(wait_s)
        self._port.sendall(json.dumps(asked).encode() + b"\n")
        while True:
            line, found, rest = self._unread.partition(b"\n")
            if not found:
                try:
                    got = self._port.recv(65536)
                except socket.timeout as late:
                    raise TimeoutError(command) from late
                if not got:
                    raise AssertionError(f"the machine has gone\n{self.console()[-3000:]}")
                self._unread += got
                continue
            self._unread = rest
            try:
                answer = json.loads(line)
            except ValueError:
                continue
            # The port gives back what was sent before it was opened.
            if answer["number"] == self._number and "code" in answer:
                return answer["code"], base64.b64decode(answer["output"])

    def result(self, command, stdin=b"", limit=ANSWER_LIMIT_S):
        """Exit code and output of a shell command."""
        code, output = self._exchange(command, stdin, limit, wait_s=limit + 30)
        return code, output.decode("utf-8", "backslashreplace").strip()

    def tell(self, command, stdin=b"", limit=ANSWER_LIMIT_S):
        """What a shell on that machine prints; AssertionError where it does not end with 0."""
        code, output = self.result(command, stdin, limit)
        if code != 0:
            raise AssertionError(f"{command}: exit code {code}\n{output}")
        return output

    def put(self, path, text):
        self.tell(f"cat >{path}", text.encode())
