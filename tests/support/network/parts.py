"""Parts of the network of a process, as print_parts (tests/support/print_parts.cpp) reads them, and traffic to read."""

import json
import os
import pathlib
import subprocess

from tests.support import openapi
from tests.support.service import SANITIZED

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("NODESCOPE_BINARY", ROOT / "build" / "nodescope")).parent
PRINT_PARTS = BUILD / "tests" / "unit" / "print_parts"

# With how many as its argument. A process may not have as many descriptors as that, so several share them. Listeners need no memory of a second end.
MANY_LISTENERS = """
import os, socket, sys
count, each = int(sys.argv[1]), 4000
for child in range(-(-count // each)):
    ready, told = os.pipe()
    if os.fork() == 0:
        import ctypes, resource, signal
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        kept = []
        for number in range(min(each, count - child * each)):
            made = socket.socket()
            made.bind((f"127.1.{child}.1", 10000 + number))
            made.listen(1)
            kept.append(made)
        os.write(told, b"1")
        signal.pause()
    os.close(told)
    assert os.read(ready, 1) == b"1"
    os.close(ready)
"""


def read(pid, *parts, prefix=()):
    """The object of all parts, with `notes` and `errors`."""
    done = subprocess.run([*prefix, str(PRINT_PARTS), str(pid), *parts], stdout=subprocess.PIPE, check=True, timeout=60)
    answer = json.loads(done.stdout)
    for part in set(parts) & set(answer):
        openapi.check_part(part.removesuffix("_by_files"), answer[part])
    return answer


def with_memory(mebibytes):
    """What stands before a program that may have so much. A sanitizer takes terabytes of addresses for itself."""
    return () if SANITIZED else ("prlimit", f"--as={mebibytes << 20}")


class Program:
    """A Python program in a namespace that says "ready" and waits; ends with the block."""

    def __init__(self, namespace, code, *arguments):
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "nsenter", f"--net=/proc/{namespace.pid}/ns/net", "python3", "-c",
             code + "\nprint('ready', flush=True)\nimport signal; signal.pause()\n", *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pid = self._process.pid
        if self.line() != b"ready\n":
            self.close()
            raise RuntimeError("the program did not get ready")

    def line(self):
        return self._process.stdout.readline()

    def write(self, data):
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def close(self):
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
