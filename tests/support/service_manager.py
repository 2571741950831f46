"""Plays the service manager (systemd) for the real binary: hands over listening sockets, hears its notifications, can stop one of its
threads. Standard library only."""

import contextlib
import ctypes
import os
import pathlib
import platform
import signal
import socket
import sys
import tempfile
import threading

from tests.support.service import BINARY, HANG_LIMIT_S, Service
from tests.support.waiting import wait_until

# Of ThreadSanitizer itself, in each program.
TSAN_THREADS = 1 if pathlib.Path(BINARY).parent.name == "build-tsan" else 0

# One sign of life may be sent while a thread is being stopped, and the queue is short; a service that goes on talking is not silent.
MOST_ON_ITS_WAY = 16

# Puts the descriptors named in its first argument to 3, 4, … and becomes the program: LISTEN_PID must be the program's own id.
LAUNCHER = """
import fcntl, os, sys
given = [int(one) for one in sys.argv[1].split(",")]
lifted = [fcntl.fcntl(one, fcntl.F_DUPFD, 100) for one in given]
for place, one in enumerate(lifted):
    os.dup2(one, 3 + place)
    os.close(one)
os.environ.setdefault("LISTEN_PID", str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""


class ServiceManager(contextlib.ExitStack):
    """Holds listeners and the notification socket over any number of services."""

    def __enter__(self):
        super().__enter__()
        self.folder = pathlib.Path(self.enter_context(tempfile.TemporaryDirectory(prefix="nsm-")))
        self.notifications = self.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        self.notifications.bind(str(self.folder / "notify"))
        self.notifications.settimeout(HANG_LIMIT_S)
        self.listeners = []
        return self

    def listen_tcp(self, address=("127.0.0.1", 0)):
        listener = self.enter_context(socket.create_server(address, backlog=1024))
        self.listeners.append(listener)
        return listener.getsockname()[:2]

    def listen_unix(self):
        listener = self.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        path = str(self.folder / "http")
        listener.bind(path)
        listener.listen(1024)
        self.listeners.append(listener)
        return path

    def start(self, *flags, env=None, watchdog_us=None, **more):
        """A service that believes this is its manager."""
        environment = {"NOTIFY_SOCKET": str(self.folder / "notify"), **(env or {})}
        if watchdog_us:
            environment["WATCHDOG_USEC"] = str(watchdog_us)
        if not self.listeners:
            return Service(*flags, env=environment, **more)
        environment.setdefault("LISTEN_FDS", str(len(self.listeners)))
        descriptors = [one.fileno() for one in self.listeners]
        prefix = (sys.executable, "-c", LAUNCHER, ",".join(map(str, descriptors)))
        return Service(*flags, env=environment, prefix=prefix, pass_fds=descriptors, **more)

    def hear(self, timeout=HANG_LIMIT_S):
        """The next notification as a dictionary; raises TimeoutError when there is none."""
        self.notifications.settimeout(timeout)
        text = self.notifications.recv(65536).decode()
        return dict(line.split("=", 1) for line in text.splitlines())

    def hear_until(self, key):
        """Everything up to the first notification with `key`, that one included."""
        heard = [self.hear()]
        while key not in heard[-1]:
            heard.append(self.hear())
        return heard

    def is_silent(self, seconds):
        """Whether nothing is heard for so long, after what was on its way."""
        for _ in range(MOST_ON_ITS_WAY):
            try:
                self.hear(timeout=seconds)
            except (TimeoutError, BlockingIOError):
                return True
        return False


PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17
# epoll_wait, epoll_pwait, futex: on x86-64, and on arm64 and newer machines.
WAITS = ("232", "281", "202") if platform.machine() == "x86_64" else ("22", "98")


def waits(thread_id):
    """Whether a stopped thread was in epoll_wait(2) or futex(2)."""
    return pathlib.Path(f"/proc/{thread_id}/syscall").read_text().split()[0] in WAITS


@contextlib.contextmanager
def stopped_thread(thread_id):
    """One thread of a service stands still, as if it hung in the kernel; the others run on. By ptrace, which stops a single thread.

    It is caught where it waits: one that hangs in the kernel holds no lock of the process either."""
    assert threading.current_thread() is threading.main_thread(), "only the thread that seized may let go"
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]

    def trace(request):
        if libc.ptrace(request, thread_id, None, None) != 0:
            raise OSError(ctypes.get_errno(), f"ptrace {request:#x} of thread {thread_id}")

    def caught():
        trace(PTRACE_SEIZE)
        trace(PTRACE_INTERRUPT)
        os.waitpid(thread_id, 0x40000000)  # __WALL: threads too
        if not waits(thread_id):
            trace(PTRACE_DETACH)
            return False
        return True

    wait_until(caught, "the thread waits")
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            trace(PTRACE_DETACH)


def threads_of(service):
    """(the reactor thread, [the workers])"""
    tasks = pathlib.Path(f"/proc/{service.pid}/task")
    return service.pid, sorted(int(one.name) for one in tasks.iterdir() if (one / "comm").read_text() == "worker\n")


def workers_of(service):
    """All workers, once they have their names: one that has none yet has that of the program."""
    def named():
        others = len(os.listdir(f"/proc/{service.pid}/task")) - len(workers := threads_of(service)[1])
        return workers if others == 1 + TSAN_THREADS else None
    return wait_until(named, "the names of the workers")


def reload(service):
    service.process.send_signal(signal.SIGHUP)
