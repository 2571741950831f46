"""Networks as runtimes and CNI plugins make them on a node of their own: /v1/findings says nothing at all of them, whatever rules there are."""

import json
import pathlib
import tempfile
import unittest

from tests.support import namespace_zoo as zoo_module
from tests.support.network import cni
from tests.support.network.findings import send_somewhere
from tests.support.network.findings_figure import Figure
from tests.support.network.own_node import OwnNode

OUTSIDE, OUTSIDE6 = "198.51.100.1", "2001:db8:51::1"


class Healthy(zoo_module.ZooCase):
    """Counts what was looked at, and what was said of it."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.figure = Figure()
        cls.addClassCleanup(cls.figure.print, cls.__name__)

    def start(self, *flags):
        self.service = self.own.start_service(self, *flags)

    def setUp(self):
        super().setUp()
        self.own = OwnNode(self.zoo)
        self.node = self.own.network

    def check(self, *queries):
        """Nothing is said of any of them, nor of the node."""
        for query in (*queries, f"pid={self.node.pid}", "node"):
            status, _, body = self.service.request("GET", f"/v1/findings?{query}")
            self.assertEqual(status, 200, body)
            reply = json.loads(body)
            self.figure.count(reply)
            self.assertEqual(reply["findings"], [], query)
            self.assertGreater(len(reply["checked"]), 10)


class NetworksOfDocker(Healthy):
    def setUp(self):
        super().setUp()
        self.engine = self.own.start_docker(self)
        self.start("--docker-host", self.engine.host)

    def network(self, name, **more):
        identity = self.engine.call("POST", "/networks/create", {"Name": name, **more})["Id"]
        self.addCleanup(self.engine.call, "DELETE", f"/networks/{identity}")
        return name

    def container(self, mode, command=("sleep", "100000"), **more):
        return self.engine.create(self, list(command), NetworkMode=mode, **more).start()

    def test_all(self):
        own = self.network("own")
        other = self.network("other", Options={"com.docker.network.bridge.enable_icc": "true"})
        internal = self.network("internal", Internal=True)
        dual = self.network("dual", EnableIPv6=True, IPAM={"Config": [{"Subnet": "10.77.0.0/24"}, {"Subnet": "fd77::/64"}]})
        small = self.network("small", Options={"com.docker.network.driver.mtu": "1400"})
        modes = {
            "bridge": self.container("bridge"),
            "bridge with a port": self.container("bridge", ("httpd", "-f", "-p", "80"), PortBindings={"80/tcp": [{"HostPort": "8077"}]}),
            "none": self.container("none"),
            "host": self.container("host"),
            "own": self.container(own), "beside it": self.container(own), "another": self.container(other),
            "internal": self.container(internal), "small": self.container(small), "dual": self.container(dual),
            "macvlan": self.container(self.network("mv", Driver="macvlan", Options={"parent": "uplink"}, IPAM={"Config": [
                {"Subnet": "198.51.100.0/24", "Gateway": OUTSIDE, "IPRange": "198.51.100.64/28"}]})),
        }
        modes["of another"] = self.container(f"container:{modes['own'].name}")
        two = self.container(own)
        self.engine.call("POST", f"/networks/{other}/connect", {"Container": two.id})
        modes["in two"] = two
        # Each talks to somebody, so that there are neighbours and connections.
        for container in modes.values():
            self.node.run("nsenter", f"--net=/proc/{container.pid}/ns/net", "bash", "-c", f"echo > /dev/udp/{OUTSIDE}/9", check=False)
        for name, container in modes.items():
            with self.subTest(name):
                self.check(f"container={container.name}")


class NetworksOfPlugins(Healthy):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cni.needed()

    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="nodescope-cni-")))
        self.start()

    def pod(self, name, plugins, has_ipv4=True, nameserver=None, **runtime):
        if nameserver is None:
            nameserver = OUTSIDE if has_ipv4 else OUTSIDE6
        made = cni.Pod(self.zoo, self.node, name, plugins, nameserver=nameserver, **runtime)
        for address in (OUTSIDE, OUTSIDE6):
            made.network.run("bash", "-c", f"echo > /dev/udp/{address}/9", check=False)
        return made.network

    def check_pods(self, *pods):
        self.check(*(f"pid={pod.pid}" for pod in pods))

    def bridge(self, *subnets, **more):
        return {"type": "bridge", "bridge": "cni0", "isGateway": True, "ipMasq": True, "hairpinMode": True,
                "ipam": cni.host_local(self.folder, *subnets), **more}

    def portmap(self):
        return {"type": "portmap", "capabilities": {"portMappings": True}}

    def test_a_bridge_with_port_mappings(self):
        mapped = [{"hostPort": 8077, "containerPort": 80, "protocol": "tcp"}]
        self.check_pods(self.pod("one", [self.bridge("10.88.0.0/16"), self.portmap()], portMappings=mapped),
                        self.pod("two", [self.bridge("10.88.0.0/16"), self.portmap()]))

    def test_a_bridge_for_small_packets(self):
        self.check_pods(*(self.pod(name, [self.bridge("10.88.0.0/16", mtu=1400)]) for name in ("one", "two")))

    def test_a_bridge_with_both_families(self):
        self.check_pods(*(self.pod(name, [self.bridge("10.88.0.0/16", "fd88::/64")]) for name in ("one", "two")))

    def test_a_bridge_with_ipv6_alone(self):
        self.check_pods(*(self.pod(name, [self.bridge("fd88::/64")], has_ipv4=False) for name in ("one", "two")))

    def test_pairs_as_kindnet_makes_them(self):
        for subnets in (("10.244.0.0/24",), ("10.244.0.0/24", "fd44::/64"), ("fd44::/64",)):
            with self.subTest(subnets):
                plugin = {"type": "ptp", "ipMasq": False, "mtu": 1500, "ipam": cni.host_local(self.folder, *subnets)}
                name = f"{len(subnets)}{subnets[0][:2]}"
                self.check_pods(*(self.pod(one, [plugin, self.portmap()], has_ipv4="." in subnets[0]) for one in (name, name + "b")))

    def test_macvlan(self):
        plugin = {"type": "macvlan", "master": "uplink", "ipam": {
            "type": "static", "addresses": [{"address": "198.51.100.77/24", "gateway": OUTSIDE}], "routes": [{"dst": "0.0.0.0/0"}]}}
        try:
            pod = self.pod("macvlan", [plugin])
        except RuntimeError as failure:
            self.assertIn("not supported", str(failure))
            self.skipTest("this kernel has no macvlan")
        self.check_pods(pod)

    def test_a_table_for_its_source(self):
        # A resolver does not say where its question comes from, so it reaches nobody.
        self.check_pods(self.pod("sourced", [self.bridge("10.88.0.0/16"), {"type": "sbr"}], nameserver=""))

    def test_a_firewall_that_lets_it_through(self):
        self.node.run("iptables", "-P", "FORWARD", "DROP")
        self.check_pods(self.pod("walled", [self.bridge("10.88.0.0/16"), {"type": "firewall", "backend": "iptables"}, self.portmap()]))

    def test_a_pod_with_slow_ends(self):
        slow = {"type": "bandwidth", "capabilities": {"bandwidth": True}}
        self.check_pods(self.pod("slow", [self.bridge("10.88.0.0/16"), slow],
                                 bandwidth={"ingressRate": 1_000_000, "ingressBurst": 100_000, "egressRate": 1_000_000, "egressBurst": 100_000}))


class NetworksByHand(Healthy):
    """As plugins make them that Debian has not."""

    def setUp(self):
        super().setUp()
        self.start()

    def pair(self, name, end, nameserver=OUTSIDE):
        pod = self.zoo.add(name, nameserver=nameserver)
        zoo_module.veth(self.node, end, pod, "eth0")
        self.node.ip(f"link set {end} up")
        pod.ip_batch(["link set lo up", "link set eth0 up"])
        return pod

    def test_calico(self):
        """A /32, a gateway that is nobody's, and the node's end answering for it."""
        pods = []
        for index in (5, 6):
            pod = self.pair(f"calico{index}", f"cali{index}")
            self.node.sysctl(f"net/ipv4/conf/cali{index}/proxy_arp", 1)
            self.node.sysctl(f"net/ipv4/conf/cali{index}/rp_filter", 1)
            self.node.sysctl(f"net/ipv6/conf/cali{index}/proxy_ndp", 1)
            self.node.ip_batch([f"route add 10.244.1.{index} dev cali{index} scope link", f"route add fd44::{index} dev cali{index}",
                                f"addr add fe80::ecee:eeff:feee:eeee/64 dev cali{index} nodad"])
            pod.ip_batch([f"addr add 10.244.1.{index}/32 dev eth0", "route add 169.254.1.1 dev eth0 scope link", "route add default via 169.254.1.1 dev eth0",
                          f"addr add fd44::{index}/128 dev eth0 nodad", "route add default via fe80::ecee:eeff:feee:eeee dev eth0"])
            pods.append(pod)
        self.node.ip("route add blackhole 10.244.1.0/26 proto 80")
        for pod in pods:
            send_somewhere(pod, "10.244.1.5")
            send_somewhere(pod, OUTSIDE)
        self.check(*(f"pid={pod.pid}" for pod in pods))

    def test_cilium(self):
        pod = self.pair("cilium", "lxc7")
        self.node.ip_batch(["link add cilium_host type veth peer name cilium_net", "link set cilium_host up", "link set cilium_net up",
                            "addr add 10.0.1.90/32 dev cilium_host", "route add 10.0.1.90 dev cilium_host scope link",
                            "route add 10.0.1.0/24 via 10.0.1.90 dev cilium_host src 10.0.1.90", "route add 10.0.1.7 dev lxc7"])
        self.node.sysctl("net/ipv4/conf/lxc7/proxy_arp", 1)
        pod.ip_batch(["addr add 10.0.1.7/32 dev eth0", "route add 10.0.1.90 dev eth0 scope link", "route add default via 10.0.1.90 dev eth0"])
        send_somewhere(pod, OUTSIDE)
        self.check(f"pid={pod.pid}")

    def test_ipv6_alone(self):
        pod = self.pair("six", "six0", OUTSIDE6)
        self.node.ip_batch(["addr add fe80::1/64 dev six0 nodad", "route add fd66::6 dev six0"])
        pod.ip_batch(["addr add fd66::6/128 dev eth0 nodad", "route add default via fe80::1 dev eth0"])
        pod.sysctl("net/ipv6/conf/eth0/accept_ra", 0)
        send_somewhere(pod, OUTSIDE6)
        self.check(f"pid={pod.pid}")

    def test_both_families_on_a_bridge(self):
        self.node.ip_batch(["link add br0 type bridge", "addr add 10.240.0.1/16 dev br0", "addr add fd24::1/64 dev br0 nodad", "link set br0 up"])
        pods = []
        for index in (2, 3):
            pod = self.pair(f"dual{index}", f"veth{index}")
            self.node.ip(f"link set veth{index} master br0")
            pod.ip_batch([f"addr add 10.240.0.{index}/16 dev eth0", "route add default via 10.240.0.1", f"addr add fd24::{index}/64 dev eth0 nodad",
                          "route add default via fd24::1"])
            pods.append(pod)
        send_somewhere(pods[0], "10.240.0.3")
        send_somewhere(pods[0], "fd24::3")
        self.check(*(f"pid={pod.pid}" for pod in pods))

    def test_flannel(self):
        """A bridge for pods, and a vxlan to the other nodes, whose addresses somebody has entered."""
        node = self.node
        if not self.zoo.try_ip(node, "vxlan", "link add flannel.1 mtu 1450 type vxlan id 1 local 198.51.100.2 dev uplink dstport 8472 nolearning"):
            self.skipTest(self.zoo.missing["vxlan"])
        node.ip_batch(["addr add 10.244.2.0/32 dev flannel.1", "link set flannel.1 up", "link add cni0 mtu 1450 type bridge", "addr add 10.244.2.1/24 dev cni0",
                       "link set cni0 up", "route add 10.244.3.0/24 via 10.244.3.0 dev flannel.1 onlink",
                       "neigh add 10.244.3.0 lladdr 02:00:00:00:00:33 dev flannel.1 nud permanent"])
        node.run(*"bridge fdb add 02:00:00:00:00:33 dev flannel.1 dst 198.51.100.3".split())
        pod = self.pair("flannel", "veth9")
        node.ip_batch(["link set veth9 mtu 1450", "link set veth9 master cni0"])
        pod.ip_batch(["link set eth0 mtu 1450", "addr add 10.244.2.9/24 dev eth0", "route add default via 10.244.2.1", "route add 10.244.0.0/16 via 10.244.2.1"])
        send_somewhere(pod, OUTSIDE)
        self.check(f"pid={pod.pid}")


if __name__ == "__main__":
    unittest.main()
