"""Parts of the network of a process, as print_parts (tests/support/print_parts.cpp) reads them, and traffic to read."""

import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("NODESCOPE_BINARY", ROOT / "build" / "nodescope")).parent
PRINT_PARTS = BUILD / "tests" / "unit" / "print_parts"


def read(pid, *parts, prefix=()):
    """The object of all parts, with `notes` and `errors`."""
    done = subprocess.run([*prefix, str(PRINT_PARTS), str(pid), *parts], stdout=subprocess.PIPE, check=True, timeout=60)
    return json.loads(done.stdout)


class Program:
    """A Python program in a namespace that says "ready" and waits; ends with the block."""

    def __init__(self, namespace, code, *arguments):
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "nsenter", f"--net=/proc/{namespace.pid}/ns/net", "python3", "-c",
             code + "\nprint('ready', flush=True)\nimport signal; signal.pause()\n", *map(str, arguments)], stdout=subprocess.PIPE)
        self.pid = self._process.pid
        if self._process.stdout.readline() != b"ready\n":
            self.close()
            raise RuntimeError("the program did not get ready")

    def close(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
