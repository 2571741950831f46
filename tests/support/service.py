"""Starts the real binary on a free loopback port and speaks HTTP to it. Standard library only, except for what tests ask of /v1 and /processor:
that is held against the OpenAPI document (tests/support/openapi.py)."""

import http.client
import json
import os
import pathlib
import queue
import re
import signal
import subprocess
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("NODESCOPE_BINARY", str(ROOT / "build" / "nodescope"))
SANITIZED = pathlib.Path(BINARY).parent.name in ("build-asan", "build-tsan")
# Long enough for a sanitizer build on a busy machine; a test that reaches it has found a hang.
HANG_LIMIT_S = 30


class Service:
    """A running `nodescope serve`. Use as a context manager; leaving it sends SIGTERM and checks for exit code 0."""

    binary = BINARY
    # Whether answers are held against the OpenAPI document. It takes longer than the answer.
    checks_answers = True

    def __init__(self, *flags, env=None, listen=("127.0.0.1:0",), prefix=(), expect_clean_exit=True, pass_fds=()):
        arguments = [*prefix, self.binary, "serve", "--log-format", "json"]
        for address in listen:
            arguments += ["--listen", address]
        environment = {key: value for key, value in os.environ.items()
                       if not key.startswith(("NODESCOPE_", "DOCKER_", "KUBERNETES_"))}
        # A runtime of the machine is none of a test's business unless the test says so.
        if not {"--runtime", "--cri-endpoint"} & set(flags):
            environment["NODESCOPE_RUNTIME"] = "docker"
        environment.update(env or {})
        self.expect_clean_exit = expect_clean_exit
        self.log = []
        self.process = subprocess.Popen([*arguments, *flags], stderr=subprocess.PIPE, env=environment, pass_fds=pass_fds)
        self._started = queue.Queue()
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        first = self._started.get(timeout=HANG_LIMIT_S)
        if first is None:
            raise RuntimeError(f"nodescope ended with {self.process.wait()}: {self.log}")
        self.addresses = first

    def _read_log(self):
        for raw in self.process.stderr:
            line = raw.decode("utf-8", "backslashreplace").rstrip("\n")
            try:
                event = json.loads(line)
            except ValueError:
                event = {"message": line}
            self.log.append(event)
            if event.get("message") == "listening":
                self._started.put(event["addresses"].split(","))
        self._started.put(None)

    @property
    def port(self):
        return int(re.search(r":(\d+)$", self.addresses[0]).group(1))

    @property
    def pid(self):
        return self.process.pid

    def connection(self, timeout):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def request(self, method, path, body=None, headers=None, timeout=HANG_LIMIT_S):
        """One request on a connection of its own: (status, headers, body as bytes)."""
        connection = self.connection(timeout)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            status, fields, text = answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()
        if self.checks_answers and path.startswith(("/v1/", "/processor/")):
            # Not above: other tests need no validator.
            from tests.support import openapi
            openapi.check_answer(method, path, status, fields, text)
        return status, fields, text

    def process_route(self, path, parameters=None, **more):
        """POSTs `parameters` as the agent does."""
        return self.request("POST", path, body=json.dumps(parameters or {}), **more)

    def stop(self, signal_number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
        code = self.process.wait(timeout=HANG_LIMIT_S)
        self._reader.join(timeout=HANG_LIMIT_S)
        self.process.stderr.close()
        return code

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc, traceback):
        code = self.stop()
        if exc_type is None and self.expect_clean_exit and code != 0:
            raise AssertionError(f"nodescope ended with {code}: {self.log[-20:]}")
