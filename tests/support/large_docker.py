"""A Docker Engine in a process of its own whose answers are as large as an image's author can make them: a long list, inspects with megabytes
of variables, and labels that are many and small. Standard library only.

    with LargeDocker(path, {own_container_number(): pid, ...}) as docker:   # docker.ids: of containers that are there"""

import json
import pathlib
import signal
import subprocess
import sys

from tests.support.fake_docker import FakeDocker, container_id, inspection, summary
from tests.support.service import HANG_LIMIT_S

ROOT = pathlib.Path(__file__).resolve().parents[2]
# As many and as small as labels can be, within the 64 KiB that are taken of them.
LABELS = {f"{number:x}": "" for number in range(8000)}
VARIABLES = [f"V{number}=" + "x" * 60_000 for number in range(60)]
LISTED = 100
LONG_TEXT = "x" * 40_000


class _Prepared(FakeDocker):
    """Its answers are made once."""

    def __init__(self, path, pids):
        super().__init__(path)
        self.containers = [{**summary(number), "Command": LONG_TEXT} for number in range(LISTED)]
        for number, pid in pids.items():
            one = inspection(int(number), f"large-{number}", pid=pid)
            # A container is older than its processes, and these are not.
            one["State"]["StartedAt"] = ""
            # Of an answer that is long already, few labels are taken.
            one["Config"] = {"Env": [], "Labels": LABELS} if int(number) % 2 else {"Env": VARIABLES, "Labels": {}}
            self.inspections[container_id(int(number))] = one
        self._texts = {}

    def _json(self, value):
        key = value["Id"] if isinstance(value, dict) and "Id" in value else type(value).__name__ + str(len(value))
        if key not in self._texts:
            self._texts[key] = self._whole(200, json.dumps(value).encode() + b"\n", "application/json")
        return self._texts[key]


class LargeDocker:
    def __init__(self, path, pids):
        self.path, self._pids = str(path), pids
        self.ids = [container_id(number) for number in pids]

    def __enter__(self):
        self._process = subprocess.Popen([sys.executable, "-m", "tests.support.large_docker", self.path, json.dumps(self._pids)], cwd=ROOT,
                                         stdout=subprocess.PIPE)
        if self._process.stdout.readline() != b"ready\n":
            raise RuntimeError("the large daemon did not start")
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait(HANG_LIMIT_S)
        self._process.stdout.close()


if __name__ == "__main__":
    with _Prepared(sys.argv[1], json.loads(sys.argv[2])):
        print("ready", flush=True)
        signal.pause()
