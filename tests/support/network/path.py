"""What the tests of /v1/path share: a service that runs in a namespace which plays the node, and `ip route get` at each hop."""

import json
import os
import urllib.parse

from tests.support import namespace_zoo as zoo_module
from tests.support.service import Service

ASK = ("import sys,urllib.request,urllib.error\n"
       "try: answer = urllib.request.urlopen(sys.argv[1])\n"
       "except urllib.error.HTTPError as error: answer = error\n"
       "sys.stdout.write(str(answer.status) + ' ' + answer.read().decode())\n")


def inode(namespace):
    return os.stat(f"/proc/{namespace.pid}/ns/net").st_ino


def connect(node, container, name, address, address6, master=None):
    """A pair whose end in the container is eth0 with these addresses (prefixes included)."""
    zoo_module.veth(node, name, container, "eth0")
    node.ip_batch([f"link set {name} {f'master {master}' if master else ''} up"])
    container.ip_batch(["link set lo up", "link set eth0 up", f"addr add {address} dev eth0", f"addr add {address6} dev eth0 nodad"])


class PathCase(zoo_module.ZooCase):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.node = self.add("node")
        self.node.ip_batch(["link set lo up", "link add br0 type bridge", "addr add 10.240.0.1/24 dev br0", "addr add 2001:db8:240::1/64 dev br0 nodad",
                            "link set br0 up"])
        self.forward(1)
        self.service = Service(prefix=("nsenter", f"--net=/proc/{self.node.pid}/ns/net"))
        self.addCleanup(self.service.stop)

    def add(self, name):
        """A namespace that can be found: by its name under /run/netns."""
        made = self.zoo.add(name)
        # Without link-local addresses, and what they talk to each other.
        made.sysctl("net/ipv6/conf/default/addr_gen_mode", 1)
        # Nor does one that gets such an address look for routers, which would then know it.
        made.sysctl("net/ipv6/conf/default/router_solicitations", 0)
        self.zoo.publish(made, f"path-{name}")
        return made

    def forward(self, on):
        self.node.sysctl("net/ipv4/ip_forward", on)
        self.node.sysctl("net/ipv6/conf/all/forwarding", on)

    def add_container(self, name, index):
        made = self.add(name)
        connect(self.node, made, f"veth{index}", f"10.240.0.{index}/24", f"2001:db8:240::{index}/64", "br0")
        made.ip_batch(["route add default via 10.240.0.1", "route add default via 2001:db8:240::1"])
        return made

    def ask(self, query):
        """(status, the object)"""
        shown = self.node.run("python3", "-c", ASK, f"http://127.0.0.1:{self.service.port}/v1/path?{query}").decode()
        status, _, body = shown.partition(" ")
        return int(status), json.loads(body)

    def way(self, namespace, to, **more):
        """The answer, each of whose routes is what `ip -j route get` says there, and nothing has changed by asking."""
        before = self.state()
        query = urllib.parse.urlencode({"pid": namespace.pid, "to": to, **more})
        status, reply = self.ask(query)
        self.assertEqual(status, 200, reply)
        self.assertEqual(self.state(), before)
        self.assertEqual(list(reply), ["target", "reachable", "hops", "summary", "notes"])
        self.check_routes(reply, to, more)
        return reply

    def check_routes(self, reply, to, more):
        by_inode = {inode(namespace): namespace for namespace in self.zoo.namespaces.values()}
        source = None
        for hop in reply["hops"]:
            to = hop["translated"].split()[0] if hop["translated"] else to
            port = hop["translated"].split()[2] if hop["translated"] and " port " in hop["translated"] else more.get("port")
            if port:
                more = {**more, "port": port}
            if hop["route"] is None or hop["route"]["dst"] != to:
                continue  # a bridge, or the packet of a tunnel
            command = ["ip", "-j", "-6" if ":" in to else "-4", "route", "get", to]
            if hop["iif"]:
                command += ["from", source, "iif", hop["iif"]]
            if "port" in more:
                command += ["ipproto", more.get("protocol", "tcp"), "dport", str(more["port"])]
            elif "protocol" in more:
                command += ["ipproto", more["protocol"]]
            shown = json.loads(by_inode[hop["netns"]].run(*command), strict=False)[0]
            self.assertEqual(json.dumps(hop["route"]), json.dumps(shown), command)
            source = source or hop["route"].get("prefsrc")

    def state(self):
        """What asking might change, everywhere: neighbours (their states change by themselves), tables, links."""
        seen = {}
        for name, namespace in self.zoo.namespaces.items():
            neighbours = {(one["dst"], one["dev"], one.get("lladdr")) for one in json.loads(namespace.run("ip", "-j", "neigh") or "[]")}
            seen[name] = (neighbours, namespace.run("nft", "list", "ruleset"), namespace.run("cat", "/proc/net/ip_tables_names"),
                          [one["ifname"] for one in json.loads(namespace.run("ip", "-j", "link"), strict=False)])
        return seen

    def places(self, reply):
        """(name of the namespace, link, verdict) of each hop."""
        names = {inode(namespace): name for name, namespace in self.zoo.namespaces.items()}
        return [(names.get(hop["netns"]), hop["ifname"], hop["verdict"]) for hop in reply["hops"]]


def meet(namespace, *addresses):
    """Sends to each address, so that the kernel asks for the next hop."""
    for address in addresses:
        namespace.run("bash", "-c", f"echo > /dev/udp/{address}/9", check=False)
