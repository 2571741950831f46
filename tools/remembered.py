"""What a check found nothing wrong with, in the user's cache: it is not read again while it, all it includes and the tools are as they were."""

import functools
import hashlib
import os
import pathlib
import re
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "nodescope" / "checked"
# Each is an empty file. What nobody asked for so long is not asked for again.
KEPT_S = 30 * 24 * 3600


@functools.cache
def text_of(name):
    """A file of ours by its path from the root; empty for what is generated or is not ours. What protoc makes is as what it makes it from."""
    try:
        return (ROOT / re.sub(r"\.pb\.h$", ".proto", name)).read_text()
    except OSError:
        return ""


@functools.cache
def included_by(name):
    """The files of ours that it includes, itself too, directly and through others."""
    found = {name}
    for other in re.findall(r'^#include "([^"]+)"', text_of(name), re.MULTILINE):
        if other not in found:
            found |= included_by(other)
    return found


@functools.cache
def installed():
    """All packages with their versions: compilers, and every header that is not ours."""
    return subprocess.run(["dpkg-query", "-W"], check=True, capture_output=True).stdout


def key(names, *settings):
    """Of the check of some files: paths from the root, and all texts that say how they are checked."""
    said = hashlib.sha256(installed())
    for setting in settings:
        said.update(setting.replace(str(ROOT), "").encode() + b"\0")
    for name in sorted(set().union(*map(included_by, names))):
        said.update(f"{name}\0{text_of(name)}\0".encode())
    return said.hexdigest()


def is_clean(checked):
    try:
        os.utime(FOLDER / checked)
    except OSError:
        return False
    return True


def keep(checked):
    try:
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / checked).touch()
    except OSError:
        pass  # It is checked again.


def forget_old():
    try:
        old = [one for one in FOLDER.iterdir() if time.time() - one.stat().st_mtime > KEPT_S]
    except OSError:
        return
    for one in old:
        one.unlink(missing_ok=True)
