"""What /v1/network answers, held against iproute2's own JSON.

    oracle = NetworkOracle(service)
    oracle.check(test, namespace, "addr", "route")

Equal means equal after both are read: the same keys in the same order, the same values. What moves while both look (counters, ages,
lifetimes) lies between what the tool said before and after."""

import codecs
import difflib
import json

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
codecs.register_error("byte-by-byte", lambda error: ("\ufffd" * (error.end - error.start), error.end))


class Pairs(list):
    """The members of an object in their order, repeated ones included."""


def parse(text):
    if isinstance(text, bytes):
        text = text.decode(errors="byte-by-byte")
    # Not strict: iproute2 writes control characters as they are.
    return json.loads(text, object_pairs_hook=Pairs, strict=False)


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

    @staticmethod
    def tool(namespace, part):
        shown = namespace.run(*COMMANDS[part])
        return parse(shown) if shown.strip() else []

    def answer(self, target, *parts):
        """The members of an answer by name."""
        status, _, body = self.service.request("GET", f"/v1/network?{target}&parts={','.join(parts)}")
        if status != 200:
            raise AssertionError(f"{status}: {body}")
        return dict(parse(body))

    def check(self, test, namespace, *parts):
        """The answer, with the parts that were compared."""
        for _ in range(TRIES):
            before = {part: self.tool(namespace, part) for part in parts}
            ours = self.answer(f"pid={namespace.pid}", *parts)
            after = {part: self.tool(namespace, part) for part in parts}
            if all(same_without_moving(before[part], after[part]) for part in parts):
                break
        for part in parts:
            test.assertIn(part, ours, ours.get("errors"))
            if not same_without_moving(ours[part], before[part]):
                test.fail(f"{part}:\n{difference(ours[part], before[part])}")
            test.assertEqual(list(out_of_range(before[part], ours[part], after[part])), [], part)
        return ours
