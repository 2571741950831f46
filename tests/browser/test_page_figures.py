"""What the page makes of figures and wirings, module by module, in a real browser, over answers of a real service."""

import json
import unittest

from tests.support.browser import Browser
from tests.support.service import Service
from tests.support.waiting import wait_until


class ModuleCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service("--docker-host", "unix:///nonexistent/docker.sock", "--sample-interval", "250ms")
        cls.addClassCleanup(cls.service.stop)
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)
        # The policy of the page holds for its modules too.
        cls.browser.open(f"http://127.0.0.1:{cls.service.port}/ui/")

    def module(self, name, expression, *arguments):
        """What `expression` gives, where `it` is the module and `given` are the arguments."""
        return self.browser.driver.execute_async_script(
            f"const [given, done] = arguments; import('/ui/{name}').then((it) => done({expression}), (why) => done('' + why))", list(arguments))

    def answer(self, path):
        status, _, body = self.service.request("GET", path)
        self.assertEqual(status, 200, body)
        return json.loads(body)


class Past(ModuleCase):
    """history.js and past.js."""

    @staticmethod
    def reading(second, used):
        return {"measured": f"2026-01-01T00:{second // 60:02}:{second % 60:02}Z", "cpu": {"usage_ns": used * 10**9}, "memory": {"working_set": 7, "cache": 0}}

    def points(self, *readings):
        return self.module("history.js", "it.pointsOf(given)", *readings)

    def test_a_sample_is_read_as_the_list_tells_it(self):
        now = self.answer("/v1/containers")["node"]
        samples = self.answer("/api/v2.0/stats/?count=-1&follow=false")["/"]
        read = self.module("past.js", "given.map(it.readingOf)", *samples)
        same = next(one for one in read if one["measured"] == now["measured"])
        for group, names in (("cpu", ("usage_ns", "user_ns", "system_ns", "throttled_ns")), ("memory", ("working_set", "cache")),
                             ("network", ("rx_bytes", "tx_bytes")), ("io", ("read_bytes", "write_bytes")), ("pressure", ("cpu", "memory", "io"))):
            if group in now:
                self.assertEqual([same[group][name] for name in names], [now[group][name] for name in names], group)
            else:
                self.assertNotIn(group, same)

    def test_what_is_not_measured_is_not_zero(self):
        zeros = {"timestamp": "2026-01-01T00:00:00Z", "has_cpu": False, "cpu": {"usage": {"total": 0, "user": 0, "system": 0}}, "has_diskio": False, "diskio": {},
                 "has_memory": False, "memory": {"working_set": 0, "cache": 0}, "has_network": False, "network": {"interfaces": []}}
        self.assertEqual(self.module("past.js", "it.readingOf(given[0])", zeros), {"measured": zeros["timestamp"]})

    def test_rates(self):
        self.assertEqual([one["cpu"] for one in self.points(self.reading(0, 0), self.reading(3, 6), self.reading(6, 6))], [None, 2, 0])
        # A counter that began again.
        self.assertEqual(self.points(self.reading(0, 9), self.reading(3, 1))[1]["cpu"], None)

    def test_every_second_is_thinned(self):
        self.assertEqual(len(self.points(*[self.reading(second, second) for second in range(61)])), 21)

    def test_what_nobody_measured_is_a_gap(self):
        older = self.points(self.reading(0, 0), self.reading(3, 3))
        now = self.points(self.reading(60, 60), self.reading(63, 63))
        both = self.module("history.js", "it.merged(...given)", now, older)
        self.assertEqual([one.get("gap", False) for one in both], [False, False, True, False, False])
        # The first after a gap has no rate: it would be that of the gap.
        self.assertEqual([one.get("cpu") for one in both], [None, 1, None, None, 1])

    def test_a_gap_between_two_answers(self):
        kinds = self.module("history.js", "(() => { const h = new it.History(); for (const one of given) h.add('a', one); return h.of('a').map((one) => !!one.gap); })()",
                            self.reading(0, 0), self.reading(3, 3), self.reading(90, 90))
        self.assertEqual(kinds, [False, False, True, False])

    def test_one_moment_is_one_point(self):
        points = self.points(self.reading(0, 0), self.reading(3, 3), self.reading(6, 6))
        self.assertEqual(len(self.module("history.js", "it.merged(...given)", points[1:], points)), 3)

    def test_charts_begin_with_what_is_kept(self):
        wait_until(lambda: len(self.answer("/api/v2.1/machinestats?count=-1")) >= 20, "samples are there")
        self.browser.open(f"http://127.0.0.1:{self.service.port}/ui/")
        opened = self.browser.run("return performance.timeOrigin")
        self.browser.wait(lambda: (self.browser.run("return Date.parse(document.querySelector('.chart').dataset.since ?? '') || 1e15") < opened - 2000))
        self.browser.wait(lambda: len(self.browser.all(".canvas canvas")) >= 2)


class Wiring(ModuleCase):
    """layout.js: pictures of wirings that no test makes."""

    def layout(self, topology, *opened):
        return self.module("layout.js", "it.layout(given[0], new Set(given[1]))", topology, list(opened))

    @staticmethod
    def link(netns, index, name, kind="veth"):
        return {"netns": netns, "ifindex": index, "ifname": name, "kind": kind, "state": "UP", "mtu": 1500, "addresses": []}

    def wiring(self, containers):
        """So many on a bridge, and one with two pairs of its own that are routed."""
        end = lambda netns, index: {"netns": netns, "ifindex": index}  # noqa: E731
        made = {"namespaces": [{"netns": 1, "kind": "node", "containers": []}], "links": [self.link(1, 1, "br0", "bridge"), self.link(1, 2, "eth0", None)], "edges": []}
        for i in range(containers):
            made["namespaces"].append({"netns": 100 + i, "kind": "container", "containers": [{"id": f"c{i}", "name": f"c{i}"}]})
            made["links"] += [self.link(1, 10 + i, f"v{i}"), self.link(100 + i, 2, "eth0")]
            made["edges"] += [{"kind": "veth", "from": end(1, 10 + i), "to": end(100 + i, 2)}, {"kind": "bridge_port", "from": end(1, 10 + i), "to": end(1, 1)}]
        made["namespaces"].append({"netns": 900, "kind": "container", "containers": [{"id": "r", "name": "routed"}]})
        for i in (0, 1):
            made["links"] += [self.link(1, 800 + i, f"r{i}"), self.link(900, 2 + i, f"eth{i}")]
            made["edges"].append({"kind": "veth", "from": end(1, 800 + i), "to": end(900, 2 + i)})
        return made

    def test_two_hundred_containers_are_one_box_until_it_is_opened(self):
        topology = self.wiring(200)
        folded = self.layout(topology)
        self.assertEqual(sorted(one["title"] for one in folded["boxes"]), ["200 namespaces", "br0", "eth0", "r0", "r1", "routed"])
        # What is wrong with one of them is seen on their line.
        self.assertEqual(max(len(one["ends"]) for one in folded["lines"]), 400)
        opened = self.layout(topology, "1/1")
        # The box that folds them again stays.
        self.assertEqual(len(opened["boxes"]), 206)
        names = [one["title"] for one in opened["boxes"] if one["title"].startswith("c")]
        self.assertEqual(names, [f"c{i}" for i in range(200)])

    def test_each_pair_has_its_line(self):
        made = self.layout(self.wiring(3))
        self.assertEqual(len(made["lines"]), 5)
        there = {one["id"] for one in made["boxes"]}
        self.assertTrue(all({one["from"], one["to"]} <= there for one in made["lines"]))

    def test_boxes_do_not_cover_each_other(self):
        for containers, opened in ((5, ()), (200, ()), (200, ("1/1",))):
            made = self.layout(self.wiring(containers), *opened)
            taken = set()
            for one in made["boxes"]:
                with self.subTest(containers=containers, box=one["title"]):
                    self.assertLessEqual(one["x"] + one["width"], made["width"])
                    self.assertLessEqual(one["y"] + one["height"], made["height"])
                    covered = {(one["x"], y) for y in range(int(one["y"]), int(one["y"] + one["height"]))}
                    self.assertFalse(covered & taken)
                    taken |= covered


if __name__ == "__main__":
    unittest.main()
