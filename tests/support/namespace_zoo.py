"""Network namespaces for tests, full of what may be found in real ones. Needs root, iproute2 and util-linux.

    with Zoo() as zoo:
        ns = zoo.add("plain")
        ns.ip("link add br0 type bridge")
        ns.run("ip", "addr")        # what the real tool prints there, as bytes

Each namespace is held by a sleeping process (`ns.pid`) that dies with the test. Kinds of links which the kernel cannot make are left
out and told in `zoo.missing`."""

import contextlib
import ctypes
import os
import shutil
import socket
import struct
import subprocess
import unittest

from tests.support.service import HANG_LIMIT_S


def why_impossible():
    """A reason for a skip, or None."""
    if os.geteuid() != 0:
        return "making network namespaces needs root"
    for tool in ("ip", "unshare", "nsenter", "setpriv"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    return None


class Namespace:
    def __init__(self, name, nameserver=None):
        """With a nameserver its process has a resolv.conf of its own; with "" one that names nobody."""
        self.name = name
        entered, prepare = ["unshare", "-n"], ""
        if nameserver is not None:
            entered = ["unshare", "-n", "-m"]
            prepare = f"mount -t tmpfs none /mnt && echo nameserver {nameserver} > /mnt/r && mount --bind /mnt/r /etc/resolv.conf && umount /mnt && "
        self._holder = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *entered, "sh", "-c", prepare + "echo ready; exec sleep infinity"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        if self._holder.stdout.readline() != b"ready\n":
            self.close()
            raise RuntimeError(f"cannot make the namespace {name}")

    @property
    def pid(self):
        return self._holder.pid

    def run(self, *arguments, stdin=None, check=True, environment=None):
        """Standard output of a program run in the namespace."""
        done = subprocess.run(["nsenter", f"--net=/proc/{self.pid}/ns/net", *arguments], input=stdin, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False, env={**os.environ, **(environment or {})})
        if check and done.returncode != 0:
            raise RuntimeError(f"{self.name}: {arguments}: {done.stderr.decode(errors='backslashreplace')}")
        return done.stdout

    def ip(self, command):
        """One `ip` command, words divided by blanks (str or bytes)."""
        self.run("ip", *command.split())

    def ip_batch(self, commands):
        """Many `ip` commands in one process."""
        self.run("ip", "-batch", "-", stdin="\n".join(commands).encode() + b"\n")

    def add_many_routes(self, count):
        """`count` (at most 2^22) routes through lo, which is brought up."""
        self.ip("link set lo up")
        self.ip_batch(f"route add 10.{i >> 14 & 255}.{i >> 6 & 255}.{(i & 63) << 2}/30 dev lo" for i in range(count))

    def sysctl(self, path, value):
        self.run("sh", "-c", f"echo {value} > /proc/sys/{path}")

    def close(self):
        self._holder.kill()
        self._holder.wait()
        self._holder.stdout.close()


class Zoo:
    def __init__(self):
        self.namespaces = {}
        self.missing = {}
        self.nameserver = None  # of those that are added without one
        self._netns_names = []
        self._kept = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def add(self, name, **more):
        if more.get("nameserver") is None:
            more["nameserver"] = self.nameserver
        self.namespaces[name] = Namespace(name, **more)
        return self.namespaces[name]

    def __getitem__(self, name):
        return self.namespaces[name]

    def try_ip(self, namespace, kind, command):
        """A command that some kernels cannot do; whether this one could. Told in `missing` otherwise."""
        try:
            namespace.ip(command)
            return True
        except RuntimeError as failure:
            self.missing[kind] = str(failure).strip().splitlines()[-1]
            return False

    def publish(self, namespace, name):
        """Gives a name under /run/netns, as CNI plugins and people do. Unique to this process."""
        unique = f"nodescope-test-{os.getpid()}-{name}"
        subprocess.run(["ip", "netns", "attach", unique, str(namespace.pid)], check=True)
        self._netns_names.append(unique)
        return unique

    def hold(self, closable):
        """Keeps something open (a tap's descriptor, a program) until the zoo closes."""
        self._kept.append(closable)
        return closable

    def close(self):
        for kept in reversed(self._kept):
            kept.close()
        self._kept.clear()
        for name in self._netns_names:
            subprocess.run(["ip", "netns", "delete", name], check=False)
        self._netns_names.clear()
        for namespace in self.namespaces.values():
            namespace.close()
        self.namespaces.clear()


def veth(here, name, there, peer, extra=""):
    """A pair whose ends are in two namespaces."""
    here.ip(f"link add {name} {extra} type veth peer name {peer} netns {there.pid}")


def add_container(zoo, name, node, index, address_bits="a0"):
    """A namespace as container engines make them: lo and eth0, whose other end is a bridge port in `node`."""
    made = zoo.add(name)
    veth(node, f"veth{index}", made, "eth0")
    node.ip(f"link set veth{index} master br0 up")
    made.ip_batch([
        "link set lo up",
        f"link set eth0 address 02:42:{address_bits}:f0:00:{index:02x}",
        "link set eth0 up",
        f"addr add 10.240.0.{index}/16 brd 10.240.255.255 dev eth0",
        "route add default via 10.240.0.1",
    ])
    return made


def add_node(zoo, name="node"):
    """A namespace that plays the node: a bridge to which containers are connected."""
    node = zoo.add(name)
    node.ip_batch(["link set lo up", "link add br0 type bridge", "addr add 10.240.0.1/16 brd + dev br0", "link set br0 up"])
    return node


class _Descriptor:
    def __init__(self, number):
        self.number = number

    def close(self):
        os.close(self.number)


def _bpf(command, attributes):
    buffer = ctypes.create_string_buffer(attributes)
    libc = ctypes.CDLL(None, use_errno=True)
    number = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
    result = libc.syscall(number, command, buffer, len(attributes))
    if result < 0:
        raise OSError(ctypes.get_errno(), "bpf")
    return result


def load_xdp_program():
    """An XDP program that lets everything pass; a descriptor. OSError where the kernel has no eBPF."""
    instructions = struct.pack("<BBhi", 0xb7, 0, 0, 2) + struct.pack("<BBhi", 0x95, 0, 0, 0)  # r0 = XDP_PASS; exit
    code, licence = ctypes.create_string_buffer(instructions), ctypes.create_string_buffer(b"Apache-2.0")
    attributes = struct.pack("<IIQQIIQIIII", 6, 2, ctypes.addressof(code), ctypes.addressof(licence), 0, 0, 0, 0, 0, 0, 0)
    return _Descriptor(_bpf(5, attributes))


def attach_xdp(namespace, link, program, flags):
    """IFLA_XDP through netlink, because `ip` takes programs from ELF files only. flags: 2 generic, 4 driver."""
    index = _index_of(namespace, link)

    def attribute(kind, payload):
        return struct.pack("=HH", len(payload) + 4, kind) + payload + b"\0" * (-len(payload) % 4)

    nested = attribute(1, struct.pack("=i", program.number)) + attribute(3, struct.pack("=I", flags))
    body = struct.pack("=BBHiII", 0, 0, 0, index, 0, 0) + attribute(43 | 0x8000, nested)
    message = struct.pack("=IHHII", 16 + len(body), 19, 5, 1, 0) + body  # RTM_SETLINK, REQUEST|ACK
    answer = _talk_in(namespace, message)
    error = struct.unpack_from("=i", answer, 16)[0]
    if error != 0:
        raise OSError(-error, os.strerror(-error))


def _index_of(namespace, link):
    line = namespace.run("ip", "-o", "link", "show", "dev", link).decode(errors="backslashreplace")
    return int(line.split(":")[0])


def _talk_in(namespace, message):
    # A socket belongs to the namespace it was made in: a child makes it there and hands it over.
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        code = ("import socket,sys;s=socket.socket(socket.AF_NETLINK,socket.SOCK_RAW,0);"
                "socket.send_fds(socket.socket(fileno=int(sys.argv[1])),[b'x'],[s.fileno()])")
        subprocess.run(["nsenter", f"--net=/proc/{namespace.pid}/ns/net", "python3", "-c", code, str(theirs.fileno())],
                       pass_fds=[theirs.fileno()], check=True)
        _, descriptors, _, _ = socket.recv_fds(ours, 1, 1)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0, fileno=descriptors[0]) as connection:
        connection.settimeout(10)
        connection.send(message)
        return connection.recv(65536)


_LIBC = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET = 0x40000000
# linux/in6.h; unlike IPv4, IPv6 binds to no address that is only routed here.
IPV6_FREEBIND = 78


def _enter(descriptor):
    if _LIBC.setns(descriptor, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


@contextlib.contextmanager
def inside(namespace):
    """This thread, and what it starts, is in the namespace."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    there = os.open(f"/proc/{namespace.pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _enter(there)
        try:
            yield
        finally:
            _enter(home)
    finally:
        os.close(home)
        os.close(there)


class Arena:
    """A network of its own in which every address of 10.0.0.0/8 and 2001:db8::/32 can be anybody's: whoever needs thousands has them.

        with Arena() as arena:
            Service(..., listen=(f"{arena.SERVICE}:0",), prefix=arena.prefix)
            arena.connect("10.200.0.1", port)           # from that address, by this thread
    """

    SERVICE, SERVICE_V6 = "10.1.0.1", "2001:db8:1::1"

    def __init__(self):
        self._namespace = Namespace("arena")
        self.prefix = ("nsenter", f"--net=/proc/{self._namespace.pid}/ns/net")
        self._namespace.ip_batch([
            "link set lo up", f"address add {self.SERVICE}/32 dev lo", f"address add {self.SERVICE_V6}/128 dev lo nodad",
            "route add local 10.0.0.0/8 dev lo", "route add local 2001:db8::/32 dev lo"])

    def close(self):
        self._namespace.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def connect(self, source, port):
        """A socket that is connected to the service from `source`."""
        family = socket.AF_INET6 if ":" in source else socket.AF_INET
        with inside(self._namespace):
            one = socket.socket(family)
        try:
            one.settimeout(HANG_LIMIT_S)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
            one.bind((source, 0))
            one.connect((self.SERVICE_V6 if family == socket.AF_INET6 else self.SERVICE, port))
        except OSError:
            one.close()
            raise
        return one


class ZooCase(unittest.TestCase):
    """A zoo for each test. Skipped where there can be none."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        reason = why_impossible()
        if reason:
            raise unittest.SkipTest(reason)

    def setUp(self):
        super().setUp()
        self.zoo = Zoo()
        self.addCleanup(self.zoo.close)
