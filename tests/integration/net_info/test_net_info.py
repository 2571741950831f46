"""The network of real containers through the real binary."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import unittest

from tests.support import docker_engine
from tests.support import namespace_zoo
from tests.support.service import HANG_LIMIT_S, Service
from tests.support.waiting import wait_until

PATH = "/processor/netInfoCollector"
KEY = "collector.kubernetes.container."
ADDRESS, ROUTE, ROUTE6, NAT, NAT6 = (KEY + name for name in ("ipaddr", "Route", "Route6", "Nat", "Nat6"))
NODE_NAT = "collector.kubernetes.node.Nat"
FOREVER = ["sleep", "100000"]


def namespace_of(pid):
    return str(os.stat(f"/proc/{pid}/ns/net").st_ino)


def printed(pid, *command):
    """What the real tool prints in the namespace of `pid`."""
    return subprocess.run(["nsenter", f"--net=/proc/{pid}/ns/net", *command], check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout.decode()


class NetInfo(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        reason = namespace_zoo.why_impossible()
        if reason:
            raise unittest.SkipTest(reason)
        cls.engine = docker_engine.needed()
        cls.service = Service("--docker-host", cls.engine.host)
        cls.addClassCleanup(cls.service.__exit__, None, None, None)

    def ask(self, parameters, service=None):
        status, headers, body = (service or self.service).process_route(PATH, parameters)
        if status == 200:
            self.assertTrue(headers["Content-Type"].startswith("application/json"))
            return json.loads(body)
        self.assertEqual(status, 500, body)
        self.assertTrue(headers["Content-Type"].startswith("text/plain"))
        return body.decode()

    def answer(self, parameters, service=None):
        answer = self.ask(parameters, service)
        self.assertIsInstance(answer, dict, answer)
        self.assertTrue(all(isinstance(value, str) for value in answer.values()))
        return answer

    def refusal(self, parameters, service=None):
        sentence = self.ask(parameters, service)
        self.assertIsInstance(sentence, str, sentence)
        return sentence

    def running(self, command=None, **host_config):
        return self.engine.create(self, command or FOREVER, **host_config).start()

    def test_every_way_to_name_a_container_gives_its_network(self):
        container = self.running()
        pid = container.pid
        for reference in ({"id": container.id}, {"id": container.id[:12]}, {"id": container.name}, {"id": "/" + container.name},
                          {"id": "docker://" + container.id}, {"pid": str(pid)}):
            with self.subTest(reference):
                answer = self.answer(reference)
                self.assertEqual(answer[KEY + "Pid"], str(pid))
                self.assertEqual(answer[KEY + "NetNamespace"], namespace_of(pid))
                self.assertEqual(answer[KEY + "HostNetwork"], "false")
                self.assertEqual(answer[ADDRESS], printed(pid, "ip", "addr"))
                self.assertTrue(answer[ROUTE].startswith("Kernel IP routing table\nDestination "), answer[ROUTE])
                self.assertRegex(answer[ROUTE], r"(?m)^default +\S+ +0\.0\.0\.0 +UG ")
                self.assertTrue(answer[ROUTE6].startswith("Kernel IPv6 routing table\n"))
                self.assertEqual(answer[NAT], "")
                self.assertNotIn(NAT6, answer)
                self.assertNotIn(KEY + "Errors", answer)
                self.assertEqual(answer.get(KEY + "Id", ""), "" if "pid" in reference else container.id)

    def test_pod_labels_name_a_container(self):
        def labels(container):
            return {"io.kubernetes.pod.namespace": "default", "io.kubernetes.pod.name": "net-info-0",
                    "io.kubernetes.container.name": container}

        # The names are the kubelet's: labels alone prove nothing.
        app = self.running(name="k8s_app_net-info-0_default_0b8f6a3e_0", labels=labels("app"))
        self.running(name="k8s_POD_net-info-0_default_0b8f6a3e_0", labels=labels("POD"))
        self.running(labels=labels("other"))
        pod = {"pod.namespace": "default", "pod.name": "net-info-0"}
        self.assertEqual(self.answer({**pod, "container": "app"})[KEY + "Id"], app.id)
        self.assertEqual(self.answer(pod)[KEY + "Id"], app.id)
        self.refusal({**pod, "container": "other"})
        self.refusal({**pod, "pod.name": "net-info-1"})

    def test_a_container_that_is_not_running_is_said_to_be_so(self):
        created = self.engine.create(self, FOREVER)
        exited = self.running(["true"])
        exited.wait()
        restarting = self.running(["false"], RestartPolicy={"Name": "always"})
        wait_until(lambda: restarting.inspect()["State"]["Status"] == "restarting" and restarting.pid == 0, "it is between two starts")
        for container, state in ((created, "created"), (exited, "exited"), (restarting, "restarting")):
            with self.subTest(state):
                wanted = f"container is not running: {container.name} ({container.id[:12]}) "
                # One that restarts runs for a moment again and again.
                wait_until(lambda one=container, start=wanted: self.refusal({"id": one.id}).startswith(start), wanted)
        self.assertTrue(self.refusal({"id": exited.id}).rstrip().endswith(" is exited"))

    def test_a_paused_container_answers(self):
        container = self.running()
        before = self.answer({"id": container.id})
        container.pause()
        self.addCleanup(container.unpause)
        self.assertEqual(self.answer({"id": container.id}), {**before, KEY + "ResolvedBy": "kernel"})

    def test_an_unknown_container_is_named(self):
        for reference in ("0" * 64, "no-such-container"):
            self.assertIn(reference[:12], self.refusal({"id": reference}))

    def test_bad_references_never_reach_the_daemon(self):
        for parameters in ({}, {"id": ""}, {"id": "../../info"}, {"id": "a b"}, {"id": "%2e%2e"}, {"id": "x" * 513}, {"pid": "0"},
                           {"pid": "-1"}, {"pid": "01"}, {"pid": "1x"}, {"pid": "4194305"}, {"pid": "self"},
                           {"pod.namespace": "default"}, {"pod.namespace": "De_fault", "pod.name": "a"}):
            with self.subTest(parameters):
                self.refusal(parameters)

    def test_a_process_that_does_not_exist_is_said_to_be_gone(self):
        ended = subprocess.Popen(["true"])
        zombie_answer = None
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        zombie_answer = self.refusal({"pid": str(ended.pid)})
        self.assertIn(f"process {ended.pid}", zombie_answer)
        ended.wait()
        self.assertIn(f"process {ended.pid}", self.refusal({"pid": str(ended.pid)}))

    def test_the_services_own_process_may_be_asked_for(self):
        answer = self.answer({"pid": str(self.service.pid)})
        self.assertEqual(answer[KEY + "NetNamespace"], namespace_of(self.service.pid))

    def test_host_network_is_recognised(self):
        container = self.running(NetworkMode="host")
        answer = self.answer({"id": container.id})
        self.assertEqual(answer[KEY + "HostNetwork"], "true")
        self.assertEqual(answer[KEY + "NetNamespace"], namespace_of("self"))
        self.assertTrue(answer[ADDRESS].startswith("1: lo: "))

    def test_a_shared_network_is_the_others(self):
        owner = self.running()
        guest = self.running(NetworkMode=f"container:{owner.id}")
        of_owner, of_guest = self.answer({"id": owner.id}), self.answer({"id": guest.id})
        self.assertEqual(of_guest[KEY + "NetNamespace"], of_owner[KEY + "NetNamespace"])
        self.assertEqual(of_guest[ADDRESS], of_owner[ADDRESS])
        self.assertEqual(of_guest[KEY + "Pid"], str(guest.pid))
        self.assertEqual(of_guest[KEY + "Id"], guest.id)

    def test_nat_rules_are_told_and_reading_makes_no_table(self):
        container = self.running()
        pid = container.pid
        self.answer({"id": container.id})
        self.assertEqual(printed(pid, "iptables-nft-save"), "", "reading made a table")
        printed(pid, "iptables-nft", "-t", "nat", "-A", "POSTROUTING", "-s", "192.0.2.0/24", "-j", "MASQUERADE")
        answer = self.answer({"id": container.id})
        self.assertIn("-A POSTROUTING -s 192.0.2.0/24 -j MASQUERADE\nCOMMIT\n", answer[NAT])
        self.assertNotIn(NAT6, answer)

        def rules(text):
            return [line for line in text.splitlines() if not line.startswith("#")]

        self.assertEqual(rules(answer[NAT]), rules(printed(pid, "iptables-nft-save", "-t", "nat")))

    def test_the_nodes_nat_is_read_only_when_asked_for(self):
        """The node is a namespace of the test: its process 1, seen through --root, holds it."""
        container = self.running()
        with namespace_zoo.Zoo() as zoo, tempfile.TemporaryDirectory() as root, contextlib.ExitStack() as mounts:
            node = zoo.add("node")
            node.run("iptables-nft", "-t", "nat", "-A", "PREROUTING", "-d", "192.0.2.1", "-j", "ACCEPT")
            proc = pathlib.Path(root, "proc")
            proc.mkdir()
            # Mounts and not links: a link below the root means a path below the root.
            for name, pid in (("1", node.pid), (str(container.pid), container.pid)):
                (proc / name).mkdir()
                subprocess.run(["mount", "--bind", f"/proc/{pid}", proc / name], check=True)
                mounts.callback(subprocess.run, ["umount", "--lazy", proc / name], check=True)
            for name in ("stat", "uptime"):
                (proc / name).write_text(pathlib.Path("/proc", name).read_text())
            with Service("--docker-host", self.engine.host, "--root", root) as service:
                self.assertNotIn(NODE_NAT, self.answer({"id": container.id}, service))
                asked = {"id": container.id, "param.collector.kubernetes.net_info.node_nat": "true"}
                answer = self.answer(asked, service)
                self.assertIn("-A PREROUTING -d 192.0.2.1/32 -j ACCEPT\n", answer[NODE_NAT])
                self.assertEqual(answer[NAT], "")
                self.assertEqual(answer[KEY + "HostNetwork"], "false")

    def test_without_docker_a_process_is_answered_and_a_name_is_not(self):
        container = self.running()
        with Service("--docker-host", "unix:///nowhere/docker.sock") as service:
            answer = self.answer({"pid": str(container.pid)}, service)
            self.assertEqual(answer[ADDRESS], printed(container.pid, "ip", "addr"))
            self.assertIn("Cannot connect to the Docker daemon at unix:///nowhere/docker.sock. Is the docker daemon running?",
                          self.refusal({"id": container.name}, service))

    # Each right removed in turn; root's others stay.
    def without(self, capability):
        # Without CAP_SYS_PTRACE it cannot tell root from root's container runtimes.
        return Service("--docker-host", self.engine.host, "--local-peer-allow-forwarded",
                       prefix=("setpriv", f"--bounding-set=-{capability}", f"--inh-caps=-{capability}"))

    def test_without_sys_ptrace_the_sentence_names_it(self):
        container = self.running(User="65534")
        with self.without("sys_ptrace") as service:
            self.assertIn("CAP_SYS_PTRACE", self.refusal({"id": container.id}, service))

    def test_without_sys_admin_the_errors_name_it_and_the_rest_is_there(self):
        container = self.running()
        with self.without("sys_admin") as service:
            answer = self.answer({"id": container.id}, service)
        errors = json.loads(answer[KEY + "Errors"])
        for part in ("ipaddr", "Route"):
            self.assertIn("CAP_SYS_ADMIN", errors[part])
            self.assertNotIn(KEY + part, answer)
        self.assertEqual(answer[KEY + "Pid"], str(container.pid))
        self.assertIn(ROUTE6, answer)

    def test_without_net_admin_only_nat_is_missing(self):
        container = self.running()
        with self.without("net_admin") as service:
            answer = self.answer({"id": container.id}, service)
        self.assertIn("CAP_NET_ADMIN", json.loads(answer[KEY + "Errors"])["Nat"])
        self.assertNotIn(NAT, answer)
        self.assertEqual(answer[ADDRESS], printed(container.pid, "ip", "addr"))

    def test_with_the_three_rights_alone_everything_is_there(self):
        container = self.running(User="65534")
        if shutil.which("setpriv") is None:
            self.skipTest("setpriv is not installed")
        rights = "-all,+sys_ptrace,+sys_admin,+net_admin"
        with Service("--docker-host", self.engine.host, prefix=("setpriv", f"--bounding-set={rights}", "--inh-caps=-all")) as service:
            answer = self.answer({"id": container.id}, service)
        self.assertNotIn(KEY + "Errors", answer)
        self.assertEqual(answer[ADDRESS], printed(container.pid, "ip", "addr"))

    def wait_for_closed_connections(self):
        """The service closes its side of a connection a moment after the caller has closed its own."""
        port = f":{self.service.port:04X}"
        open_states = {"01", "08"}  # ESTABLISHED, CLOSE_WAIT (proc(5), include/net/tcp_states.h)

        def all_closed():
            rows = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
            return not any(row[1].endswith(port) and row[3] in open_states for row in rows)

        wait_until(all_closed, "connections to the service are closed")

    def state_of_service(self):
        self.wait_for_closed_connections()
        pid = self.service.pid
        tasks = sorted(os.listdir(f"/proc/{pid}/task"))
        spaces = {os.readlink(f"/proc/{pid}/task/{task}/ns/net") for task in tasks}
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        held = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
        return {"tasks": tasks, "namespaces": spaces, "children": children, "net": sorted(link for link in held if link.startswith("net:")),
                "descriptors": len(held)}

    def test_requests_leave_nothing_behind(self):
        container = self.running()
        printed(container.pid, "iptables-nft", "-t", "nat", "-A", "POSTROUTING", "-j", "MASQUERADE")
        stopped = self.engine.create(self, FOREVER)
        requests = ({"id": container.id}, {"pid": str(container.pid)}, {"id": stopped.id}, {"pid": "4194304"}, {"id": "no-such"})

        def ask_all(times):
            for _ in range(times):
                for parameters in requests:
                    self.ask(parameters)

        # The first requests make what stays: pooled connections to the daemon.
        ask_all(2)
        before = self.state_of_service()
        self.assertEqual(before["namespaces"], {os.readlink("/proc/self/ns/net")})
        ask_all(20)
        self.assertEqual(self.state_of_service(), before)

    # No answer may be about another namespace than that of the container's process.
    def test_answers_during_restarts_are_of_the_container(self):
        container = self.running()
        known = {(str(container.pid), namespace_of(container.pid))}
        answers, failures, stop = [], [], threading.Event()

        def keep_asking():
            while not stop.is_set():
                status, _, body = self.service.process_route(PATH, {"id": container.id})
                (answers if status == 200 else failures).append(body.decode())

        askers = [threading.Thread(target=keep_asking) for _ in range(3)]
        for asker in askers:
            asker.start()
        try:
            for _ in range(8):
                container.restart()
                known.add((str(container.pid), namespace_of(container.pid)))
        finally:
            stop.set()
            for asker in askers:
                asker.join(timeout=HANG_LIMIT_S)
        self.assertTrue(answers)
        for answer in map(json.loads, answers):
            self.assertEqual(answer[KEY + "Id"], container.id)
            self.assertIn((answer[KEY + "Pid"], answer[KEY + "NetNamespace"]), known)
        for sentence in failures:
            self.assertRegex(sentence, "container is not running|container changed|has ended|No such container")
        self.assertEqual(self.answer({"id": container.id})[KEY + "Pid"], str(container.pid))

    def test_many_at_once_get_the_same_answer(self):
        containers = [self.running() for _ in range(3)]
        expected = {container.id: printed(container.pid, "ip", "addr") for container in containers}
        wrong = []

        def ask(container):
            for _ in range(5):
                answer = self.ask({"id": container.id})
                if not isinstance(answer, dict) or answer[KEY + "Id"] != container.id or answer[ADDRESS] != expected[container.id]:
                    wrong.append(answer)

        askers = [threading.Thread(target=ask, args=(containers[i % 3],)) for i in range(12)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join(timeout=HANG_LIMIT_S)
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
