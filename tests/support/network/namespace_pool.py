"""Network namespaces that are as new again, for the next test of a file.

A kernel ends namespaces one after another, some time after their last process. Where one hangs, all that come after it keep their memory, and all
that is in them, until the machine is restarted; an empty one has 0.2 MiB. So where memory is short, what a test made in a namespace is deleted, and
one that is then in every way as a new one is used again. Only the numbers of its links go on where they were, and counters of IPv6."""

import atexit
import pathlib
import re
import subprocess

from tools import jobs

# With that much nobody has to be careful: some two thousand namespaces are made by all tests together.
PLENTY_KIB = 2 << 20
SHOWN = ("link", "-s link show lo", "addr", "rule", "-6 rule", "-4 route show table all", "-6 route show table all", "nexthop", "neigh show nud all",
         "neigh show proxy", "maddr show lo", "netconf")
FILES = ("ip_tables_names", "ip6_tables_names", "tcp", "tcp6", "udp", "udp6", "raw", "raw6", "packet", "dev_mcast", "protocols")
# Lines of counters. Those of IP and ICMP count what links say to each other by themselves.
COUNTED = ("Tcp", "Udp", "MPTcp")
SETTINGS = pathlib.Path("/proc/sys/net")
# What lo gets with its first start, and keeps.
STARTED = re.compile(r" qdisc (noop|noqueue) ")


def state():
    """All that a test may have changed in the namespace of this thread, as text by name."""
    done = subprocess.run(["ip", "-force", "-batch", "-"], input="\n".join(SHOWN), capture_output=True, text=True, errors="replace", check=False)
    seen = {"ip": STARTED.sub(" ", done.stdout), "nft": subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True, check=False).stdout}
    base = pathlib.Path("/proc/thread-self/net")
    for name in FILES:
        seen[name] = read(base / name)
    for name in ("snmp", "netstat"):
        seen[name] = "".join(line for line in read(base / name).splitlines(True) if line.startswith(COUNTED))
    for file in SETTINGS.rglob("*"):
        if not file.is_dir():
            seen[str(file)] = read(file)
    return seen


def read(file):
    try:
        return file.read_bytes().decode(errors="replace")
    except OSError as error:
        return type(error).__name__


def restore(now, before):
    """Sets the settings that were changed."""
    for name, value in before.items():
        if name.startswith(str(SETTINGS)) and now.get(name) != value:
            try:
                pathlib.Path(name).write_text(value)
            except OSError:
                pass  # It will be seen.


class Pool:
    def __init__(self, enter):
        """`enter` makes of a namespace what enters it for a `with`."""
        self.wanted = jobs.available_kib() < PLENTY_KIB
        self._enter, self._new, self._free = enter, None, []
        atexit.register(self.close)

    def take(self):
        """One that is as new, or None."""
        return self._free.pop() if self._free else None

    def made(self, namespace):
        """A new one, which nobody has used yet."""
        if self.wanted and self._new is None:
            with self._enter(namespace):
                self._new = state()

    def give(self, namespace):
        """Whether it is kept for others. Otherwise it is to be closed."""
        if not self.wanted or self._new is None:
            return False
        namespace.empty()
        with self._enter(namespace):
            now = state()
            if now != self._new:
                restore(now, self._new)
                now = state()
        if now != self._new:
            return False
        self._free.append(namespace)
        return True

    def close(self):
        for namespace in self._free:
            namespace.close()
        self._free.clear()
