"""Figures that applications in containers publish themselves: the real binary asks web servers in containers of a real dockerd, on loopbacks
that only they have."""

import json
import unittest

from tests.support import docker_engine
from tests.support.service import Service
from tests.support.waiting import wait_until

ENGINE = docker_engine.from_environment()
CONFIGURATION = {"endpoint": {"port": 8000, "path": "/metrics"}, "metrics_config": ["jobs_total", "depth"]}
EXPOSITION = '# TYPE jobs_total counter\njobs_total{queue="a"} 3\njobs_total{queue="b"} 4.5\n# TYPE depth gauge\ndepth 0\nunwanted 1\n'
NGINX = {"endpoint": "http://localhost:8000/status", "metrics_config": [
    {"name": "active connections", "metric_type": "gauge", "units": "connections", "data_type": "int", "polling_frequency": 10,
     "regex": "Active connections: ([0-9]+)"}]}


def web_server(files, links=(), modes=()):
    """A shell line that writes `files` (paths and texts) and serves /srv on the container's loopback alone."""
    lines = ["mkdir -p /srv/cgi-bin /etc"]
    lines += [f"cat > {path} <<'END'\n{text}\nEND" for path, text in files.items()]
    lines += [f"ln -s {target} {path}" for path, target in links]
    lines += [f"chmod {mode} {path}" for mode, path in modes]
    return ["sh", "-c", "\n".join(lines + ["exec httpd -f -p 127.0.0.1:8000 -h /srv"])]


@unittest.skipUnless(ENGINE, "NODESCOPE_TEST_DOCKER_HOST names no dockerd")
class ApplicationMetrics(unittest.TestCase):
    def setUp(self):
        self.service = Service("--docker-host", ENGINE.host, "--application-metrics")
        self.addCleanup(self.service.__exit__, None, None, None)

    def container(self, files, name="prometheus", path="/etc/app.json", links=(), modes=(), **host_config):
        label = {f"io.cadvisor.metric.{name}": path}
        return self.known(ENGINE.create(self, web_server(files, links, modes), labels=label, **host_config).start())

    def known(self, container):
        wait_until(lambda: self.service.request("GET", f"/api/v2.0/spec/{container.name}?type=docker")[0] == 200, "it is found by its name")
        return container

    def answer(self, asked):
        status, _, body = self.service.request("GET", "/api/" + asked)
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def figures(self, container):
        return self.answer(f"v2.0/appmetrics/{container.name}?type=docker")["/" + container.name]

    def figures_once_there(self, container):
        return wait_until(lambda: self.figures(container), "the application has been asked")

    def series(self, container, family):
        lines = self.service.request("GET", "/metrics")[2].decode().splitlines()
        return [line for line in lines if line.startswith(family + "{") and f'name="{container.name}"' in line]

    def assert_told(self, container, reason):
        """That it has no figures, and that the service has written why."""
        def told():
            self.assertEqual(self.figures(container), {})
            return any(reason in one["reason"] for one in list(self.service.log) if one.get("container") == container.id)
        wait_until(told, lambda: self.service.log)

    def test_prometheus(self):
        one = self.container({"/etc/app.json": json.dumps(CONFIGURATION), "/srv/metrics": EXPOSITION})
        figures = self.figures_once_there(one)
        self.assertEqual(sorted(figures), ["depth", "jobs_total"])
        values = {label: [value["float_value"] for value in those] for label, those in figures["jobs_total"].items()}
        self.assertEqual(values, {"__name__=jobs_total\ufffdqueue=a": [3], "__name__=jobs_total\ufffdqueue=b": [4.5]})
        ((zero,),) = figures["depth"].values()
        self.assertEqual(sorted(zero), ["timestamp"], "a value of 0 is left out, as in cAdvisor")
        (spec,) = self.answer(f"v2.0/spec/{one.name}?type=docker").values()
        self.assertTrue(spec["has_custom_metrics"])
        self.assertEqual(spec["custom_metrics"][1], {"name": "jobs_total", "type": "cumulative", "format": "float", "units": ""})
        (samples,) = self.answer(f"v2.1/stats/{one.name}?type=docker&count=1").values()
        labels = [value["labels"] for value in samples["stats"][-1]["custom_metrics"]["jobs_total"]]
        self.assertEqual(labels, [{"queue": "a"}, {"queue": "b"}])
        (first, second) = self.series(one, "jobs_total")
        self.assertIn('app_queue="a"', first)
        self.assertTrue(first.endswith("} 3"), first)
        self.assertTrue(second.endswith("} 4.5"), second)

    def test_regular_expressions(self):
        one = self.container({"/etc/app.json": json.dumps(NGINX), "/srv/status": "Active connections: 291"}, name="nginx")
        figures = self.figures_once_there(one)
        ((value,),) = figures["active connections"].values()
        self.assertEqual(value["int_value"], 291)
        self.assertEqual(list(figures["active connections"]), [""])
        (series,) = self.series(one, "active_connections")
        self.assertTrue(series.endswith("} 291"), series)

    def test_names_of_ours_are_not_theirs(self):
        forged = "container_memory_usage_bytes 1\nnodescope_up 1\nup 0\nhonest 5\n"
        one = self.container({"/etc/app.json": json.dumps({"endpoint": {"path": "/m"}}), "/srv/m": forged})
        self.figures_once_there(one)
        self.assertEqual(len(self.series(one, "honest")), 1)
        (usage,) = self.series(one, "container_memory_usage_bytes")
        self.assertFalse(usage.endswith("} 1"), usage)
        self.assertEqual(self.series(one, "up") + self.series(one, "nodescope_up"), [])

    def test_a_link_stays_in_the_container(self):
        # The host has a file of that name too, and it is no configuration.
        one = self.container({"/etc/hostname2": json.dumps(CONFIGURATION), "/srv/metrics": EXPOSITION},
                             links=[("/etc/app.json", "/../../../etc/hostname2")])
        self.assertIn("jobs_total", self.figures_once_there(one))

    def test_only_plain_files_are_opened(self):
        one = self.container({}, path="/dev/zero")
        self.assert_told(one, "/dev/zero in the container is no plain file")

    def test_files_of_the_kernel_are_not_read(self):
        one = self.container({}, path="/proc/1/environ")
        self.assert_told(one, "/proc/1/environ in the container is no plain file")

    def test_nothing_beyond_the_loopback_is_asked(self):
        one = self.container({"/etc/app.json": json.dumps({"endpoint": "http://169.254.169.254/latest"})})
        self.assert_told(one, "169.254.169.254 is not the container's loopback")

    def test_the_loopback_of_the_node_is_not_asked(self):
        asked = {"endpoint": {"port": self.service.port, "path": "/metrics"}}
        one = self.container({"/etc/app.json": json.dumps(asked)}, NetworkMode="host")
        self.assert_told(one, "on the network of the node")

    def test_redirects_are_not_followed(self):
        # busybox' httpd sends one for a folder without its slash.
        one = self.container({"/etc/app.json": json.dumps({"endpoint": {"path": "/folder"}}), "/srv/x": ""},
                             links=[("/srv/folder", "/srv")])
        self.assert_told(one, "its answer has the status 30")

    def test_an_application_that_does_not_answer_costs_its_own_figures(self):
        slow = {"/etc/app.json": json.dumps({"endpoint": {"path": "/cgi-bin/slow"}}), "/srv/cgi-bin/slow": "#!/bin/sh\nsleep 1000"}
        mute = self.container(slow, modes=[("755", "/srv/cgi-bin/slow")])
        one = self.container({"/etc/app.json": json.dumps(CONFIGURATION), "/srv/metrics": EXPOSITION})
        self.assertIn("jobs_total", self.figures_once_there(one))
        self.assert_told(mute, "within 1s")


@unittest.skipUnless(ENGINE, "NODESCOPE_TEST_DOCKER_HOST names no dockerd")
class SwitchedOff(unittest.TestCase):
    def test_nobody_is_asked_unless_the_configuration_says_so(self):
        service = Service("--docker-host", ENGINE.host)
        self.addCleanup(service.__exit__, None, None, None)
        one = ENGINE.create(self, web_server({"/etc/app.json": json.dumps(CONFIGURATION), "/srv/metrics": EXPOSITION}),
                            labels={"io.cadvisor.metric.prometheus": "/etc/app.json"}).start()
        status, _, body = service.request("GET", f"/api/v2.0/appmetrics/{one.name}?type=docker")
        self.assertEqual((status, json.loads(body)), (200, {"/" + one.name: {}}))


if __name__ == "__main__":
    unittest.main()
