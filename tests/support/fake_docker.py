"""A Docker Engine as far as this project asks one, on a Unix socket: it remembers every request line and misbehaves on demand.

    fake_docker.py SOCKET       as a process of its own (to be stopped by SIGSTOP, say); prints "ready" when it listens

Standard library only."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.parse

# Longer than any deadline of a test: it only ends what a failed test left waiting.
HANG_LIMIT_S = 60
ID_LENGTH = 64


def container_id(number):
    return f"{number:064x}"[-ID_LENGTH:]


def summary(number, name=None, state="running", labels=None):
    """An element of the container list."""
    return {"Id": container_id(number), "Names": [f"/{name or f'container-{number}'}"], "Image": "busybox:local", "ImageID": "sha256:0",
            "Command": "sleep 1", "Created": 1700000000 + number, "Ports": [], "Labels": labels or {}, "State": state, "Status": "Up",
            "HostConfig": {"NetworkMode": "default"}, "NetworkSettings": {"Networks": {}}, "Mounts": []}


def inspection(number, name=None, pid=0, state="running"):
    return {"Id": container_id(number), "Name": f"/{name or f'container-{number}'}",
            "State": {"Status": state, "Pid": pid, "StartedAt": "2026-01-01T00:00:00Z"}, "HostConfig": {"NetworkMode": "default"},
            "Config": {"Env": ["SECRET=planted"], "Labels": {}}}


class FakeDocker:
    """Use as a context manager. `containers` and `information` are what it answers; `faults` maps the part of a path without version
    ("/info") to the name of a `_fault_…` method; `requests` holds the request lines."""

    def __init__(self, path, version="1.41", oldest="1.12", podman=None):
        self.path = str(path)
        self.version = version
        self.oldest = oldest
        self.podman = podman  # its version, where it is Podman that answers
        self.engine = podman or "20.10.24+dfsg1"
        self.containers = [summary(1), summary(2)]
        self.inspections = {}
        self.information = {"ID": "AAAA", "Containers": 2, "Big": 12345678901234567890, "Name": "node"}
        self.raw_list = None
        self.faults = {}
        self.location = "http://127.0.0.1:1/"
        self.requests = []
        self.entered = threading.Event()  # a fault has begun
        self.release = threading.Event()  # opens the gate
        self.left = threading.Event()     # a connection in a fault was closed by the client
        self._lock = threading.Lock()
        self._open = set()
        self._threads = []

    # ---- life ----
    def __enter__(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(self.path)
        self._listener.listen(128)
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._acceptor.join(HANG_LIMIT_S)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(HANG_LIMIT_S)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._open.add(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection):
        try:
            stream = connection.makefile("rb")
            while self._answer_one(connection, stream):
                pass
        except OSError:
            pass
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    # ---- answers ----
    def _answer_one(self, connection, stream):
        line = stream.readline().decode("latin-1").rstrip("\r\n")
        if not line:
            return False
        while stream.readline() not in (b"\r\n", b"\n", b""):
            pass
        with self._lock:
            self.requests.append(line)
        method, target, _ = line.split(" ", 2)
        version, path = re.fullmatch(r"(?:/v(\d+\.\d+))?(/[^?]*)(?:\?.*)?", target).groups()
        answer = self._reply(method, version, urllib.parse.unquote(path), target)
        fault = self.faults.get(path)
        if fault:
            self.entered.set()
            return getattr(self, "_fault_" + fault.replace("-", "_"))(connection, answer)
        connection.sendall(answer)
        return True

    def _reply(self, method, version, path, target):
        if method != "GET":
            return self._message(405, f"{method} is not a read")
        if path == "/_ping":
            return self._whole(200, b"OK", "text/plain")
        if version is None and path == "/version":
            return self._versions()
        if version is None:
            return self._message(404, "unversioned")
        if as_numbers(version) < as_numbers(self.oldest):
            # The engine answers this one as text: daemon/…/middleware/version.go runs before the API's own error writer.
            text = f"client version {version} is too old. Minimum supported API version is {self.oldest}, please upgrade your client"
            return self._whole(400, text.encode() + b"\n", "text/plain")
        if as_numbers(version) > as_numbers(self.version):
            return self._message(400, f"client version {version} is too new. Maximum supported API version is {self.version}")
        if path == "/info":
            return self._json(self.information)
        if path == "/version":
            return self._versions()
        if path == "/containers/json":
            if self.raw_list is not None:
                return self._whole(200, self.raw_list, "application/json")
            return self._json(self._filtered(target))
        found = re.fullmatch("/containers/(.*)/json", path)
        if found and found[1] in self.inspections:
            return self._json(self.inspections[found[1]])
        return self._message(404, f"No such container: {found[1]}" if found else "page not found")

    def _versions(self):
        return self._json({"Version": self.engine, "ApiVersion": self.version, "MinAPIVersion": self.oldest})

    def _filtered(self, target):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(target).query)
        wanted = [label.split("=", 1) for label in json.loads(query.get("filters", ["{}"])[0]).get("label", [])]
        return [one for one in self.containers if all((one["Labels"] or {}).get(key) == value for key, value in wanted)]

    def _json(self, value):
        return self._whole(200, json.dumps(value).encode() + b"\n", "application/json")

    def _message(self, status, text):
        return self._whole(status, json.dumps({"message": text}).encode() + b"\n", "application/json")

    def _whole(self, status, body, kind):
        version = f"Api-Version: {self.version}\r\n" if self.version else ""
        version += f"Libpod-Api-Version: {self.podman}\r\n" if self.podman else ""
        # The engine's server sends what is longer than 2 KiB in chunks.
        length = f"Content-Length: {len(body)}\r\n"
        if len(body) > 2048:
            length = "Transfer-Encoding: chunked\r\n"
            body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts_of(body, 32768)) + b"0\r\n\r\n"
        head = f"HTTP/1.1 {status} {http.client.responses[status]}\r\n{version}Content-Type: {kind}\r\n{length}\r\n"
        return head.encode() + body

    # ---- faults: True keeps the connection ----
    def _wait_for_client(self, connection):
        with contextlib.suppress(OSError):
            while connection.recv(4096):
                pass
        self.left.set()
        return False

    def _fault_silent(self, connection, _answer):
        return self._wait_for_client(connection)

    def _fault_gate(self, connection, answer):
        self.release.wait(HANG_LIMIT_S)
        connection.sendall(answer)
        return True

    def _fault_bytewise(self, connection, answer):
        for byte in answer:
            connection.sendall(bytes([byte]))
        return True

    def _fault_half_header(self, connection, answer):
        connection.sendall(answer[:answer.index(b"\r\n\r\n")])
        return self._wait_for_client(connection)

    def _fault_half_body(self, connection, answer):
        connection.sendall(answer[:-10])
        return self._wait_for_client(connection)

    def _fault_close(self, _connection, _answer):
        return False

    def _fault_close_in_header(self, connection, answer):
        connection.sendall(answer[:10])
        return False

    def _fault_close_in_body(self, connection, answer):
        connection.sendall(answer[:-10])
        return False

    def _fault_garbage(self, connection, _answer):
        connection.sendall(b"\x16\x03\x01\x02\x00 this is not HTTP\r\n\r\n")
        return self._wait_for_client(connection)

    def _fault_redirect(self, connection, _answer):
        connection.sendall(f"HTTP/1.1 301 Moved Permanently\r\nLocation: {self.location}\r\nContent-Length: 0\r\n\r\n".encode())
        return True

    def _fault_engine_error(self, connection, _answer):
        connection.sendall(self._message(500, "the storage driver is unwell\nand says so"))
        return True

    def _fault_text_error(self, connection, _answer):
        connection.sendall(self._whole(503, b"come back later\n", "text/plain"))
        return True

    def _fault_not_json(self, connection, _answer):
        connection.sendall(self._whole(200, b"<html>hello</html>", "text/html"))
        return True

    def _fault_wrong_kind(self, connection, _answer):
        connection.sendall(self._whole(200, b'"a string"', "application/json"))
        return True

    def _fault_empty(self, connection, _answer):
        connection.sendall(self._whole(200, b"", "application/json"))
        return True

    def _fault_deep(self, connection, _answer):
        connection.sendall(self._whole(200, b"[" * 100000, "application/json"))
        return True

    def _fault_too_large(self, connection, _answer):
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        part = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        while True:  # ends when the client closes: OSError
            connection.sendall(part)

    def _fault_endless_header(self, connection, _answer):
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"X-More: of this\r\n")


def as_numbers(version):
    return tuple(int(part) for part in (version or "1.24").split("."))


def parts_of(body, size):
    return (body[begin:begin + size] for begin in range(0, len(body), size))


class FakeDockerProcess:
    """The fake in a process of its own, so that it can be stopped as a whole."""

    def __init__(self, path):
        self.path = str(path)

    def __enter__(self):
        self.process = subprocess.Popen([sys.executable, __file__, self.path], stdout=subprocess.PIPE)
        if self.process.stdout.readline() != b"ready\n":
            raise RuntimeError("the fake daemon did not start")
        return self

    def __exit__(self, *_):
        self.resume()
        self.process.kill()
        self.process.wait(HANG_LIMIT_S)
        self.process.stdout.close()

    def stop(self):
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)


if __name__ == "__main__":
    with FakeDocker(sys.argv[1]):
        print("ready", flush=True)
        signal.pause()
