"""The sampler of the real binary over the kernel's own cgroups, and over containers of a real dockerd: what comes and goes is seen, what is
measured is what the kernel says."""

import json
import os
import pathlib
import threading
import time
import unittest

from tests.support import docker_engine
from tests.support.own_cgroup import Cgroup
from tests.support.cadvisor.sampled_service import Listener, SamplerCase
from tests.support.waiting import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[3]
ENGINE = docker_engine.from_environment()
EVENTS = "v2.0/events{}?creation_events=true&deletion_events=true&subcontainers=true&max_events=-1"
# A process that ends with 3 when it is asked to end.
ENDS_WITH_3 = ["sh", "-c", "trap 'exit 3' TERM; sleep 1000 & wait"]


class PlainCgroups(SamplerCase):
    """No runtime at all: everything is read off the kernel."""

    def newest(self, service, group):
        return self.answer(service, f"v2.1/stats{group.path}?count=1&max_age=0")[group.path]["stats"][0]

    def test_is_there_from_the_next_question_on_and_gone_too(self):
        service = self.serve()
        self.answer(service, "v2.0/stats?count=1")  # from now on it watches
        for _ in range(5):
            group = Cgroup(self)
            self.assertEqual(list(self.answer(service, f"v2.0/stats{group.path}?count=1")), [group.path])
            inner = group.below(self, "inner")
            self.assertEqual(list(self.answer(service, f"v2.0/spec{group.path}?recursive=true")), [group.path, inner.path])
            inner.remove()
            self.is_unknown(service, inner.path)
            group.remove()
            self.is_unknown(service, group.path)

    def test_one_that_is_made_anew_is_watched_anew(self):
        service = self.serve()
        group = Cgroup(self)
        self.answer(service, "v2.0/spec" + group.path)
        group.remove()
        group.make()  # between two looks: the kernel has dropped the watch, and the path is there as before
        self.answer(service, "v2.0/spec" + group.path)
        inner = group.below(self, "inner")
        self.assertEqual(list(self.answer(service, "v2.0/spec" + inner.path)), [inner.path])

    def test_coming_and_going_are_events(self):
        service = self.serve("--sample-interval", "250ms")
        listener = Listener(self, service, "&creation_events=true&deletion_events=true")
        one_kind = Listener(self, service, "&deletion_events=true")
        group = Cgroup(self)
        nested = group.below(self, "nested")
        elsewhere = Listener(self, service, "&all_events=true", container=nested.path)
        wait_until(lambda: len(listener.of(group.path)) == 2, "both creations are told")
        nested.remove()
        group.remove()
        wait_until(lambda: len(listener.of(group.path)) == 4, "both deletions are told")

        def kinds(events, path):
            return [one["event_type"] for one in events if one["container_name"] == path]
        for path in (group.path, nested.path):
            self.assertEqual(kinds(listener.seen, path), ["containerCreation", "containerDeletion"])
            wait_until(lambda: kinds(one_kind.seen, path), "the deletion is told to who wants no other kind")
            self.assertEqual(kinds(one_kind.seen, path), ["containerDeletion"])
        self.assertFalse(elsewhere.of(group.path + "\"") or [e for e in elsewhere.seen if e["container_name"] != nested.path])
        told = self.answer(service, EVENTS.format(group.path))
        self.assertEqual({json.dumps(one) for one in told}, {json.dumps(one) for one in listener.of(group.path)})
        self.assertEqual([one["timestamp"] for one in told], sorted(one["timestamp"] for one in told))
        # Of a plain cgroup nobody knows how it ended.
        self.assertEqual(told[-1]["event_data"], {"container_deletion": {"exit_code": -1}})
        self.assertEqual({one["container_name"] for one in self.answer(service, EVENTS.format(nested.path))}, {nested.path})

    def test_a_stream_tells_news_only(self):
        # What was there before is history, whoever is the first to look.
        group = Cgroup(self)
        group.file("cpu", "cgroup.procs").stat()
        made_before = time.time_ns()
        wait_until(lambda: time.time_ns() - made_before > 50_000_000, "the clock of the kernel has gone on")
        service = self.serve("--sample-interval", "250ms")
        listener = Listener(self, service, "&creation_events=true")
        news = Cgroup(self)
        wait_until(lambda: listener.of(news.path), "the new one is told")
        self.assertEqual(listener.of(group.path), [])
        self.assertEqual([one["container_name"] for one in self.answer(service, EVENTS.format(group.path))], [group.path])

    def test_figures_lie_between_the_kernels_before_and_after(self):
        service = self.serve()
        group = Cgroup(self)
        if group.v2:
            self.skipTest("the oracle reads cgroup v1")
        group.run("kept = bytearray(24 << 20); print('up', flush=True)\nwhile True: pass")
        wait_until(lambda: group.number("cpuacct", "cpuacct.usage") > 20_000_000, "the process works")
        for _ in range(3):
            before = group.number("cpuacct", "cpuacct.usage")
            sample = self.newest(service, group)
            after = group.number("cpuacct", "cpuacct.usage")
            usage = sample["cpu"]["usage"]
            self.assertLessEqual(before, usage["total"])
            self.assertLessEqual(usage["total"], after)
            self.assertEqual(sum(usage["per_cpu_usage"]), usage["total"])
            self.assertGreater(usage["user"] + usage["system"], 0)
            self.assertEqual(sample["processes"]["threads_current"], group.number("pids", "pids.current"))

    def test_memory_and_limits_are_the_kernels(self):
        service = self.serve()
        group = Cgroup(self)
        if group.v2:
            self.skipTest("the oracle reads cgroup v1")
        group.file("memory", "memory.limit_in_bytes").write_text(str(256 << 20))
        group.file("cpu", "cpu.shares").write_text("512")
        group.file("cpu", "cpu.cfs_quota_us").write_text("150000")
        group.file("pids", "pids.max").write_text("77")
        group.run("kept = bytearray(24 << 20); print('up', flush=True)\nsys.stdin.readline()")
        memory = self.newest(service, group)["memory"]
        # It sleeps, so that its figures stand still.
        text = group.file("memory", "memory.stat").read_text()
        kernel = {key: int(value) for key, value in (line.split() for line in text.splitlines())}
        self.assertGreater(memory["rss"], 24 << 20)
        self.assertEqual(memory["usage"], group.number("memory", "memory.usage_in_bytes"))
        self.assertEqual(memory["rss"], kernel["total_rss"])
        self.assertEqual(memory["cache"], kernel["total_cache"])
        self.assertEqual(memory["working_set"], memory["usage"] - kernel["total_inactive_file"])
        spec = self.answer(service, "v2.0/spec" + group.path)[group.path]
        self.assertEqual(spec["memory"]["limit"], 256 << 20)
        self.assertEqual(spec["cpu"]["limit"], 512)
        self.assertEqual((spec["cpu"]["quota"], spec["cpu"]["period"]), (150000, 100000))
        self.assertEqual(spec["processes"], {"limit": 77})
        self.assertNotIn("aliases", spec)
        self.assertNotIn("image", spec)

    def test_what_ends_while_it_is_measured_is_left_out_of_the_rest(self):
        service = self.serve()
        stop = threading.Event()
        groups = [Cgroup(self) for _ in range(4)]

        def churn(group):
            while not stop.is_set():
                group.remove()
                group.make()
        threads = [threading.Thread(target=churn, args=(group,)) for group in groups]
        self.addCleanup(lambda: [thread.join() for thread in threads])
        self.addCleanup(stop.set)
        for thread in threads:
            thread.start()
        stable = Cgroup(self)
        for _ in range(60):
            found = self.answer(service, "v2.0/stats?recursive=true&count=1&max_age=0")
            self.assertIn("/", found)
            self.assertEqual(len(found[stable.path]), 1)
        self.assertEqual(service.process.poll(), None)


class Summaries(SamplerCase):
    """The summary, worked out again from the samples that the service gives."""

    def test_before_the_first_minute_is_full(self):
        service = self.serve("--sample-interval", "250ms")
        group = Cgroup(self)
        group.run("print('up', flush=True)\nwhile True: pass")

        def both():
            samples = self.answer(service, f"v2.0/stats{group.path}?count=2")[group.path]
            summary = self.answer(service, "v2.0/summary" + group.path)[group.path]
            if len(samples) < 2 or samples[1]["timestamp"] != summary["timestamp"]:
                return None
            used = samples[1]["cpu"]["usage"]["total"] - samples[0]["cpu"]["usage"]["total"]
            return used > 0 and (samples, summary, used)
        samples, summary, used = wait_until(both, "the summary is of the newest sample")
        before, newest = samples
        elapsed = nanoseconds(newest["timestamp"]) - nanoseconds(before["timestamp"])
        self.assertEqual(summary["latest_usage"], {"cpu": used * 1000 // elapsed, "memory": newest["memory"]["working_set"]})
        nothing = {"present": False, "mean": 0, "std": 0, "max": 0, "fifty": 0, "ninety": 0, "ninetyfive": 0, "count": 0}
        for period in ("minute_usage", "hour_usage", "day_usage"):
            self.assertEqual(summary[period], {"percent_complete": 0, "cpu": nothing, "memory": nothing})


def nanoseconds(text):
    """Since midnight, of a time in Go's spelling. Samples of one test do not lie on two days but by chance, which the difference takes."""
    clock = text.partition("T")[2]
    for end in "Z+-":
        clock = clock.partition(end)[0]
    hours, minutes, seconds = clock.split(":")
    whole, _, fraction = seconds.partition(".")
    return ((int(hours) * 60 + int(minutes)) * 60 + int(whole)) * 10**9 + int(fraction.ljust(9, "0"))


@unittest.skipUnless(ENGINE, "NODESCOPE_TEST_DOCKER_HOST names no dockerd")
class Containers(SamplerCase):
    def serve(self, *flags):
        return super().serve("--docker-host", ENGINE.host, *flags)

    def test_come_and_go_with_their_names_and_exit_codes(self):
        service = self.serve("--sample-interval", "250ms")
        listener = Listener(self, service, "&creation_events=true&deletion_events=true")
        made = [ENGINE.create(self, ENDS_WITH_3).start() for _ in range(5)]

        def named(container):
            status, _, body = service.request("GET", f"/api/v2.0/stats/{container.name}?type=docker&count=1")
            return status == 200 and container.id in next(iter(json.loads(body)))
        for container in made:
            wait_until(lambda: named(container), "it is found by its name")
            wait_until(lambda: listener.of(container.id), "its creation is told")
        for container in made[:3]:
            ENGINE.call("POST", f"/containers/{container.id}/stop?t=10")
        for container in made[3:]:
            container.remove()
        for container, code in zip(made, (3, 3, 3, None, None)):
            created, deleted = wait_until(lambda: len(listener.of(container.id)) > 1 and listener.of(container.id), "its end is told")
            self.assertEqual((created["event_type"], deleted["event_type"]), ("containerCreation", "containerDeletion"))
            self.assertLess(created["timestamp"], deleted["timestamp"])
            self.assertEqual(created["event_data"], {})
            if code is not None:
                self.assertEqual(deleted["event_data"], {"container_deletion": {"exit_code": code}})
            status, _, body = service.request("GET", f"/api/v2.0/stats/{container.name}?type=docker")
            self.assertEqual((status, body.decode()), (500, f'unable to find Docker container "{container.name}"\n'))
            (path,) = {one["container_name"] for one in listener.of(container.id)}
            self.is_unknown(service, path)
            history = [one for one in self.answer(service, EVENTS.format("")) if one["container_name"] == path]
            self.assertEqual(history, listener.of(container.id))

    def test_creation_is_told_before_the_end_however_short_the_life(self):
        service = self.serve("--sample-interval", "250ms")
        listener = Listener(self, service, "&creation_events=true&deletion_events=true")
        wait_until(lambda: self.answer(service, "v2.0/stats?count=1"), "it watches")
        short = [ENGINE.create(self, ["sh", "-c", "sleep 0.4; exit 7"]).start() for _ in range(4)]
        for container in short:
            container.wait()
        # One that is seen at all is seen from its beginning to its end. What came and went between two looks is not.
        last = ENGINE.create(self, ["sleep", "1000"]).start()
        wait_until(lambda: listener.of(last.id), "everything before this one has been looked at")
        for container in short:
            told = wait_until(lambda: [e["event_type"] for e in listener.of(container.id)] in
                            ([], ["containerCreation", "containerDeletion"]) and [True], "begun and ended")
            self.assertTrue(told)
        ended = [e for container in short for e in listener.of(container.id) if e["event_type"] == "containerDeletion"]
        for one in ended:
            self.assertEqual(one["event_data"], {"container_deletion": {"exit_code": 7}})

    def test_a_restart_is_an_end_and_a_beginning(self):
        service = self.serve("--sample-interval", "250ms")
        container = ENGINE.create(self, ["sleep", "1000"]).start()
        first = wait_until(lambda: self.known(service, container), "it is known")
        before = container.pid
        container.restart()
        self.assertNotEqual(container.pid, before)

        def of_now():
            spec = self.known(service, container)
            return spec and spec["start_time"] == container.inspect()["State"]["StartedAt"] and spec
        second = wait_until(of_now, "its spec is that of the new start")
        self.assertEqual(second["creation_time"], first["creation_time"])
        sample = next(iter(self.answer(service, f"v2.1/stats/{container.name}?type=docker&count=1&max_age=0").values()))["stats"][0]
        self.assertEqual([one["name"] for one in sample["network"]["interfaces"]], ["eth0"])

    def known(self, service, container):
        status, _, body = service.request("GET", f"/api/v2.0/spec/{container.name}?type=docker")
        return status == 200 and "image" in (spec := next(iter(json.loads(body).values()))) and spec

    def test_a_kill_for_memory_is_an_event(self):
        # As cAdvisor's own test has it.
        try:
            os.close(os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK))
        except OSError as why:
            self.skipTest(f"the kernel's log cannot be read: {why}")
        service = self.serve("--sample-interval", "250ms")
        listener = Listener(self, service, "&all_events=true")
        container = ENGINE.create(self, ["sh", "-c", "sleep 1; tail /dev/zero"], Memory=16 << 20, MemorySwap=16 << 20).start()
        wait_until(lambda: len(listener.of(container.id)) >= 4, "creation, both kinds of kill, deletion")
        by_kind = {one["event_type"]: one for one in listener.of(container.id)}
        self.assertEqual(set(by_kind), {"containerCreation", "oom", "oomKill", "containerDeletion"})
        self.assertEqual(by_kind["oom"]["event_data"], {})
        oom = by_kind["oomKill"]["event_data"]["oom"]
        self.assertEqual((oom["process_name"], oom["constraint"]), ("tail", "CONSTRAINT_MEMCG"))
        self.assertGreater(oom["pid"], 1)
        self.assertEqual(by_kind["containerDeletion"]["event_data"], {"container_deletion": {"exit_code": 137}})
        path = by_kind["oomKill"]["container_name"]
        asked = self.answer(service, f"v2.0/events{path}?oom_kill_events=true")
        self.assertEqual(asked, [by_kind["oomKill"]])


if __name__ == "__main__":
    unittest.main()
