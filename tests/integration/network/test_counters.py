"""Counters of a namespace against the kernel's own files, read there by other hands."""

import unittest

from tests.support import namespace_zoo
from tests.support.network import parts as network_parts
from tests.support.waiting import wait_until

TRAFFIC = """
import socket
listener = socket.socket(); listener.bind(("127.0.0.1", 8080)); listener.listen(1)
kept = [socket.create_connection(("127.0.0.1", 8080)) for _ in range(2)]
for address in ("127.0.0.1", "::1"):
    datagrams = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.sendto(b"to nobody", (address, 9))
"""


def tables(text):
    found, lines = {}, [line.split() for line in text.splitlines()]
    for names, values in zip(lines[::2], lines[1::2]):
        assert names[0] == values[0] and len(names) == len(values)
        found[names[0].rstrip(":")] = dict(zip(names[1:], map(int, values[1:])))
    return found


def rows(text):
    words = [line.split() for line in text.splitlines()]
    return {line[0].rstrip(":"): dict(zip(line[1::2], map(int, line[2::2]))) for line in words}


class Counters(namespace_zoo.ZooCase):
    maxDiff = None

    def test_objects_are_the_files(self):
        with namespace_zoo.Zoo() as zoo:
            namespace = zoo.add("counters")
            namespace.ip("link set lo up")
            with network_parts.Program(namespace, TRAFFIC):
                def text(name):
                    return namespace.run("cat", f"/proc/net/{name}").decode()

                def files():
                    snmp6 = {line.split()[0]: int(line.split()[1]) for line in text("snmp6").splitlines()}
                    return {"snmp": tables(text("snmp")), "netstat": tables(text("netstat")), "sockstat": rows(text("sockstat")), "snmp6": snmp6,
                            "sockstat6": rows(text("sockstat6"))}

                def same():
                    # Some are of the whole machine (sockets without an owner), and move with whatever else runs on it.
                    expected, shown = files(), network_parts.read(namespace.pid, "counters")
                    return expected == shown["counters"] and shown

                shown = wait_until(same, "the counters are those of the files")
                self.assertEqual((shown["notes"], shown["errors"]), ({}, {}))
                ours = shown["counters"]
                self.assertEqual(ours["snmp"]["Tcp"]["CurrEstab"], 4)
                self.assertEqual(ours["snmp"]["Udp"]["NoPorts"], 1)
                self.assertEqual(ours["snmp6"]["Udp6NoPorts"], 1)
                self.assertEqual(ours["snmp"]["Tcp"]["MaxConn"], -1)
                # In the order of the files.
                self.assertEqual(list(ours["netstat"]), list(tables(text("netstat"))))


if __name__ == "__main__":
    unittest.main()
