"""How often rules spoke where they should, and where they should not."""

import sys


class Figure:
    def __init__(self):
        self.rules, self.networks, self.expected, self.misses, self.alarms, self.not_checked = set(), 0, 0, 0, 0, {}

    def count(self, reply, *expected):
        """An answer of /v1/findings, and the rules that have to speak in it, each once."""
        spoke = [one["rule"] for one in reply["findings"]]
        self.rules |= set(reply["checked"])
        self.not_checked.update(reply["not_checked"])
        self.networks += 1
        self.expected += len(expected)
        self.misses += sum(rule not in spoke for rule in expected)
        self.alarms += sum(rule not in expected for rule in spoke)

    def print(self, what):
        if self.networks:
            print(f"\n{what}: {len(self.rules)} rules x {self.networks} networks: {self.expected} findings expected, {self.misses} missed, "
                  f"{self.alarms} false alarms; not checked: {self.not_checked or 'none'}", file=sys.stderr)
