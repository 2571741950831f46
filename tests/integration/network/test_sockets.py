"""Sockets of a namespace against `ss` of iproute2."""

import re
import time
import unittest

from tests.support import namespace_zoo
from tests.support.network import parts as network_parts
from tests.support.network import socket_oracle

SOCKETS = """
import socket
kept = []
def listen(family, address, backlog, only=None):
    made = socket.socket(family)
    if only is not None:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
    made.bind(address)
    made.listen(backlog)
    kept.append(made)
    return made
first = listen(socket.AF_INET, ("127.0.0.1", 8080), 7)
listen(socket.AF_INET, ("0.0.0.0", 8081), 4096)
listen(socket.AF_INET6, ("::", 8082), 9, 0)
listen(socket.AF_INET6, ("::", 8083), 10, 1)
sixth = listen(socket.AF_INET6, ("::1", 8084), 3)
bound = socket.socket(); bound.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo"); bound.bind(("", 8085)); bound.listen(5); kept.append(bound)
for _ in range(3):
    kept.append(socket.create_connection(("127.0.0.1", 8080)))
kept.append(socket.create_connection(("::1", 8084)))
kept.append(socket.create_connection(("127.0.0.1", 8082)))
accepted, _ = first.accept()
kept.append(accepted)
accepted.send(b"x" * 100)
gone = socket.create_connection(("127.0.0.1", 8080)); peer, _ = first.accept()
gone.close(); kept.append(peer)           # CLOSE-WAIT and FIN-WAIT-2
done = socket.create_connection(("127.0.0.1", 8080))
for udp_family, address in ((socket.AF_INET, ("127.0.0.1", 53)), (socket.AF_INET6, ("::", 54))):
    made = socket.socket(udp_family, socket.SOCK_DGRAM); made.bind(address); kept.append(made)
connected = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); connected.connect(("127.0.0.1", 53)); connected.send(b"hello"); kept.append(connected)
kept.extend(socket.socketpair())
kept.append(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
"""


class Sockets(namespace_zoo.ZooCase):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.namespace = self.zoo.add("sockets")
        self.namespace.ip("link set lo up")

    def program(self, code, *arguments):
        made = network_parts.Program(self.namespace, code, *arguments)
        self.addCleanup(made.close)
        return made

    def test_listeners_are_those_of_ss(self):
        program = self.program(SOCKETS)
        shown = network_parts.read(self.namespace.pid, "sockets")
        self.assertEqual((shown["notes"], shown["errors"]), ({}, {}))
        ours = socket_oracle.listeners_of(shown["sockets"])
        self.assertEqual(ours, socket_oracle.listeners_by_ss(self.namespace))
        self.assertEqual(len(ours), 6)
        self.assertEqual({one[5] for one in ours}, {program.pid})
        self.assertEqual([one["ifindex"] for one in shown["sockets"]["tcp"]["listen"] if "ifindex" in one], [1])

    def test_states_udp_and_unix_are_counted_as_ss_does(self):
        self.program(SOCKETS)
        shown = network_parts.read(self.namespace.pid, "sockets")["sockets"]
        wanted = socket_oracle.states_by_ss(self.namespace)
        self.assertEqual(socket_oracle.states_of(shown), wanted)
        self.assertLessEqual({"established", "listen", "close_wait", "fin_wait2"}, set(wanted))
        udp = socket_oracle.datagram_sockets_by_ss(self.namespace)
        self.assertEqual((shown["udp_count"], socket_oracle.datagram_sockets_of(shown)), (len(udp), udp))
        self.assertGreater(max(one["receive_queue"] for one in shown["udp"]), 0)
        self.assertEqual(shown["unix_count"], len(socket_oracle.ss(self.namespace, "-Hxan")))
        self.assertEqual(shown["unix_count"], 3)

    def test_the_kernels_files_say_the_same_but_for_limits(self):
        self.program(SOCKETS)
        by_files = network_parts.read(self.namespace.pid, "sockets_by_files")
        by_diag = network_parts.read(self.namespace.pid, "sockets")["sockets"]
        self.assertIn("TCP sockets by the kernel's files: its sock_diag is not there", by_files["notes"]["sockets_by_files"])

        def comparable(part):
            def without(one, *names):
                return sorted((key, value) for key, value in one.items() if key not in names)

            part["tcp"]["listen"] = sorted(without(one, "queue_limit", "only_ipv6", "ifindex", "process", "name") for one in part["tcp"]["listen"])
            part["udp"] = sorted(without(one, "only_ipv6", "process", "name") for one in part["udp"])
            return part

        self.assertEqual({one["queue_limit"] for one in by_files["sockets_by_files"]["tcp"]["listen"]}, {None})
        self.assertEqual(comparable(by_files["sockets_by_files"]), comparable(by_diag))

    def test_all_sockets_have_the_figures_of_ss(self):
        self.program(SOCKETS)
        shown = network_parts.read(self.namespace.pid, "sockets_all")
        self.assertEqual((shown["notes"], shown["errors"]), ({}, {}))
        ours, theirs = {}, {}
        for one in shown["sockets_all"]:
            peer = "*:*" if one["state"] in ("listen", "unconnected") else socket_oracle.address_as_in_ss(one, "peer_address", "peer_port")
            figures = None
            if one["protocol"] == "tcp" and "rtt_us" in one:
                figures = (one["rtt_us"], one["rtt_variance_us"], one["cwnd"], one["mss"], one["rto_us"], one["unacked"], one["retransmits"],
                           one["total_retransmits"], one["lost"])
            key = (one["protocol"], socket_oracle.address_as_in_ss(one).split("%")[0], peer)
            ours[key] = (one["state"], one["receive_queue"], one["send_queue"], one["uid"], one["inode"], figures)
        for option, protocol in (("-t", "tcp"), ("-u", "udp")):
            for words in socket_oracle.ss(self.namespace, "-Hanie", option):
                rest = " ".join(words)

                def number(pattern, default="0"):
                    found = re.search(pattern, rest)
                    return float(found[1] if found else default)

                state = socket_oracle.STATES[words[0]]
                figures = None
                if "mss:" in rest:
                    figures = (round(number(r" rtt:([\d.]+)") * 1000), round(number(r" rtt:[\d.]+/([\d.]+)") * 1000), number(r"cwnd:(\d+)"),
                               number(r" mss:(\d+)"), number(r"rto:([\d.]+)") * 1000, number(r"unacked:(\d+)"), number(r" retrans:(\d+)/"),
                               number(r" retrans:\d+/(\d+)"), number(r" lost:(\d+)"))
                peer = "*:*" if state in ("listen", "unconnected") else words[4]
                key = (protocol, re.sub("%lo", "", words[3]), peer)
                theirs[key] = (state, int(words[1]), int(words[2]), int(number(r"uid:(\d+)")), int(number(r"ino:(\d+)")), figures)
        self.assertEqual(ours, theirs)
        self.assertGreaterEqual(sum(1 for one in ours.values() if one[-1]), 10)

    def test_a_hundred_thousand_are_counted_and_few_listed(self):
        self.program(network_parts.MANY_LISTENERS, 100_000)
        began = time.monotonic()
        shown = network_parts.read(self.namespace.pid, "sockets", "sockets_all", prefix=network_parts.with_memory(300))
        print(f"\n100,000 sockets: both parts in {time.monotonic() - began:.2f} s")
        self.assertEqual(shown["errors"], {})
        self.assertEqual(shown["sockets"]["tcp"]["by_state"]["listen"], 100_000)
        self.assertEqual(len(shown["sockets"]["tcp"]["listen"]), 1000)
        self.assertIn("1000 of 100000 listeners are listed", shown["notes"]["sockets"])
        self.assertEqual(len(shown["sockets_all"]), 10_000)
        self.assertIn("there are more than the 10000 TCP sockets", shown["notes"]["sockets_all"])

    def test_a_name_of_a_process_is_text(self):
        self.program(SOCKETS + 'open("/proc/self/comm", "wb").write(b"\\"}\\x1b\\xff,\\n")\n')
        shown = network_parts.read(self.namespace.pid, "sockets")
        self.assertEqual({one["name"] for one in shown["sockets"]["tcp"]["listen"]}, {'"}\x1b\ufffd,'})


if __name__ == "__main__":
    unittest.main()
