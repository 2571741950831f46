"""A containerd with CRI of a test's own: private root, state and socket, an image made of busybox, and pods on the node's network or on one
of their own, which a plugin of the test makes. Only root can start one."""

import hashlib
import io
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time
import uuid

from tests.support.cri import calls, protobuf
from tests.support.waiting import wait_until

IMAGE = "nodescope.test/busybox:1"
START_LIMIT_S = 60
CGROUPS = pathlib.Path("/sys/fs/cgroup")
POD, NODE = 0, 2  # NamespaceMode: the pod's own, the node's
# What CNI needs: a plugin, which also does what the one for the loopback interface does, and a network that names it.
PLUGIN = """#!/bin/sh
set -e
[ "$CNI_COMMAND" = ADD ] || exit 0
in_pod() { nsenter --net="$CNI_NETNS" "$@"; }
if [ "$CNI_IFNAME" = lo ]; then
  in_pod ip link set lo up
  address=127.0.0.1/8
else
  in_pod ip link add "$CNI_IFNAME" type bridge
  in_pod ip link set "$CNI_IFNAME" up
  address=10.123.45.6/24
  in_pod ip address add "$address" dev "$CNI_IFNAME"
fi
echo '{"cniVersion":"0.4.0","interfaces":[{"name":"'"$CNI_IFNAME"'","sandbox":"'"$CNI_NETNS"'"}],
  "ips":[{"version":"4","interface":0,"address":"'"$address"'"}]}'
"""
NETWORK = {"cniVersion": "0.4.0", "name": "nodescope-test", "plugins": [{"type": "nodescope-test"}]}
CONFIG = """version = 2
root = "{folder}/root"
state = "{folder}/state"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
                    "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp"]
[grpc]
  address = "{folder}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{image}"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{folder}/cni/bin"
    conf_dir = "{folder}/cni/conf"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.internal.v1.opt"]
  path = "{folder}/opt"
"""


def image_archive():
    """What `docker save` writes, of one layer with busybox; it waits for a signal when nothing else is said."""
    busybox = pathlib.Path(shutil.which("busybox")).read_bytes()
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        for name in ("bin", "tmp", "etc"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(folder)
        program = tarfile.TarInfo("bin/busybox")
        program.mode, program.size = 0o755, len(busybox)
        tar.addfile(program, io.BytesIO(busybox))
        for name in ("sh", "sleep", "true", "false"):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    layer = layer.getvalue()
    config = json.dumps({
        "architecture": os.uname().machine.replace("x86_64", "amd64").replace("aarch64", "arm64"), "os": "linux",
        "config": {"Entrypoint": ["/bin/busybox"], "Cmd": ["sleep", "100000"], "Env": ["PATH=/bin"],
                   # An image may bring any.
                   "Labels": {"vendor": "nodescope", "io.kubernetes.pod.name": "forged", "io.kubernetes.pod.namespace": "forged",
                              "io.kubernetes.container.name": "forged"}},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
    }).encode()
    name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = json.dumps([{"Config": name, "RepoTags": [IMAGE], "Layers": ["layer.tar"]}]).encode()
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for path, content in ((name, config), ("layer.tar", layer), ("manifest.json", manifest)):
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return archive.getvalue()


class Containerd:
    """Use as a context manager. With `network`, pods can have one of their own. With `inside`, the PID of a container that is a machine, it runs
    in there, and whoever made that container ends it; `folder` has to be at the same place in it."""

    def __init__(self, network=False, folder=None, inside=None):
        self.network, self.inside = network, inside
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="nodescope-containerd-"))
        self.folder.mkdir(exist_ok=True)
        self.socket = str(self.folder / "containerd.sock")
        self.process, self.log = None, None
        self.cgroups = []  # what the pods' cgroups are below; nobody else removes them

    @property
    def endpoint(self):
        return f"unix://{self.socket}"

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self):
        config = self.folder / "config.toml"
        config.write_text(CONFIG.format(folder=self.folder, image=IMAGE))
        if self.network:
            self._make_network()
        self.log = open(self.folder / "log", "wb")
        enter = ["nsenter", "--all", "--target", str(self.inside)] if self.inside else []
        self.process = subprocess.Popen([*enter, "containerd", "--config", str(config)], stdout=self.log, stderr=subprocess.STDOUT,
                                        start_new_session=True, env={**os.environ, "TMPDIR": str(self.folder)})
        limit = time.monotonic() + START_LIMIT_S
        self._until(limit, lambda: self.call("Version", {}))
        archive = self.folder / "image.tar"
        archive.write_bytes(image_archive())
        subprocess.run(["ctr", "--address", self.socket, "--namespace", "k8s.io", "images", "import", "--snapshotter", "native", str(archive)],
                       check=True, capture_output=True, timeout=START_LIMIT_S)
        archive.unlink()
        # CRI learns of the image through an event.
        self._until(limit, lambda: self.call("ImageStatus", {1: {1: IMAGE}}, "runtime.v1.ImageService")[1])

    def _make_network(self):
        for name in ("bin", "conf"):
            (self.folder / "cni" / name).mkdir(parents=True)
        (self.folder / "cni/conf/10-test.conflist").write_text(json.dumps(NETWORK))
        for name in ("nodescope-test", "loopback"):
            plugin = self.folder / "cni/bin" / name
            plugin.write_text(PLUGIN)
            plugin.chmod(0o755)

    def _until(self, limit, works):
        failures = []

        def worked():
            try:
                return (works(),)
            except (OSError, KeyError, calls.CallFailed) as error:
                failures[:] = [error]
                if self.process.poll() is not None:
                    raise RuntimeError(self._how_it_stands(failures)) from error
                return None

        return wait_until(worked, lambda: self._how_it_stands(failures), max(0, limit - time.monotonic()))[0]

    def _how_it_stands(self, failures):
        return f"containerd: {failures}\n" + (self.folder / "log").read_text()[-4000:]

    def call(self, method, request, service="runtime.v1.RuntimeService"):
        return calls.call(self.socket, method, request, service)

    def pod(self, name, namespace="default", annotations=None, network=NODE, labels=None):
        return Pod(self, name, namespace, annotations, network, labels)

    def stop_answering(self):
        self.process.send_signal(signal.SIGSTOP)

    def answer_again(self):
        self.process.send_signal(signal.SIGCONT)

    def __exit__(self, *_):
        if self.process is not None and self.process.poll() is None:
            self.answer_again()
            self._remove_pods()
            self.process.terminate()
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.log is not None:
            self.log.close()
        self._unmount()
        self._remove_cgroups()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _remove_pods(self):
        try:
            for pod in self.call("ListPodSandbox", {}).get(1, []):
                fields = protobuf.fields(pod)
                sandbox = fields[1][0].decode()
                self.call("StopPodSandbox", {1: sandbox})
                self.call("RemovePodSandbox", {1: sandbox})
        except (OSError, calls.CallFailed):
            pass

    def _remove_cgroups(self):
        for name in self.cgroups:
            for place in (*CGROUPS.glob(name), *CGROUPS.glob(f"*/{name}")):
                for folder in sorted(place.glob("**/"), reverse=True):
                    try:
                        folder.rmdir()
                    except OSError:
                        pass

    def _unmount(self):
        mounts = [line.split()[4] for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines()]
        for place in sorted((one for one in mounts if one.startswith(str(self.folder))), reverse=True):
            subprocess.run(["umount", "--lazy", place], check=False, capture_output=True)


class Pod:
    """A sandbox, in cgroups that are named as the kubelet names them, below one of the test's own."""

    def __init__(self, daemon, name, namespace, annotations, network, labels):
        self.daemon, self.name, self.namespace, self.uid = daemon, name, namespace, str(uuid.uuid4())
        self.labels = {"io.kubernetes.pod.name": name, "io.kubernetes.pod.namespace": namespace, "io.kubernetes.pod.uid": self.uid}
        root = f"nodescope-test-{self.uid}"
        daemon.cgroups.append(root)
        self.cgroup = f"/{root}/kubepods/burstable/pod{self.uid}"
        self.config = {
            1: {1: name, 2: self.uid, 3: namespace, 4: 0},
            3: str(daemon.folder / "pod-logs"),
            6: {"app": name, **(labels or {}), **self.labels},
            7: annotations or None,
            8: {1: self.cgroup, 2: {1: {1: network, 2: 1, 3: NODE}}},
        }
        self.id = daemon.call("RunPodSandbox", {1: self.config})[1][0].decode()

    def container(self, name, arguments=("sleep", "100000"), attempt=0, start=True, annotations=None, mounts=()):
        labels = {**self.labels, "io.kubernetes.container.name": name}
        request = {
            1: self.id,
            2: {1: {1: name, 2: attempt}, 2: {1: IMAGE}, 3: ["/bin/busybox"], 4: list(arguments),
                7: [{1: inside, 2: outside, 3: read_only} for outside, inside, read_only in mounts],
                9: labels, 10: annotations or None, 11: f"{name}_{attempt}.log", 15: {}},
            3: self.config,
        }
        full_id = self.daemon.call("CreateContainer", request)[1][0].decode()
        if start:
            self.daemon.call("StartContainer", {1: full_id})
        return full_id

    def kubelet_name(self, container, attempt=0):
        return f"k8s_{container}_{self.name}_{self.namespace}_{self.uid}_{attempt}"

    def status(self, container):
        """ContainerStatus with what containerd says of it in JSON: (fields of the status, info)."""
        answer = self.daemon.call("ContainerStatus", {1: container, 2: True})
        info = {}
        for entry in answer.get(2, []):
            pair = protobuf.fields(entry)
            info[pair[1][0].decode()] = json.loads(pair[2][0])
        return protobuf.fields(answer[1][0]), info.get("info", {})

    def remove(self):
        self.daemon.call("StopPodSandbox", {1: self.id})
        self.daemon.call("RemovePodSandbox", {1: self.id})
