"""A Unix socket that accepts connections and never says a word: a stopped or hung daemon."""

import os
import socket
import tempfile
import threading


class SilentPeer:
    def __init__(self):
        self._folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self._folder.name, "silent.sock")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen(64)
        self._accepted = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def endpoint(self):
        return f"unix://{self.path}"

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._accepted.append(connection)

    def first_bytes(self):
        """What the first connection has sent, without taking it; waits for the first byte. Empty before there is a connection."""
        for connection in list(self._accepted):
            return connection.recv(4096, socket.MSG_PEEK)
        return b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for connection in self._accepted:
            connection.close()
        self._folder.cleanup()
