"""A real Docker Engine for tests: containers of the image busybox:local, made over the daemon's Unix socket and removed with the test.

    engine = docker_engine.from_environment()          # None without NODESCOPE_TEST_DOCKER_HOST
    web = engine.create(test, ["sleep", "1000"])       # removed by test.addCleanup
    web.start()
    web.inspect()["State"]["Pid"]
"""

import http.client
import json
import os
import socket
import unittest
import uuid

IMAGE = "busybox:local"
# Longer than any call takes on a busy machine; a test that reaches it has found a hang.
HANG_LIMIT_S = 60


def from_environment():
    host = os.environ.get("NODESCOPE_TEST_DOCKER_HOST", "")
    return Engine(host.removeprefix("unix://")) if host.startswith("unix:///") else None


def needed():
    """The daemon of the tests; skips whoever needs it where there is none."""
    engine = from_environment()
    if engine is None:
        raise unittest.SkipTest("NODESCOPE_TEST_DOCKER_HOST names no Docker daemon")
    return engine


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("docker", timeout=HANG_LIMIT_S)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Engine:
    def __init__(self, path):
        self.path = path

    @property
    def host(self):
        return f"unix://{self.path}"

    def call(self, method, target, body=None, accept=(200, 201, 204, 304)):
        connection = _UnixConnection(self.path)
        try:
            connection.request(method, target, body=None if body is None else json.dumps(body),
                               headers={"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status not in accept:
            raise RuntimeError(f"docker: {method} {target}: {answer.status} {text.decode(errors='backslashreplace')}")
        return json.loads(text) if text else None

    def create(self, test, command, name=None, labels=None, **host_config):
        """`host_config`: NetworkMode and so on; User and ExposedPorts belong to the container itself."""
        config = {"Image": IMAGE, "Cmd": command, "Labels": labels or {}, "StopTimeout": 0}
        config |= {key: host_config.pop(key) for key in ("User", "ExposedPorts") if key in host_config}
        config["HostConfig"] = host_config
        name = name or f"test-{uuid.uuid4().hex[:12]}"
        made = Container(self, self.call("POST", f"/containers/create?name={name}", config)["Id"], name)
        test.addCleanup(made.remove)
        return made


class Container:
    def __init__(self, engine, full_id, name):
        self.engine, self.id, self.name = engine, full_id, name

    def _post(self, action):
        self.engine.call("POST", f"/containers/{self.id}/{action}")

    def start(self):
        self._post("start")
        return self

    def stop(self):
        self._post("stop?t=0")

    def restart(self):
        self._post("restart?t=0")

    def pause(self):
        self._post("pause")

    def unpause(self):
        self._post("unpause")

    def wait(self):
        self._post("wait")

    def inspect(self):
        return self.engine.call("GET", f"/containers/{self.id}/json")

    @property
    def pid(self):
        return self.inspect()["State"]["Pid"]

    def remove(self):
        self.engine.call("DELETE", f"/containers/{self.id}?force=1&v=1", accept=(204, 404))
