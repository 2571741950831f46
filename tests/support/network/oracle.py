"""What /v1/network answers, held against iproute2's own JSON.

    oracle = NetworkOracle(service)
    oracle.check(test, namespace, "addr", "route")
    print(oracle.table())

Sockets and packet filters are held against `ss`, `nft` and iptables in the same way.

Equal means equal after both are read: the same keys in the same order, the same values. What moves while both look (counters, ages,
lifetimes) lies between what the tool said before and after."""

import codecs
import collections
import difflib
import json
import shlex

from tests.support.network import filter_oracle, socket_oracle

COMMANDS = {
    "addr": ("ip", "-j", "-d", "-s", "addr", "show"),
    "route": ("ip", "-j", "-d", "route", "show", "table", "all"),
    "route6": ("ip", "-j", "-d", "-6", "route", "show", "table", "all"),
    "rule": ("ip", "-j", "-d", "rule"),
    "rule6": ("ip", "-j", "-d", "-6", "rule"),
    "neigh": ("ip", "-j", "-d", "-s", "neigh"),
    "nexthop": ("ip", "-j", "-d", "nexthop"),
    "fdb": ("bridge", "-j", "-d", "fdb"),
    "qdisc": ("tc", "-j", "-s", "qdisc"),
}
# Parts in words of our own: what the tools say in our form, and the part in that form.
OTHERS = {"sockets": socket_oracle, "netfilter": filter_oracle}
ALL = (*COMMANDS, *OTHERS)
# Numbers that move by themselves.
MOVING = {
    "bytes", "packets", "errors", "dropped", "over_errors", "multicast", "carrier_errors", "collisions", "valid_life_time",
    "preferred_life_time", "expires", "used", "drops", "requeues", "backlog", "qlen", "confirmed", "updated", "probes",
}
# Of a bridge and a nexthop group; they begin again.
TIMERS = {
    "gc_timer", "hello_timer", "tcn_timer", "topology_change_timer", "hold_timer", "message_age_timer", "forward_delay_timer",
    "unbalanced_time",
}
TIMER_LIMIT_S = 1000
# While the tool does not agree with itself, states are changing too.
TRIES = 20

# Each byte that is not UTF-8 becomes one U+FFFD.
BYTE_BY_BYTE = "byte-by-byte"
codecs.register_error(BYTE_BY_BYTE, lambda error: ("\ufffd" * (error.end - error.start), error.end))


class Pairs(list):
    """The members of an object in their order, repeated ones included."""


def parse(text):
    if isinstance(text, bytes):
        text = text.decode(errors=BYTE_BY_BYTE)
    # Not strict: iproute2 writes control characters as they are.
    return json.loads(text, object_pairs_hook=Pairs, strict=False)


def plain(value):
    """What was parsed, with objects as dicts."""
    if isinstance(value, Pairs):
        return {name: plain(inside) for name, inside in value}
    return [plain(inside) for inside in value] if isinstance(value, list) else value


def without_encapsulations(value):
    """What iproute2 writes of an encapsulation stands among the members of the route itself, between `encap` and the next of these."""
    if not isinstance(value, list):
        return value
    kept, inside = type(value)(), False
    for member in value:
        if not isinstance(value, Pairs):
            kept.append(without_encapsulations(member))
            continue
        inside = inside and member[0] not in ("gateway", "via", "dev", "scope")
        if not inside:
            kept.append((member[0], without_encapsulations(member[1])))
        inside = inside or member[0] == "encap"
    return kept


def same_without_moving(first, second, key=None):
    if isinstance(first, list) and isinstance(second, list):
        return type(first) is type(second) and len(first) == len(second) and all(
            (a[0] == b[0] and same_without_moving(a[1], b[1], a[0])) if isinstance(first, Pairs) else same_without_moving(a, b, key)
            for a, b in zip(first, second))
    return key in MOVING | TIMERS or (type(first), first) == (type(second), second)


def out_of_range(before, ours, after, key=None):
    """Sentences about numbers that are not between the others; all three have one form."""
    if isinstance(ours, list):
        for a, b, c in zip(before, ours, after):
            if isinstance(ours, Pairs):
                yield from out_of_range(a[1], b[1], c[1], b[0])
            else:
                yield from out_of_range(a, b, c, key)
    elif key in TIMERS and not 0 <= ours <= TIMER_LIMIT_S:
        yield f"{key}: {ours} is no timer"
    elif key in MOVING and not min(before, after) <= ours <= max(before, after):
        yield f"{key}: {ours} is not between {before} and {after}"


def lines_of(value, path=""):
    """One scalar a line, with where it stands."""
    if isinstance(value, Pairs):
        yield f"{path}{{"
        for name, inside in value:
            yield from lines_of(inside, f"{path}.{name}")
    elif isinstance(value, list):
        yield f"{path}["
        for index, inside in enumerate(value):
            yield from lines_of(inside, f"{path}[{index}]")
    else:
        yield f"{path} = {value!r}"


def difference(ours, theirs):
    """What differs, a line each; empty when nothing does."""
    return "\n".join(line for line in difflib.unified_diff(list(lines_of(theirs)), list(lines_of(ours)), "iproute2", "ours", n=0, lineterm="")
                     if not line.startswith("@@"))


class NetworkOracle:
    def __init__(self, service):
        self.service = service
        self.compared, self.equal = collections.Counter(), collections.Counter()

    @staticmethod
    def tools(namespace, parts):
        """What they say, by part."""
        commands = [part for part in parts if part in COMMANDS]
        script = "\n".join(f"{shlex.join(COMMANDS[part])} && printf '\\0' || exit 1" for part in commands)
        shown = namespace.run("sh", "-c", script).split(b"\0") if commands else []
        said = {part: parse(text) if text.strip() else [] for part, text in zip(commands, shown)}
        for part in {"route", "route6", "nexthop"} & set(said):
            said[part] = without_encapsulations(said[part])
        return {**said, **{part: OTHERS[part].by_tools(namespace) for part in parts if part in OTHERS}}

    def answer(self, target, *parts):
        """The members of an answer by name."""
        status, _, body = self.service.request("GET", f"/v1/network?{target}&parts={','.join(parts)}")
        if status != 200:
            raise AssertionError(f"{status}: {body}")
        return dict(parse(body))

    def differs(self, part, before, ours, after):
        """A text, empty where the part is what the tools say."""
        if part in OTHERS:
            ours = OTHERS[part].ours(plain(ours))
            return "" if ours in (before, after) else f"{part}: ours {ours}\ntools {before}"
        if not same_without_moving(ours, before):
            return f"{part}:\n{difference(ours, before)}"
        return "\n".join(out_of_range(before, ours, after))

    def check(self, test, namespace, *parts):
        """The answer, with the parts that were compared."""
        for _ in range(TRIES):
            before = self.tools(namespace, parts)
            ours = self.answer(f"pid={namespace.pid}", *parts)
            # What is equal already needs no second look.
            unequal = [part for part in parts if part not in ours or (OTHERS[part].ours(plain(ours[part])) if part in OTHERS else ours[part]) != before[part]]
            after = {**before, **self.tools(namespace, unequal)}
            if all(same_without_moving(before[part], after[part]) for part in unequal):
                break
        wrong = []
        for part in parts:
            self.compared[part] += 1
            failed = self.differs(part, before[part], ours[part], after[part]) if part in ours else f"{part} is missing: {ours.get('errors')}"
            self.equal[part] += not failed
            wrong += [failed] if failed else []
        if wrong:
            test.fail("\n".join(wrong))
        return ours

    def table(self):
        """How many were compared and were equal, a line for each oracle."""
        lines = [f"{'oracle':<40} namespaces  equal"]
        for part in sorted(self.compared, key=ALL.index):
            name = " ".join(COMMANDS[part]) if part in COMMANDS else {"sockets": "ss -tlnpe, -tan, -uane, -xan"}.get(part, "nft -j list ruleset, iptables-legacy-save")
            lines.append(f"{name:<40} {self.compared[part]:>10} {self.equal[part]:>6}")
        lines.append(f"{'together':<40} {sum(self.compared.values()):>10} {sum(self.equal.values()):>6}")
        return "\n".join(lines)
