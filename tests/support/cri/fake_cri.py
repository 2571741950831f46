"""A CRI runtime that answers as a test says, frame by frame: what no real one does. It answers Version by itself."""

import os
import socket
import struct
import tempfile
import threading

from tests.support.cri import http2, protobuf

V1, V1ALPHA2 = "runtime.v1.RuntimeService", "runtime.v1alpha2.RuntimeService"
HEAD = [(":status", "200"), ("content-type", "application/grpc")]


class Call:
    """One call, as the script sees it."""

    def __init__(self, owner, connection, stream, path):
        self.owner, self.connection, self.stream = owner, connection, stream
        self.service, self.method = path.strip("/").split("/", 1)
        self.body = b""

    @property
    def request(self):
        return protobuf.fields(self.body[5:])

    def raw(self, *frames):
        self.connection.sendall(b"".join(frames))

    def head(self, *more):
        return http2.headers(self.stream, [*HEAD, *more])

    def trailers(self, code=0, text=""):
        return http2.headers(self.stream, [("grpc-status", str(code)), ("grpc-message", text)], end_stream=True)

    def data(self, payload):
        return http2.data_frames(self.stream, payload)

    def answer(self, message):
        payload = message if isinstance(message, bytes) else protobuf.message(message)
        self.raw(self.head(), self.data(http2.grpc_message(payload)), self.trailers())

    def refuse(self, code, text=""):
        """Trailers only."""
        self.raw(http2.headers(self.stream, [*HEAD, ("grpc-status", str(code)), ("grpc-message", text)], end_stream=True))

    def reset(self, code):
        self.raw(http2.frame(http2.RST_STREAM, struct.pack(">I", code), stream=self.stream))

    def go_away(self, last_stream, code=0):
        self.raw(http2.frame(http2.GOAWAY, struct.pack(">II", last_stream, code)))

    def hang_up(self):
        self.connection.shutdown(socket.SHUT_RDWR)


class FakeCri:
    """`script(call)` runs for every call but Version, on a thread of its connection. `services` are those that are known."""

    def __init__(self, script, services=(V1, V1ALPHA2), name="containerd"):
        self.script, self.services, self.name = script, services, name
        self.calls, self.resets, self.connections = [], [], 0
        self._folder = tempfile.TemporaryDirectory(prefix="nodescope-cri-")
        self.path = os.path.join(self._folder.name, "cri.sock")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen(64)
        self._open, self._threads = [], []
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    @property
    def endpoint(self):
        return f"unix://{self.path}"

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            self._threads.append(threading.Thread(target=self._serve, args=(connection,), daemon=True))
            self._threads[-1].start()

    def _serve(self, connection):
        try:
            self._talk(connection)
        except (OSError, ConnectionError):
            pass
        finally:
            connection.close()

    def _talk(self, connection):
        frames, calls = http2.Frames(connection), {}
        frames.exactly(len(http2.PREFACE))
        connection.sendall(http2.frame(http2.SETTINGS))
        while True:
            kind, flags, stream, payload = frames.next()
            if kind == http2.SETTINGS and not flags & http2.ACK:
                connection.sendall(http2.frame(http2.SETTINGS, flags=http2.ACK))
            elif kind == http2.HEADERS:
                calls[stream] = Call(self, connection, stream, frames.decoder.decode(payload)[":path"])
            elif kind == http2.RST_STREAM:
                self.resets.append((stream, int.from_bytes(payload, "big")))
            elif kind == http2.DATA and stream in calls:
                calls[stream].body += payload
            if flags & http2.END_STREAM and kind in (http2.DATA, http2.HEADERS) and stream in calls:
                self._answer(calls.pop(stream))

    def _answer(self, call):
        self.calls.append((call.service, call.method))
        if call.service not in self.services:
            call.refuse(12, f"unknown service {call.service}")
        elif call.method == "Version":
            call.answer({1: "0.1.0", 2: self.name, 3: "1.7.0", 4: "v1" if call.service == V1 else "v1alpha2"})
        else:
            self.script(call)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join()
        for connection in self._open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in self._threads:
            thread.join(timeout=10)
        self._folder.cleanup()
