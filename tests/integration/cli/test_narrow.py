"""No line is wider than the terminal, whatever containers and links are called, nothing in a name reaches the terminal as an order, and colours
reach nobody who has not asked for them."""

import re
import unittest

from tests.support import service
from tests.support.cli import run
from tests.support.cli.answerer import Answerer
from tests.support.cli.terminal import Tmux, columns

NAMES = {
    "wide": "\u8336\u5e02\u8336\u5e02\u8336\u5e02\u8336\u5e02" * 6,
    "combining": "e\u0301" * 90,
    "emoji": "\U0001f600" * 45,
    "orders": "a\x1b[31m\x1b[2J\x07\r\nb\u202e\u009b" * 4,
    "long": "a-name-that-nobody-would-give" * 4,
    "short": "web",
}
WIDTHS = (60, 80)


def container(number, name):
    return {"id": f"{number:064x}", "name": name, "runtime": "containerd", "cgroup": f"/c{number}", "image": f"registry.example/{name}:1",
            "pod": {"namespace": "default", "name": name, "container": name}, "created": "2026-01-01T00:00:00Z", "started": None, "pid": 4000 + number,
            "addresses": ["10.0.0.2/24", "fd00::2/64"], "measured": "2026-01-01T00:00:00Z", "cpu": {"usage_ns": 1}, "memory": {"working_set": 95, "limit": 100},
            "network": {"rx_bytes": 1, "tx_bytes": 1}, "threads": 3}


def finding(name):
    return {"rule": "link-down", "severity": "error", "subject": {"ifname": name, "container": {"id": "ab", "name": name}}, "summary": f"{name} is down",
            "evidence": {"name": name}, "hint": f"look at {name}"}


def hop(name):
    return {"name": name, "ifname": name, "verdict": "stopped", "why": f"{name} says so", "route": {"gateway": name, "dev": name}}


ANSWERS = {
    "/v1/containers": {"node": {"memory": {"working_set": 50, "limit": 100}, "network": {"rx_bytes": 1, "tx_bytes": 1}, "pressure": {"cpu": 1, "memory": 2, "io": 3}},
                       "containers": [container(i, name) for i, name in enumerate(NAMES.values(), 1)], "notes": {"wide": NAMES["wide"]}},
    "/v1/findings": {"findings": [finding(name) for name in NAMES.values()], "checked": ["x"], "not_checked": {name: name for name in NAMES.values()}},
    "/v1/network": {"target": {"pid": 7, "netns": 9, "container": {"name": NAMES["wide"], "id": "ab", "runtime": "containerd",
                                                                   "pod": {"namespace": "default", "name": NAMES["orders"]}}},
                    "addr": [{"ifindex": i, "ifname": name, "flags": ["UP"], "mtu": 1500, "link_type": "ether", "addr_info": [{"local": "fd00::1234:5678", "prefixlen": 64}]}
                             for i, name in enumerate(NAMES.values(), 1)],
                    "peers": [{"ifindex": i, "peer_ifname": name, "container": {"name": name}} for i, name in enumerate(NAMES.values(), 1)],
                    "route": [{"type": "unicast", "dst": "default", "gateway": "10.0.0.1", "dev": name} for name in NAMES.values()],
                    "resolver": {"nameservers": [{"address": "10.0.0.1"}], "search": list(NAMES.values())},
                    "sockets": {"tcp": {"listen": [{"address": "::", "port": 80, "process": 7, "name": name} for name in NAMES.values()],
                                        "by_state": {"established": 70000, "time-wait": 80000, "close-wait": 90000, "fin-wait-1": 100000}}, "udp": []},
                    "notes": {name: name for name in NAMES.values()}},
    "/v1/path": {"reachable": "no", "hops": [hop(name) for name in NAMES.values()], "summary": f"{NAMES['wide']} drops it"},
}
COMMANDS = (["ps"], ["top", "--once"], ["net", "web"], ["doctor", "web"], ["path", "web", "10.0.0.9"])


class Narrow(unittest.TestCase):
    def tmux(self, *command, width, height=400, **environment):
        server = Answerer(self, ANSWERS).url
        return Tmux(self, width, height, [service.BINARY, *command, "--server", server], environment)

    def check(self, terminal, width):
        shown = terminal.screen(joined=True)
        for line in shown.splitlines():
            self.assertLessEqual(columns(line.rstrip()), width, line)
        return shown

    def test_no_line_is_wider_and_no_order_is_obeyed(self):
        for width in WIDTHS:
            for command in COMMANDS:
                with self.subTest(width=width, command=command):
                    terminal = self.tmux(*command, width=width)
                    self.assertEqual(terminal.ends(), 2 if command[0] == "doctor" else 0)
                    shown = self.check(terminal, width)
                    self.assertIn("a\\x1b", shown)  # escaped, and nothing before it was wiped away
                    self.assertIn("\u8336", shown)
                    self.assertNotIn("\u202e", shown)

    def test_columns_stay_under_their_titles(self):
        terminal = self.tmux("ps", width=100)
        terminal.ends()
        head, *rows = self.check(terminal, 100).splitlines()
        at = columns(head[:head.index("STATE")])
        for row in rows[:len(NAMES)]:
            self.assertEqual(columns(row[:row.index("running")]), at, row)

    def test_colours_on_a_terminal_alone(self):
        coloured = re.compile(r"\x1b\[(\d+;)*(1|2|3[0-7])m")
        for command in COMMANDS:
            with self.subTest(command):
                terminal = self.tmux(*command, width=100)
                terminal.ends()
                self.assertRegex(terminal.screen(colours=True), coloured)
                for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": ""}):
                    terminal = self.tmux(*command, width=100, **environment)
                    terminal.ends()
                    self.assertNotRegex(terminal.screen(colours=True), coloured)
                self.assertNotIn("\x1b", run(*command, "--server", Answerer(self, ANSWERS).url).stdout)

    def test_top_on_the_whole_screen(self):
        for width in WIDTHS:
            with self.subTest(width=width):
                terminal = self.tmux("top", width=width, height=16)
                terminal.shows("web")
                shown = self.check(terminal, width)
                self.assertIn("\u8336", shown)
                self.assertTrue(shown.splitlines()[3].startswith("NAME"), shown)
                terminal.keys("Enter")
                terminal.shows("LINKS")
                self.check(terminal, width)
                terminal.keys("q")
                terminal.shows("NAME")
                terminal.keys("q")
                self.assertEqual(terminal.ends(), 0)


if __name__ == "__main__":
    unittest.main()
