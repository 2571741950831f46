"""Queueing disciplines, packet filters and sockets."""

from tests.support.network.recipes.recipe import Recipe

LISTENERS = """
import socket
def listen(family, address, backlog, only=None, device=None):
    made = socket.socket(family)
    if only is not None:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
    if device is not None:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device)
    made.bind(address)
    made.listen(backlog)
    return made
"""


def disciplines():
    yield Recipe("qdisc: htb", """
tc qdisc replace dev v0 root handle 1: htb default 12 r2q 20
tc class add dev v0 parent 1: classid 1:1 htb rate 10mbit
tc class add dev v0 parent 1:1 classid 1:12 htb rate 1mbit ceil 5mbit
tc class add dev v0 parent 1:1 classid 1:13 htb rate 2mbit
tc qdisc add dev v0 parent 1:12 handle 20: pfifo limit 9
tc qdisc add dev v0 parent 1:13 handle 30: bfifo limit 9000
""", "'kind', 'htb'", "'parent', '1:12'")
    yield Recipe("qdisc: tbf", "tc qdisc replace dev v0 root tbf rate 1mbit burst 10k latency 50ms\n"
                 "tc qdisc replace dev v1 root tbf rate 8gbit burst 2m limit 3m peakrate 9gbit minburst 1600\n", "'kind', 'tbf'")
    yield Recipe("qdisc: tbf with a child", "tc qdisc replace dev v0 root handle 1: tbf rate 1mbit burst 10k limit 30k\ntc qdisc replace dev v0 parent 1:1 handle 2: pfifo limit 7\n",
                 "'parent', '1:1'")
    yield Recipe("qdisc: ingress", "tc qdisc add dev v0 ingress\ntc qdisc add dev v1 handle ffff: ingress\n", "'kind', 'ingress'")
    yield Recipe("qdisc: clsact", "tc qdisc add dev v0 clsact\ntc qdisc replace dev v0 root handle 8: pfifo_fast || true\n", "'kind', 'clsact'")
    yield Recipe("qdisc: shared blocks", "tc qdisc add dev v0 ingress_block 5 egress_block 6 clsact\ntc qdisc add dev v1 ingress_block 5 ingress\n", "'ingress_block', 5")
    yield Recipe("qdisc: many queues", "ip link add q0 numtxqueues 4 type veth peer name q1\nip link set q0 up\ntc qdisc replace dev q0 root handle 5: mq\n"
                 "tc qdisc replace dev q0 parent 5:2 handle 9: pfifo limit 4\n", "'kind', 'mq'")
    yield Recipe("qdisc: none", "tc qdisc replace dev v0 root noqueue\ntc qdisc replace dev v1 root pfifo limit 77\n", "'noqueue'")
    for kind, options in (("prio", "bands 4 priomap 1 2 2 2 1 2 0 0 1 1 1 1 1 1 1 3"), ("fq_codel", "limit 99 flows 64 target 6ms interval 90ms ecn memory_limit 1m"),
                          ("fq", "limit 99 flow_limit 9 maxrate 1gbit")):
        yield Recipe(f"qdisc: {kind}", f"tc qdisc replace dev v0 root handle 3: {kind} {options}\n", f"'kind', '{kind}'")


def filters():
    hooks = {"ip": ("prerouting", "input", "forward", "output", "postrouting"), "arp": ("input", "output")}
    hooks["ip6"] = hooks["inet"] = hooks["bridge"] = hooks["ip"]
    for family, names in hooks.items():
        lines = [f"add table {family} t"]
        for number, hook in enumerate(names):
            policy = "drop" if number % 2 else "accept"
            lines.append(f"add chain {family} t c{number} {{ type filter hook {hook} priority {number * 50 - 100}; policy {policy}; }}")
            lines.append(f"add rule {family} t c{number} counter accept")
        yield Recipe(f"nft: hooks of {family}", "nft -f - <<END\n" + "\n".join(lines) + "\nEND\n", f"'family', '{family}'", "'policy', 'drop'")
    yield Recipe("nft: netdev", "nft add table netdev t\nnft 'add chain netdev t in { type filter hook ingress device v0 priority -500; }'\n"
                 "nft 'add chain netdev t out { type filter hook egress device v1 priority 5; }'\nnft add rule netdev t in drop\n", "'device', 'v0'", "'egress'")
    yield Recipe("nft: ingress of inet", "nft add table inet t\nnft 'add chain inet t in { type filter hook ingress device v0 priority 0; }'\n", "'ingress'")
    yield Recipe("nft: nat and route", """nft -f - <<END
table ip t {
 chain pre { type nat hook prerouting priority dstnat; policy accept; tcp dport 80 dnat to 10.0.0.9; }
 chain post { type nat hook postrouting priority srcnat; policy accept; masquerade; }
 chain marks { type route hook output priority mangle; policy accept; tcp dport 22 meta mark set 1; }
 chain sub { tcp dport 1 accept; }
}
END
""", "'type', 'route'", "'type', 'nat'")
    yield Recipe("nft: sets, maps and objects", """nft -f - <<END
table inet t {
 set addresses { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.0.2.1 } }
 set seen { type ipv4_addr; flags dynamic,timeout; timeout 1m; }
 map ports { type inet_service : verdict; elements = { 22 : accept, 80 : drop } }
 counter hits { }
 quota much { over 10 mbytes }
 chain in { type filter hook input priority 0; ip saddr @addresses accept; tcp dport vmap @ports; ip saddr { 10.1.0.0/16, 10.2.0.0/16 } counter name hits drop; }
}
END
""", "'rules', 3")
    yield Recipe("nft: asleep", "nft 'add table ip t { flags dormant; }'\nnft 'add chain ip t c { type filter hook input priority 0; policy drop; }'\n", "'dormant', True")
    yield Recipe("nft: forty tables", "for i in $(seq 40); do for f in ip ip6 inet; do echo add table $f t$i; echo add chain $f t$i c; echo add rule $f t$i c drop; done; "
                 "done | nft -f -\n", "'t40'")
    yield Recipe("nft: fifty hooks of one chain's kind", "{ echo add table ip t; for i in $(seq 50); do echo \"add chain ip t c$i { type filter hook input priority $i; }\"; done; } | nft -f -\n",
                 "'priority', 50")
    yield Recipe("iptables: as Docker has them", """
iptables-nft -t nat -N DOCKER
iptables-nft -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
iptables-nft -t nat -A POSTROUTING -s 172.17.0.0/16 -j MASQUERADE
iptables-nft -t nat -A DOCKER -p tcp --dport 8080 -j DNAT --to 172.17.0.2:80
iptables-nft -N DOCKER-USER
iptables-nft -P FORWARD DROP
iptables-nft -A FORWARD -j DOCKER-USER
ip6tables-nft -A INPUT -p tcp -j ACCEPT
""", "'name', 'nat'")
    yield Recipe("iptables: of frames", "ebtables-nft -A FORWARD -p IPv4 -j ACCEPT\narptables-nft -A INPUT -j ACCEPT\n", "'family', 'arp'")
    yield Recipe("iptables: legacy", """
iptables-legacy -A INPUT -p tcp --dport 80 -j ACCEPT
iptables-legacy -N X
iptables-legacy -A X -j DROP
iptables-legacy -t nat -A POSTROUTING -j MASQUERADE
iptables-legacy -t mangle -L >/dev/null
iptables-legacy -t raw -A OUTPUT -j ACCEPT
ip6tables-legacy -A INPUT -j ACCEPT
""", "'legacy'", "'name', 'raw'")
    yield Recipe("iptables: both variants", "iptables-legacy -A INPUT -j ACCEPT\niptables-nft -A INPUT -j ACCEPT 2>/dev/null\n", "'family', 'ipv4'", "'family', 'ip'")


def sockets():
    yield Recipe("sockets: listeners", "", "'port', 8083", program=LISTENERS + """
kept = [listen(socket.AF_INET, ("127.0.0.1", 8080), 7), listen(socket.AF_INET, ("0.0.0.0", 8081), 4096), listen(socket.AF_INET6, ("::", 8082), 9, 0),
        listen(socket.AF_INET6, ("::", 8083), 10, 1), listen(socket.AF_INET6, ("::1", 8084), 3), listen(socket.AF_INET, ("", 8085), 5, device=b"v0"),
        listen(socket.AF_INET6, ("2001:db8::1", 8086), 0)]
""")
    yield Recipe("sockets: a full queue", "", "'queue', 3", program=LISTENERS + """
kept = [listen(socket.AF_INET, ("127.0.0.1", 8080), 2)]
kept += [socket.create_connection(("127.0.0.1", 8080)) for _ in range(3)]
""")
    yield Recipe("sockets: states", "", "'close_wait', 3", program=LISTENERS + """
first = listen(socket.AF_INET, ("127.0.0.1", 8080), 7)
kept = []
for _ in range(3):
    gone = socket.create_connection(("127.0.0.1", 8080)); peer, _ = first.accept(); gone.close(); kept.append(peer)
for _ in range(2):
    kept.append(socket.create_connection(("127.0.0.1", 8080))); kept.append(first.accept()[0])
waiting = socket.socket(); waiting.setblocking(False); waiting.connect_ex(("10.0.0.77", 80)); kept.append(waiting)
""")
    yield Recipe("sockets: datagrams", "", "'port', 54", program="""
import socket
kept = []
for family, address in ((socket.AF_INET, ("127.0.0.1", 53)), (socket.AF_INET6, ("::", 54)), (socket.AF_INET, ("0.0.0.0", 55))):
    made = socket.socket(family, socket.SOCK_DGRAM); made.bind(address); kept.append(made)
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); sender.connect(("127.0.0.1", 53)); sender.send(b"hello"); kept.append(sender)
""")
    yield Recipe("sockets: five hundred of Unix", "", "'unix_count', 500", program="import socket\nkept = [socket.socketpair() for _ in range(250)]\n")


RECIPES = (*disciplines(), *filters(), *sockets())
