"""Which packet filters a namespace has, by nft and the legacy programs, in the form of the part `netfilter` of /v1/network."""

import json
import re


def nft_tables(namespace):
    """By family and name. nft's JSON has neither flags nor devices, its text has."""
    tables = {}
    for line in namespace.run("nft", "list", "ruleset").decode().splitlines():
        words = line.split()
        if words[:1] == ["table"]:
            table = {"family": words[1], "name": words[2], "dormant": False, "chains": 0, "rules": 0, "hooks": []}
            tables[(words[1], words[2])] = table
        elif words == ["flags", "dormant"]:
            table["dormant"] = True
        elif words[:1] == ["chain"]:
            table["chains"] += 1
            chain = words[1]
        elif words[:1] == ["type"] and "hook" in words:
            found = re.match(r'type (\S+) hook (\S+) (?:device "?([^" ]+)"? )?priority ', line.strip())
            hook = {"chain": chain, "type": found[1], "hook": found[2]}
            table["hooks"].append({**hook, **({"device": found[3]} if found[3] else {})})
    for item in json.loads(namespace.run("nft", "-j", "list", "ruleset") or '{"nftables":[]}')["nftables"]:
        if "hook" in item.get("chain", {}):
            one = item["chain"]
            hook = next(hook for hook in tables[(one["family"], one["table"])]["hooks"] if hook["chain"] == one["name"])
            if (hook["type"], hook["hook"]) != (one["type"], one["hook"]):
                raise AssertionError(f"nft says {one} and {hook}")
            hook.update(priority=one["prio"], policy=one["policy"])
        if "rule" in item:
            tables[(item["rule"]["family"], item["rule"]["table"])]["rules"] += 1
    return tables


def legacy_tables(namespace):
    """By family and name: how many rules, and the hooks."""
    tables = {}
    for family, program in (("ipv4", "iptables-legacy-save"), ("ipv6", "ip6tables-legacy-save")):
        table = None
        for line in namespace.run(program).decode().splitlines():
            if line.startswith("*"):
                table = (family, line[1:])
                tables[table] = (0, set())
            elif line.startswith(":") and line.split()[1] != "-":
                tables[table][1].add(line[1:].split()[0].lower())
            elif line.startswith("-A"):
                tables[table] = (tables[table][0] + 1, tables[table][1])
    return tables


def by_tools(namespace):
    return nft_tables(namespace), legacy_tables(namespace)


def ours(part):
    """The part itself in the same form."""
    return ({(one["family"], one["name"]): one for one in part["nft"]},
            {(one["family"], one["name"]): (one["rules"], set(one["hooks"])) for one in part["legacy"]})
