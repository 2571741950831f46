"""Every deadline of docs/operations.md fires, and its message names operation, phase and limit. The limits are set short and the work
made longer than they are, so that nothing here depends on how fast the machine is. (The HTTP timeouts have their own file,
test_http_limits.py; slow API servers and kubelets are in test_pod_detail.py, slow iptables-save programs in test_nat.py.)"""

import json
import os
import pathlib
import signal
import stat
import tempfile
import threading
import unittest

from tests.support import namespace_zoo
from tests.support.service import Service
from tests.support.silent_peer import SilentPeer

NET_INFO = "/processor/netInfoCollector"
# A process tree that takes far longer to read than one millisecond.
MANY_PROCESSES = 3_000
# A table that takes far longer to dump than one millisecond.
MANY_ROUTES = 50_000


def error_parts(body):
    return json.loads(json.loads(body)["collector.kubernetes.container.Errors"])


class Deadlines(unittest.TestCase):
    def test_docker_names_request_and_phase(self):
        with SilentPeer() as peer, Service("--docker-host", peer.endpoint, "--timeout-docker", "60ms") as service:
            status, _, body = service.process_route("/processor/dockerInfoCollector")
            self.assertEqual(500, status)
            self.assertEqual(b"docker: GET /_ping: no response header within 60ms\n", body)

    def test_request_cuts_an_inner_deadline_short(self):
        with SilentPeer() as peer, Service("--docker-host", peer.endpoint, "--timeout-docker", "1h", "--timeout-request", "60ms") as service:
            status, _, body = service.process_route("/processor/containerCollector")
            self.assertEqual(500, status)
            self.assertIn(b"within 60ms", body)

    def test_a_caller_may_shorten_but_not_lengthen(self):
        with SilentPeer() as peer, Service("--docker-host", peer.endpoint, "--timeout-docker", "1h", "--timeout-request", "80ms") as service:
            for asked, bound in (("20ms", b"within 20ms"), ("10m", b"within 80ms")):
                status, _, body = service.process_route("/processor/containerCollector", headers={"X-Request-Timeout": asked})
                self.assertEqual(500, status)
                self.assertIn(bound, body)

    def test_process_list(self):
        with tempfile.TemporaryDirectory() as root:
            stat_text = pathlib.Path("/proc/self/stat").read_text(encoding="utf-8")
            status_text = pathlib.Path("/proc/self/status").read_text(encoding="utf-8")
            proc = pathlib.Path(root, "proc")
            proc.mkdir()
            (proc / "stat").write_text("cpu 0 0 0 0\nbtime 1\n")
            (proc / "uptime").write_text("100000.00 100000.00\n")
            shared = proc / "shared"
            shared.mkdir()
            (shared / "stat").write_text(stat_text)
            (shared / "status").write_text(status_text)
            (shared / "cmdline").write_bytes(b"x\0")
            for number in range(1, MANY_PROCESSES + 1):
                (proc / str(number)).mkdir()
                for name in ("stat", "status", "cmdline"):
                    os.link(shared / name, proc / str(number) / name)
            with Service("--root", root, "--timeout-host", "1ms") as service:
                status, _, body = service.process_route("/processor/processCollector")
                self.assertEqual(500, status)
                self.assertRegex(body, rb"^process list: .* within 1ms\n$")

    def test_nat_program_is_killed(self):
        reason = namespace_zoo.why_impossible()
        if reason:
            self.skipTest(reason)
        with tempfile.TemporaryDirectory() as xtables, namespace_zoo.Zoo() as zoo:
            space = zoo.add("nat")
            space.run("iptables-nft", "-t", "nat", "-A", "POSTROUTING", "-j", "MASQUERADE")
            stub = pathlib.Path(xtables, "iptables-nft-save")
            stub.write_text("#!/bin/sh\ntrap '' TERM\nexec sleep 1000\n")
            stub.chmod(stat.S_IRWXU)
            with Service("--xtables-dir", xtables, "--timeout-nat", "60ms") as service:
                status, _, body = service.process_route(NET_INFO, {"pid": str(space.pid)})
                self.assertEqual(200, status, body)
                self.assertEqual("nat: iptables-nft-save: not finished within 60ms", error_parts(body)["Nat"])
                self.assertIn("collector.kubernetes.container.ipaddr", json.loads(body))

    def test_netlink(self):
        reason = namespace_zoo.why_impossible()
        if reason:
            self.skipTest(reason)
        with namespace_zoo.Zoo() as zoo:
            space = zoo.add("many-routes")
            space.add_many_routes(MANY_ROUTES)
            with Service("--timeout-netlink", "1ms") as service:
                status, _, body = service.process_route(NET_INFO, {"pid": str(space.pid)})
                if status == 200:
                    self.assertIn("within 1ms", error_parts(body)["Route"])
                else:
                    self.assertEqual(500, status)
                    self.assertIn(b"within 1ms", body)

    def test_drain_cuts_what_does_not_end(self):
        with SilentPeer() as peer:
            service = Service("--docker-host", peer.endpoint, "--timeout-docker", "1h", "--timeout-request", "1h", "--timeout-drain", "60ms")
            answered = []

            def ask():
                answered.append(service.process_route("/processor/containerCollector"))

            caller = threading.Thread(target=ask)
            caller.start()
            while b"_ping" not in peer.first_bytes():
                pass
            self.assertEqual(0, service.stop(signal.SIGTERM))
            caller.join()
            status, _, body = answered[0]
            self.assertEqual((503, b"the service is stopping"), (status, body))

    def test_drain_ends_what_runs_beside_the_requests(self):
        service = Service("--sample-idle", "always")
        self.assertEqual(0, service.stop(signal.SIGTERM))
        self.assertEqual([0], [event["tasks_left"] for event in service.log if event["message"] == "stopped"])


if __name__ == "__main__":
    unittest.main()
