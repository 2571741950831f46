"""Sockets of a namespace by `ss` of iproute2, in the form of the part `sockets` of /v1/network."""

import collections
import re

# The names of ss for the kernel's states.
STATES = {"ESTAB": "established", "SYN-SENT": "syn_sent", "SYN-RECV": "syn_recv", "FIN-WAIT-1": "fin_wait1", "FIN-WAIT-2": "fin_wait2",
          "TIME-WAIT": "time_wait", "CLOSE-WAIT": "close_wait", "LAST-ACK": "last_ack", "LISTEN": "listen", "CLOSING": "closing",
          "UNCONN": "unconnected"}


def ss(namespace, *arguments):
    """Lines of ss as lists of words; what it breaks into two lines is one here."""
    text = namespace.run("ss", *arguments).decode()
    return [line.split() for line in text.replace("\n\t", " ").splitlines() if line.strip()]


def address_as_in_ss(one, key="address", port="port"):
    """`*` is the address of a socket that takes both families, and port 0 means that there is no port."""
    address = one[key]
    if address == "::" and not one["only_ipv6"] and key == "address":
        address = "*"
    elif one["family"] == "ipv6" and address != "*":
        address = f"[{address}]"
    return f"{address}:{one[port] or '*'}"


def _number(pattern, words, default=0):
    found = re.search(pattern, " ".join(words))
    return int(found[1]) if found else default


def listeners_by_ss(namespace):
    """(address, queue, queue_limit, uid, inode, process, name) of each, in order. `%` and a link stand between address and port."""
    found = []
    for words in ss(namespace, "-Htlnpe"):
        process = re.search(r'users:\(\("([^"]*)",pid=(\d+)', " ".join(words))
        found.append((re.sub("%[^:\\]]+", "", words[3]), int(words[1]), int(words[2]), _number(r"uid:(\d+)", words), _number(r"ino:(\d+)", words),
                      int(process[2]) if process else None, process[1] if process else None))
    return sorted(found, key=str)


def listeners_of(part):
    return sorted(((address_as_in_ss(one), one["queue"], one["queue_limit"], one["uid"], one["inode"], one.get("process"), one.get("name"))
                   for one in part["tcp"]["listen"]), key=str)


def datagram_sockets_by_ss(namespace):
    return sorted((STATES[words[0]], int(words[1]), words[3], _number(r"ino:(\d+)", words)) for words in ss(namespace, "-Huane"))


def datagram_sockets_of(part):
    return sorted((one["state"], one["receive_queue"], address_as_in_ss(one), one["inode"]) for one in part["udp"])


def states_by_ss(namespace):
    return dict(collections.Counter(STATES[words[0]] for words in ss(namespace, "-Htan")))


def states_of(part):
    return {state: count for state, count in part["tcp"]["by_state"].items() if count}


def by_tools(namespace):
    states = states_by_ss(namespace)
    # Whose they are ss finds by looking at each descriptor of each process of the machine.
    return {"listen": listeners_by_ss(namespace) if "listen" in states else [], "states": states, "udp": datagram_sockets_by_ss(namespace),
            "unix": len(ss(namespace, "-Hxan"))}


def ours(part):
    """The part itself in the same form."""
    return {"listen": listeners_of(part), "states": states_of(part), "udp": datagram_sockets_of(part), "unix": part["unix_count"]}
