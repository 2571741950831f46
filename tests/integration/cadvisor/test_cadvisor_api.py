"""cAdvisor's REST API through the real binary, with containers of a real dockerd: paths, options, what is found and how it is keyed,
errors, events. tests/fixtures/cadvisor/errors.json is what cAdvisor itself answered."""

import http.client
import json
import os
import pathlib
import unittest

from tests.support import docker_engine
from tests.support.service import HANG_LIMIT_S, Service
from tests.support.waiting import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[3]
ENGINE = docker_engine.from_environment()
ERRORS = ROOT / "tests" / "fixtures" / "cadvisor" / "errors.json"
SLEEP = ["sleep", "1000"]

# Paths of errors.json that are answered otherwise on purpose (docs/cadvisor.md): status and body, None for any.
OTHERWISE = {
    "/api/": (400, "Supported API versions: v2.0,v2.1\n"),
    "/api/v1.3/": (500, 'unsupported API version "v1.3"\n'),
    "/api//v2.0/version": (400, None),
    "/api/v2.0//version": (400, None),
    "/api/v2.0/stats/docker/../docker": (400, None),
    "/api/v2.0/version?count=-1": (200, None),
    "/": (301, None),  # to the page
    "/nonexistent": (404, None),
    # The recorded version does not know Podman yet.
    "/api/v2.0/stats?type=podman": (500, 'unable to find container "" in "podman" namespace\n'),
}


def strict(body):
    """The JSON value; refuses what JSON does not know and keys that stand twice."""
    def no_constant(text):
        raise AssertionError(f"not JSON: {text}")

    def unique(pairs):
        keys = [key for key, _ in pairs]
        assert len(keys) == len(set(keys)), f"a key twice: {keys}"
        return dict(pairs)

    return json.loads(body.decode("utf-8"), parse_constant=no_constant, object_pairs_hook=unique)


class ForClass:
    """What Engine.create wants of a test, for what all tests of a class share."""

    def __init__(self, owner):
        self.addCleanup = owner.addClassCleanup


@unittest.skipUnless(ENGINE, "NODESCOPE_TEST_DOCKER_HOST names no dockerd")
class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service("--docker-host", ENGINE.host)
        cls.addClassCleanup(cls.service.__exit__, None, None, None)
        cls.ids = {}
        for name, more in (("c1", {}), ("fx-one", {"Memory": 64 << 20, "CpuQuota": 50000, "CpuPeriod": 100000, "PidsLimit": 50}),
                           ("fx-two", {"CgroupParent": "/ns\\x2dtest"})):
            labels = {"app": name, "odd<&>": "\u2028"}
            made = ENGINE.create(ForClass(cls), SLEEP, name=name, labels=labels, **more)
            made.start()
            cls.ids[name] = made.id
        wait_until(lambda: all(cls.known(name) for name in cls.ids), "the containers are known by name")

    @classmethod
    def known(cls, name):
        status, _, body = cls.service.request("GET", f"/api/v2.0/spec/{name}?type=docker")
        return status == 200 and "image" in next(iter(json.loads(body).values()))

    def answer(self, path):
        status, headers, body = self.service.request("GET", "/api/" + path)
        self.assertEqual(status, 200, body)
        self.assertEqual(headers["Content-Type"], "application/json")
        return strict(body)

    def path_of(self, name):
        (path,) = self.answer(f"v2.0/spec/{name}?type=docker")
        return path

    @staticmethod
    def in_url(path):
        return path.replace("\\", "%5c")


class Errors(Case):
    def test_are_those_of_cadvisor(self):
        for case in json.loads(ERRORS.read_text()):
            with self.subTest(method=case["method"], path=case["path"]):
                status, headers, body = self.service.request(case["method"], case["path"])
                expected_status, expected_body = OTHERWISE.get(case["path"], (case["status"], case["body"]))
                if case["path"] == "/api/v2.0/version" and case["method"] != "HEAD":
                    expected_body = None  # a version of our own
                self.assertEqual(status, expected_status, body)
                if expected_body is not None:
                    self.assertEqual(body.decode(), expected_body)
                if case["path"] in OTHERWISE:
                    continue
                self.assertEqual(headers["Content-Type"], case["content_type"])
                self.assertEqual(headers.get("Location"), case["location"])
                if case["nosniff"]:
                    self.assertEqual(headers["X-Content-Type-Options"], "nosniff")

    def test_bad_options_win_over_bad_requests(self):
        for path in ("v2.0/bogus", "v2.0/stats/nope", "v2.1/machinestats", "v2.0/events"):
            self.assertEqual(self.service.request("GET", f"/api/{path}?count=x")[2], b"failed to parse 'count' option: x\n")
        self.assertEqual(self.service.request("GET", "/api/v2.0/spec?max_age=5")[2],
                         b'failed to parse \'max_age\' option: time: missing unit in duration "5"\n')

    def test_hostile_names_come_back_escaped(self):
        for name, shown in (("%00", None), ("a%0ab", "/a\\nb"), ("%ff%1b", "/\\xff\\x1b"), ("%22%5c", '/\\"\\\\')):
            status, _, body = self.service.request("GET", f"/api/v2.0/stats/{name}")
            if shown is None:
                self.assertEqual(status, 400)
            else:
                self.assertEqual((status, body.decode()), (500, f'unknown container "{shown}"\n'))


class Found(Case):
    def test_by_name_id_short_id_and_path(self):
        full = self.ids["c1"]
        path = self.path_of("c1")
        self.assertIn(full, path)
        for asked in ("c1?type=docker", f"{full}?type=docker", f"{full[:12]}?type=docker", path.lstrip("/"), path.lstrip("/") + "/"):
            for request in ("v2.0/stats/", "v2.1/stats/", "v2.0/spec/", "v2.1/spec/"):
                with self.subTest(asked=asked, request=request):
                    self.assertEqual(list(self.answer(request + asked)), [path])

    def test_all_of_docker(self):
        everyone = {self.path_of(name) for name in self.ids}
        for request in ("v2.0/stats", "v2.1/stats", "v2.0/spec"):
            self.assertLessEqual(everyone, set(self.answer(request + "?type=docker&recursive=true&count=1")))
        below = self.answer("v2.0/spec?recursive=true")
        self.assertLessEqual(everyone | {"/"}, set(below))
        self.assertEqual(list(below), sorted(below, key=os.fsencode))

    def test_recursive_finds_by_plain_prefix(self):
        path = self.path_of("c1")
        self.assertIn(path, self.answer(f"v2.0/spec{path[:-10]}?recursive=true"))

    def test_names_with_backslashes(self):
        path = self.path_of("fx-two")
        self.assertTrue(path.startswith("/ns\\x2dtest/"), path)
        self.assertEqual(list(self.answer("v2.0/spec" + self.in_url(path))), [path])

    def test_the_root(self):
        self.assertEqual(list(self.answer("v2.0/spec")), ["/"])
        self.assertEqual(self.answer("v2.1/stats"), {})
        samples = self.answer("v2.0/stats/?count=1")["/"]
        self.assertEqual(len(samples), 1)
        self.assertTrue(samples[0]["has_cpu"])
        self.assertGreater(samples[0]["cpu"]["usage"]["total"], 0)
        self.assertGreater(samples[0]["memory"]["usage"], 0)

    def test_appmetrics_has_nothing(self):
        self.assertEqual(self.answer("v2.0/appmetrics"), {"/": {}})
        self.assertEqual(self.answer("v2.0/appmetrics/c1?type=docker"), {"/c1": {}})


class Figures(Case):
    def test_spec(self):
        (spec,) = self.answer("v2.0/spec/fx-one?type=docker").values()
        inspected = ENGINE.call("GET", f"/containers/{self.ids['fx-one']}/json")
        self.assertEqual(spec["aliases"], ["fx-one", self.ids["fx-one"]])
        self.assertEqual(spec["namespace"], "docker")
        self.assertEqual(spec["image"], "busybox:local")
        self.assertEqual(spec["labels"], {"app": "fx-one", "odd<&>": "\u2028"})
        self.assertEqual(spec["creation_time"], inspected["Created"])
        self.assertEqual(spec["start_time"], inspected["State"]["StartedAt"])
        self.assertEqual((spec["cpu"]["quota"], spec["cpu"]["period"]), (50000, 100000))
        self.assertEqual(spec["memory"]["limit"], 64 << 20)
        self.assertEqual(spec["processes"], {"limit": 50})

    def test_spelling_is_gos(self):
        body = self.service.request("GET", "/api/v2.0/spec/c1?type=docker")[2]
        self.assertIn(b'"odd\\u003c\\u0026\\u003e":"\\u2028"', body)
        self.assertNotIn(b" ", body)
        self.assertNotIn(b"\n", body)

    def test_counts(self):
        wait_until(lambda: len(next(iter(self.answer("v2.0/stats/c1?type=docker").values()))) >= 2, "a second sample")
        (samples,) = self.answer("v2.0/stats/c1?type=docker&count=2").values()
        self.assertEqual(len(samples), 2)
        self.assertNotIn("cpu_inst", samples[0])
        self.assertIn("cpu_inst", samples[1])
        self.assertLess(samples[0]["timestamp"], samples[1]["timestamp"])
        (none,) = self.answer("v2.0/stats/c1?type=docker&count=0").values()
        self.assertEqual(none, [])
        (without,) = self.answer("v2.1/stats/c1?type=docker&count=0").values()
        self.assertEqual(list(without), ["spec"])
        self.assertIsNone(self.answer("v2.1/machinestats?count=0"))
        (every,) = self.answer("v2.0/stats/c1?type=docker&count=-1").values()
        self.assertGreaterEqual(len(every), 2)

    def test_machinestats(self):
        for options in ("?count=1", "?count=1&type=docker", "?count=1&type=docker&recursive=true"):
            (sample,) = self.answer("v2.1/machinestats" + options)
            self.assertGreater(sample["cpu"]["usage"]["total"], 0)
            self.assertGreater(sample["memory"]["usage"], 0)
            self.assertNotIn("diskio", sample)

    def test_max_age_measures_anew(self):
        def newest():
            (samples,) = self.answer("v2.0/stats/c1?type=docker&count=1&max_age=0").values()
            return samples[0]["timestamp"]
        self.assertLess(newest(), newest())

    def test_summary(self):
        (summary,) = self.answer("v2.0/summary/c1?type=docker").values()
        self.assertEqual(list(summary), ["timestamp", "latest_usage", "minute_usage", "hour_usage", "day_usage"])
        self.assertEqual(list(summary["minute_usage"]), ["percent_complete", "cpu", "memory"])

    def test_every_method_is_get(self):
        for verb in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
            self.assertEqual(self.service.request(verb, "/api/v2.0/stats?count=0")[2], b'{"/":[]}')
        status, headers, body = self.service.request("HEAD", "/api/v2.0/stats?count=0")
        self.assertEqual((status, headers["Content-Length"], body), (200, "8", b""))


class Events(Case):
    def test_creation_and_deletion(self):
        path = "v2.0/events?creation_events=true&deletion_events=true&subcontainers=true&max_events=-1"
        self.answer(path)  # from now on somebody looks
        container = ENGINE.create(self, SLEEP)
        container.start()
        made = container.id

        def of_it():
            return [e for e in self.answer(path) if made in e["container_name"]]
        created = wait_until(of_it, "the creation is told")
        container.stop()
        both = wait_until(lambda: len(of_it()) > 1 and of_it(), "the deletion is told")
        self.assertEqual(both[0]["event_type"], "containerCreation")
        self.assertEqual(both[0]["event_data"], {})
        self.assertEqual(both[-1]["event_type"], "containerDeletion")
        self.assertEqual(created[0], both[0])

    def test_nothing_asked_for_is_nothing(self):
        self.assertEqual(self.answer("v2.0/events"), [])
        self.assertEqual(self.answer("v2.0/events/nope?all_events=true"), [])

    def test_stream(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=HANG_LIMIT_S)
        self.addCleanup(connection.close)
        connection.request("GET", "/api/v2.0/events?stream=true&creation_events=true&subcontainers=true")
        answer = connection.getresponse()
        self.assertEqual(answer.status, 200)
        self.assertIsNone(answer.getheader("Content-Type"))
        self.assertEqual(answer.getheader("Transfer-Encoding"), "chunked")
        made = ENGINE.create(self, SLEEP).start().id
        event = {}
        while made not in event.get("container_name", ""):
            event = strict(answer.readline())
        self.assertEqual(event["event_type"], "containerCreation")


if __name__ == "__main__":
    unittest.main()
