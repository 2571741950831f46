"""On cgroup v2 the figures are the kernel's, what the unit sees is what root sees, and links of every kind are shown as iproute2 shows them."""

import json
import re

from tests.package.on_a_node import DROP_INS, OnANode
from tests.support import same_view
from tests.support.waiting import wait_until

ROOT_PORT = 8096
# Of a working set in docker stats, which is rounded.
ROUNDED = 200_000
# The table of docs/cadvisor.md ("What a group costs"), of a container with one interface and one disk.
SERIES = {"advtcp": 10, "cpu": 3, "percpu": 0, "memory": 30, "network": 8, "tcp": 22, "udp": 8, "disk": 3, "diskIO": 6, "process": 6,
          "oom_event": 1, "app": 0, "ends": 0}


def series(text, family, having=""):
    """The values of a family, of the series that have a text in their labels."""
    found = re.findall(rf"^{family}\{{(.*)\}} (\S+)$", text, re.M)
    return [float(value) for labels, value in found if having in labels]


class OfContainers(OnANode):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tell("systemctl start containerd docker && docker images -q busybox:local | grep -q . || { mkdir -p /bb/bin && cp /bin/busybox /bb/bin/ && "
                 "for name in $(busybox --list | grep -vx busybox); do ln -sf busybox /bb/bin/$name; done && tar -C /bb -c . | docker import --change 'ENV PATH=/bin' - busybox:local; }")

    def container(self, name, command, *flags):
        """The id of one that runs and that the service knows."""
        full = self.tell(f"docker run -d --name {name} {' '.join(flags)} busybox:local sh -c '{command}'").split("\n")[-1]
        self.addCleanup(self.machine.result, f"docker rm -f {name}")
        wait_until(lambda: self.machine.result(f"nodescope ask '/api/v2.0/spec/{name}?type=docker'")[0] == 0, "it is known")
        return full

    def files(self, full, *names):
        """Of its cgroup: the texts."""
        folder = f"/sys/fs/cgroup/system.slice/docker-{full}.scope"
        return self.tell(f"cd {folder} && for name in {' '.join(names)}; do cat $name; echo =; done").split("\n=")

    def ask(self, path):
        return json.loads(self.tell(f"nodescope ask '{path}'"))

    def metrics(self):
        return self.tell("curl -s 127.0.0.1:8095/metrics")


class Figures(OfContainers):
    def test_1_memory_processors_and_limits(self):
        full = self.container("figures", "dd if=/dev/zero of=/file bs=1M count=20; sleep 1000", "-m 64m", "--memory-reservation 32m", "--cpus 0.5")
        names = ("memory.current", "memory.stat", "cpu.stat", "pids.current", "memory.max", "memory.low", "cpu.max", "memory.peak")
        def measured():
            before = self.files(full, *names)
            (shown,) = self.ask("/api/v2.1/stats/figures?type=docker&count=1&max_age=0s").values()
            after = self.files(full, *names)
            return before[0].strip() == after[0].strip() and before[1] == after[1] and (before, shown, after)
        before, shown, after = wait_until(measured, "nothing changes while it is measured")
        stat = dict(line.split() for line in before[1].strip().split("\n"))
        sample, spec = shown["stats"][-1], shown["spec"]
        memory = sample["memory"]
        self.assertEqual(memory["usage"], int(before[0]))
        self.assertEqual((memory["rss"], memory["cache"]), (int(stat["anon"]), int(stat["file"])))
        self.assertEqual(memory["working_set"], int(before[0]) - int(stat["inactive_file"]))
        self.assertEqual(memory["max_usage"], int(before[7]))
        used = [int(dict(line.split() for line in text[2].strip().split("\n"))["usage_usec"]) * 1000 for text in (before, after)]
        self.assertTrue(used[0] <= sample["cpu"]["usage"]["total"] <= used[1], (used, sample["cpu"]["usage"]["total"]))
        self.assertEqual(sample["processes"]["threads_current"], int(before[3]))
        self.assertEqual((spec["memory"]["limit"], spec["memory"]["reservation"]), (int(before[4]), int(before[5])))
        self.assertEqual([spec["cpu"]["quota"], spec["cpu"]["period"]], [int(word) for word in before[6].split()])
        text = self.metrics()
        (working_set,) = series(text, "container_memory_working_set_bytes", 'name="figures"')
        told = self.tell("docker stats --no-stream --format '{{.MemUsage}}' figures").split(" / ", maxsplit=1)[0]
        number, unit = re.fullmatch(r"([\d.]+)(\w+)", told).groups()
        self.assertAlmostEqual(working_set, float(number) * {"KiB": 1 << 10, "MiB": 1 << 20, "B": 1}[unit], delta=ROUNDED)

    def test_2_events_of_memory(self):
        full = self.container("events", "sleep 1000", "-m 64m", "--memory-swap 64m")
        counted = dict(line.split() for line in self.files(full, "memory.events")[0].strip().split("\n"))
        text = self.metrics()
        for key in ("low", "high", "max", "oom", "oom_kill", "oom_group_kill"):
            self.assertEqual(series(text, f"container_memory_events_{key}_total", 'name="events"'), [float(counted[key])], key)
        for key in ("high", "max", "fail"):
            self.assertEqual(len(series(text, f"container_memory_swap_events_{key}_total", 'name="events"')), 1, key)

    def test_3_a_kill_for_memory(self):
        self.container("eater", "sleep 5; tail /dev/zero; sleep 60", "-m 16m", "--memory-swap 16m")
        text = wait_until(lambda: series(got := self.metrics(), "container_oom_events_total", 'name="eater"') == [1] and got, "it is counted")
        # The event is told at once; the sample beside it may be the one before.
        wait_until(lambda: series(self.metrics(), "container_memory_events_oom_kill_total", 'name="eater"') == [1], "it is in the next sample")
        events = self.ask("/api/v2.0/events?oom_kill_events=true&subcontainers=true")
        self.assertEqual(len(events), 1, events)
        self.tell("docker kill eater")
        text = wait_until(lambda: series(got := self.metrics(), "container_last_exit_code", 'name="eater"') and got, "its end is told")
        self.assertEqual(series(text, "container_last_exit_code", 'name="eater"'), [137])
        self.assertEqual(series(text, "container_oom_killed", 'name="eater"'), [1], "by the kernel's counter")

    def test_4_processes_in_a_cgroup_below(self):
        full = self.container("below", "sleep 1000 & sleep 2000")
        folder = f"/sys/fs/cgroup/system.slice/docker-{full}.scope"
        self.tell(f"mkdir {folder}/sub && pgrep -f 'sleep 1000' | tail -1 >{folder}/sub/cgroup.procs")
        shown = self.ask("/api/v2.0/ps/below?type=docker")
        self.assertEqual(sorted(one["cmd"] for one in shown), ["sleep", "sleep"])
        self.tell(f"cat {folder}/sub/cgroup.procs | xargs kill; sleep 1; rmdir {folder}/sub")

    def test_5_a_new_name(self):
        self.container("before", "sleep 1000")
        self.tell("docker rename before after")
        self.addCleanup(self.machine.result, "docker rm -f after")
        wait_until(lambda: self.machine.result("nodescope ask '/api/v2.0/spec/after?type=docker'")[0] == 0, "it is found by the new name", limit_s=20)

    def test_6_what_the_unit_sees_with_each_drop_in_is_what_root_sees(self):
        self.container("seen", "sleep 1000")
        as_root = self.in_the_background(f"exec nodescope serve --listen 127.0.0.1:{ROOT_PORT}")
        self.addCleanup(self.machine.result, f"kill $(cat {as_root}.pid)")
        wait_until(lambda: self.machine.result(f"curl -sf 127.0.0.1:{ROOT_PORT}/healthz")[0] == 0, "root's answers")
        for name in ("", *DROP_INS):
            with self.subTest(name=name):
                self.run_with([name] if name else [])
                # What a container has written is in root's folders, and walked for after the first question.
                if name == "container-files":
                    wait_until(lambda: series(self.metrics(), "container_fs_usage_bytes", 'name="seen"'), "its files are walked", limit_s=60)
                found = same_view.lacking(self.view(8095), self.view(ROOT_PORT), "seen")
                self.assertLessEqual(set(found), {"series"}, found)
                hidden = set() if name == "container-files" else {f"container_fs_{what}" for what in ("limit_bytes", "usage_bytes", "inodes_total")}
                self.assertLessEqual({family for family, _ in found.get("series", ())}, hidden, found)
        self.run_with([])
        devices = {one["device"] for one in self.ask("/api/v2.0/storage") if one["mountpoint"] == "/"}
        self.assertEqual(devices, {"/dev/nvme0n1"})

    def view(self, port):
        def ask(path, *more):
            return self.tell(f"curl -s {' '.join(more)} '127.0.0.1:{port}{path}'")
        return same_view.View(ask, lambda path, body: ask(path, "-H 'Content-Type: application/json'", f"-d '{json.dumps(body)}'"))

    def test_7_series_of_a_container_are_as_many_as_documented(self):
        self.container("counted", "dd if=/dev/zero of=/file bs=1M count=5 conv=fsync; sleep 1000")
        # A group that is measured nowhere: only what is always there.
        always = SERIES["advtcp"]
        for group, more in SERIES.items():
            with self.subTest(group=group):
                self.check_series(group, always if group == "advtcp" else always + more)

    def check_series(self, group, expected):
        """Of the container, with that group alone."""
        service = self.in_the_background(f"exec nodescope serve --listen 127.0.0.1:{ROOT_PORT} --count-sockets --count-descriptors "
                                         f"--metrics-enable {group}")
        count = -1

        def as_expected():
            nonlocal count
            code, text = self.machine.result(f"curl -sf 127.0.0.1:{ROOT_PORT}/metrics")
            count = len(series(text, r"\w+", 'name="counted"')) if code == 0 else -1
            return count == expected
        try:
            wait_until(as_expected, lambda: f"{expected} series, but {count}", limit_s=20)
        finally:
            self.tell(f"kill $(cat {service}.pid)")
            wait_until(lambda: not self.run_on(service), "it has ended")


# The machine has no validator: answers are held against the OpenAPI document wherever else these tests run.
LINKS_TESTS = ("from tests.support.service import Service; import unittest; Service.checks_answers = False; "
               "unittest.main(module='tests.integration.net_info.test_ip_addr')")


class Links(OnANode):
    def test_links_of_every_kind(self):
        self.tell("ln -sf /usr/bin/nodescope /opt/nodescope/build/nodescope")
        code, output = self.machine.result("cd /opt/nodescope && NODESCOPE_BINARY=/opt/nodescope/build/nodescope "
                                           f'python3 -c "{LINKS_TESTS}"', limit=900)
        self.assertEqual(code, 0, output[-5000:])
        self.assertRegex(output, r"Ran \d+ tests")
