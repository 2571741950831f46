"""A small network as a few lines that somebody would type.

    namespace = recipe.make(zoo, other)      # None where this kernel cannot; recipe.missing says what it said

A script is run by `sh -e` in the namespace; `$OTHER` is the process of another one. What it must show stands in `shows`, so that a network
that has lost its point is noticed."""

import re
import shutil

# How kernels and tools say that they have no such thing. All else is a mistake in the recipe.
LACKS = re.compile(r"Unknown device type|qdisc kind is unknown|Operation not supported|lwt encapsulation type not supported|"
                   r"not supported by the kernel|Protocol not supported|not compiled in|Could not process rule: No such file|"
                   r"Unsupported or missing|can't initialize iptables|CACHE_UPDATE failed|No such file or directory$")
# A pair whose ends are both here, with an address of each family.
PAIR = """
ip link set lo up
ip link add v0 type veth peer name v1
ip link set v0 up
ip link set v1 up
ip addr add 10.0.0.1/24 brd + dev v0
ip addr add 2001:db8::1/64 dev v0 nodad
"""


class Recipe:
    def __init__(self, name, script, *shows, base=PAIR, program=None):
        self.name, self.script, self.shows, self.program = name, base + script, shows, program
        self.missing = None

    def make(self, zoo, other):
        """The namespace. AssertionError where the recipe is wrong."""
        namespace = zoo.add(self.name)
        needed = [tool for tool in ("nft", "iptables-legacy", "iptables-nft", "ebtables-nft", "arptables-nft") if tool + " " in self.script]
        absent = [tool for tool in needed if shutil.which(tool) is None]
        if absent:
            self.missing = f"{absent[0]} is not installed"
            return None
        command = ("sh", "-ec", self.script)
        try:
            namespace.run(*command, environment={"OTHER": str(other.pid)})
        except RuntimeError as failure:
            said = str(failure).split(f"{command}: ", 1)[-1]
            self.missing = next((line for line in said.splitlines() if LACKS.search(line)), None)
            if self.missing is None:
                raise AssertionError(f"{self.name}: {said}") from None
            return None
        return namespace
