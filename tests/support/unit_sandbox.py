"""Runs a program as systemd would run it by nodescope.service, as far as that goes without systemd as PID 1: the unit's user, groups,
capabilities, read-only view, hidden /home, /tmp and devices, hidepid, limits of files and cores, and its system call filter as a real seccomp
filter. The settings are read from the unit, so what is tested is what is shipped. Not applied: cgroup limits, IPAddressDeny, DevicePolicy.

    unshare --mount /usr/bin/python3 unit_sandbox.py UNIT GID BIND… -- PROGRAM ARGUMENT…
    /usr/bin/python3 unit_sandbox.py --allowed UNIT        the system calls that the unit allows, one a line

Each BIND is SOURCE=TARGET, shown below the private /mnt. Needs root and Debian's python3-seccomp.
"""

import errno
import os
import resource
import subprocess
import sys

import seccomp

CLONE_NEWNET = 0x40000000
OTHER_NAMESPACES = 0x7E020080 & ~CLONE_NEWNET  # CLONE_NEWNS, CGROUP, UTS, IPC, USER, PID, and NEWTIME
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16}
PROT_WRITE, PROT_EXEC = 2, 4
SERVICE_UID = 64123


def settings(unit):
    """The unit's [Service] keys, each with all its values."""
    found = {}
    with open(unit, encoding="utf-8") as lines:
        for line in lines:
            key, equals, value = line.strip().partition("=")
            if equals and not line.startswith("#"):
                found.setdefault(key, []).append(value)
    return found


def system_calls(name):
    """A set such as @system-service with the sets in it, as this systemd knows it."""
    if not name.startswith("@"):
        return {name}
    calls = set()
    text = subprocess.run(["systemd-analyze", "syscall-filter", name], check=True, capture_output=True, text=True).stdout
    for line in text.splitlines()[1:]:
        word = line.strip()
        if word and not word.startswith("#"):
            calls |= system_calls(word)
    return calls


def allowed_calls(unit):
    calls = set()
    for value in settings(unit)["SystemCallFilter"]:
        named = set().union(*(system_calls(one) for one in value.lstrip("~").split()))
        calls = calls - named if value.startswith("~") else calls | named
    return calls


def conditions(unit):
    """What a call must look like, for those that other settings of the unit restrict: name -> lists of seccomp.Arg."""
    families = settings(unit)["RestrictAddressFamilies"][0].split()
    assert settings(unit)["RestrictNamespaces"] == ["net"]
    write_or_exec = PROT_WRITE | PROT_EXEC
    masked = seccomp.MASKED_EQ
    return {
        "socket": [[seccomp.Arg(0, seccomp.EQ, FAMILIES[name])] for name in families],
        "setns": [[seccomp.Arg(1, seccomp.EQ, CLONE_NEWNET)]],
        "unshare": [[seccomp.Arg(0, masked, OTHER_NAMESPACES, 0)]],
        "clone": [[seccomp.Arg(0, masked, OTHER_NAMESPACES, 0)]],
        "mmap": [[seccomp.Arg(2, masked, write_or_exec, value)] for value in (0, PROT_WRITE, PROT_EXEC)],
        "mprotect": [[seccomp.Arg(2, masked, PROT_EXEC, 0)]],
    }


def load_filter(unit):
    refuse = seccomp.ERRNO(getattr(errno, settings(unit)["SystemCallErrorNumber"][0]))
    rules = seccomp.SyscallFilter(refuse)
    restricted = conditions(unit)
    for name in sorted(allowed_calls(unit) - {"clone3"}):
        try:
            number = seccomp.resolve_syscall(seccomp.Arch(), name)
        except ValueError:
            continue
        if number < 0:
            continue  # not a call of this architecture
        for arguments in restricted.get(name, [[]]):
            rules.add_rule(seccomp.ALLOW, number, *arguments)
    # As systemd does for RestrictNamespaces: its flags are in memory, where no filter sees them.
    rules.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
    rules.load()


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


def set_limits(unit):
    for name in ("NOFILE", "CORE"):
        value = int(settings(unit)[f"Limit{name}"][0])
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))


def build_view(binds):
    mount("--make-rprivate", "/")
    mount("-t", "tmpfs", "-o", "mode=0755", "tmpfs", "/mnt")
    for source, target in binds:
        if os.path.isdir(source):
            os.mkdir(target)
        else:
            open(target, "w", encoding="ascii").close()
        mount("--bind", source, target)
    for folder in ("/home", "/root", "/run/user"):
        if os.path.isdir(folder):
            mount("-t", "tmpfs", "-o", "mode=0000,ro", "tmpfs", folder)
    mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", "/tmp")
    mount("-t", "tmpfs", "-o", "mode=0755", "tmpfs", "/dev/shm")
    mount("-t", "proc", "-o", "hidepid=invisible,nosuid,nodev,noexec", "proc", "/proc")
    for point in ("/", "/mnt", "/sys"):
        mount("-o", "remount,bind,ro", point)


def main():
    if sys.argv[1] == "--allowed":
        print("\n".join(sorted(allowed_calls(sys.argv[2]))))
        return
    if sys.argv[1] == "--filtered":
        unit, program = sys.argv[2], sys.argv[3:]
        load_filter(unit)
        os.execv(program[0], program)
    unit, gid = sys.argv[1:3]
    unit_settings = settings(unit)
    set_limits(unit)
    split = sys.argv.index("--")
    build_view([one.split("=", 1) for one in sys.argv[3:split]])
    names = [name.removeprefix("CAP_").lower() for name in " ".join(unit_settings["AmbientCapabilities"]).split()]
    assert unit_settings["AmbientCapabilities"] == unit_settings["CapabilityBoundingSet"]
    capabilities = "-all" + "".join(f",+{name}" for name in names)
    os.execvp("setpriv", [
        "setpriv", f"--reuid={SERVICE_UID}", f"--regid={SERVICE_UID}", f"--groups={gid}", f"--inh-caps={capabilities}",
        f"--ambient-caps={capabilities}", f"--bounding-set={capabilities}", "--no-new-privs", "--",
        "/usr/bin/python3", "/mnt/unit_sandbox.py", "--filtered", "/mnt/nodescope.service", *sys.argv[split + 1:]])


if __name__ == "__main__":
    main()
