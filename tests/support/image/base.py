"""A base to build the container image on, made of packages that this machine has installed: no registry is asked for anything.

It holds the packages named here and what they depend on, file by file as dpkg lists them, and a package database of just those.
"""

import io
import os
import pathlib
import re
import subprocess
import tarfile

# What charts/image/compile and assemble need. The libraries of the binary come with `libraries_of`.
PACKAGES = ("base-files", "bash", "dash", "grep", "coreutils", "findutils", "sed", "dpkg", "libc-bin", "iptables", "ca-certificates", "openssl", "binutils", "python3")
# Runs only while packages are configured.
NOT_NEEDED = {"debconf", "perl-base", "cdebconf"}
LEFT_OUT = re.compile(r"/usr/share/(man|info|locale|lintian|bash-completion|i18n)/|/usr/share/doc/[^/]+/(?!copyright$)")
# What is only compiled against.
NOT_IN_TARGET = re.compile(r"/usr/(include|share/(man|info|locale|cmake|perl5?|bash-completion))(/|$)|\.a$")
MERGED = ("bin", "sbin", "lib", "lib64")


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def libraries_of(program):
    """The packages with the libraries it is linked with."""
    paths = re.findall(r"(/\S+) \(0x", output("ldd", program))
    return {owner_of(path) for path in paths}


def owner_of(path):
    for spelling in (os.path.realpath(path), os.path.realpath(path).removeprefix("/usr")):
        found = subprocess.run(["dpkg-query", "-S", spelling], capture_output=True, text=True, check=False)
        if found.returncode == 0:
            return found.stdout.partition(":")[0]
    raise LookupError(f"{path} is of no package")


def database():
    """The paragraphs of dpkg's status file by package."""
    paragraphs = pathlib.Path("/var/lib/dpkg/status").read_text(encoding="utf-8").split("\n\n")
    return {match.group(1): text for text in paragraphs if (match := re.match(r"Package: (\S+)", text))}


def with_dependencies(names, known):
    found, waiting = set(), list(names)
    while waiting:
        name = waiting.pop()
        if name in found or name in NOT_NEEDED or name not in known:
            continue
        found.add(name)
        for field in re.findall(r"^(?:Pre-)?Depends: (.*)$", known[name], re.M):
            waiting += [re.match(r"[^ :(|]+", one).group(0) for one in re.split(r", ", field)]
    return found


def archive(program, foreign_root=None):
    """The base as a tar archive, for Docker's import, with what a program of this machine needs (or None), and with what is needed of
    tools/foreign-root's folder, if one is given."""
    known = database()
    names = with_dependencies([*PACKAGES, *(libraries_of(program) if program else ())], known)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name in MERGED:
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, f"usr/{name}"
            tar.add(f"/usr/{name}", f"usr/{name}", recursive=False)
            tar.addfile(link)
        files = {line for name in sorted(names) for line in output("dpkg-query", "-L", name).splitlines() if line.startswith("/")}
        # Some packages say /bin and some /usr/bin, and a folder is in many: each once, under /usr.
        places = {re.sub(r"^/(bin|sbin|lib|lib64)/", r"/usr/\1/", path) for path in files} | {"/etc/ssl/certs/ca-certificates.crt", "/usr/bin/sh"}
        for path in sorted(places):
            if path == "/." or path.removeprefix("/usr").strip("/") in MERGED or LEFT_OUT.search(path) or not os.path.lexists(path):
                continue
            tar.add(path, path.lstrip("/"), recursive=False)
        lists = [file for name in names for file in pathlib.Path("/var/lib/dpkg/info").glob(f"{name}*.list")
                 if file.name.split(":")[0].removesuffix(".list") == name]
        for file in [*lists, pathlib.Path("/var/lib/dpkg/info/format")]:
            tar.add(file, str(file).lstrip("/"))
        status = "\n\n".join(known[name].strip() for name in sorted(names)).encode() + b"\n"
        entry = tarfile.TarInfo("var/lib/dpkg/status")
        entry.size = len(status)
        tar.addfile(entry, io.BytesIO(status))
        if foreign_root:
            tar.add(foreign_root, "target", filter=lambda entry: None if NOT_IN_TARGET.search(f"/{entry.name}") else entry)
    return buffer.getvalue()
