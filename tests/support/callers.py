"""Callers of a running service who differ in what the gate looks at: address, user, certificate, credentials. Standard library only."""

import base64
import contextlib
import ctypes
import http.client
import itertools
import os
import pathlib
import socket
import ssl
import subprocess

from tests.support.service import BINARY, HANG_LIMIT_S

# Of the loopback network, and users: failures are counted for each, and most tests are not about that.
USERS = itertools.count(100_000)
ADDRESSES = (f"127.{a}.{b}.1" for a, b in itertools.cycle(itertools.product(range(1, 250), range(1, 250))))
NOBODY = 65534
# What stands for every method, where a route answers any.
ANY = ("GET", "POST", "DELETE")


def route_table(*flags):
    """What the router of the binary holds: (method, path, what it gives), with one path for each row that leads to this row."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("NODESCOPE_", "DOCKER_", "KUBERNETES_"))}
    done = subprocess.run([BINARY, "routes", *flags], capture_output=True, text=True, check=True, env=environment)
    rows = [line.split() for line in done.stdout.splitlines()]
    exact = {path for _, path, _ in rows}
    table = []
    for method, path, gives in rows:
        above = path.removesuffix("/*")
        table.append((method, path.removesuffix("*") if above in exact - {path} else above, gives))
    return table


# setresuid(2) of the kernel changes the calling thread alone; glibc's, which os.seteuid() is, changes them all.
_SETRESUID = {"x86_64": 117, "aarch64": 147}[os.uname().machine]
_LIBC = ctypes.CDLL(None, use_errno=True)


def _set_effective_uid(uid):
    if _LIBC.syscall(_SETRESUID, -1, uid, -1) != 0:
        raise OSError(ctypes.get_errno(), f"setresuid to {uid}")


@contextlib.contextmanager
def effective_uid(uid):
    """Sockets that this thread makes here belong to this user."""
    before = os.geteuid()
    if uid == before:
        yield
        return
    _set_effective_uid(uid)
    try:
        yield
    finally:
        _set_effective_uid(before)


def connect(port, address=None, uid=None, tls=None):
    """A connected socket. `address` is where it comes from, and `uid` whose it is; None: one that nobody had before."""
    uid = next(USERS) if uid is None else uid
    with effective_uid(uid):
        plain = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    plain.settimeout(HANG_LIMIT_S)
    plain.bind((address or next(ADDRESSES), 0))
    plain.connect(("127.0.0.1", port))
    return tls.wrap_socket(plain, server_hostname="localhost") if tls else plain


def exchange(connection, method, path, headers=None, body=None):
    """One request on `connection`: (status, headers, body)."""
    client = http.client.HTTPConnection("localhost")
    client.sock = connection
    # Not request(): that would encode the path.
    client.putrequest(method, path, skip_host="Host" in (headers or {}))
    if method == "POST" and body is None:
        body = b"{}"
    if body is not None:
        client.putheader("Content-Length", str(len(body)))
    for name, value in (headers or {}).items():
        client.putheader(name, value)
    client.endheaders(body)
    answer = client.getresponse()
    return answer.status, answer.headers, answer.read()


def ask(port, method, path, headers=None, body=None, **more):
    connection = connect(port, **more)
    try:
        return exchange(connection, method, path, headers, body)
    finally:
        connection.close()


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def basic(user, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def write_secret(path, text, mode=0o600):
    """Replaces a file in one step, as those who rotate secrets do."""
    path = pathlib.Path(path)
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.chmod(mode)
    os.replace(fresh, path)
    return str(path)


def client_context(authority, certificate=None):
    context = ssl.create_default_context(cafile=str(authority))
    if certificate:
        context.load_cert_chain(*certificate)
    return context
