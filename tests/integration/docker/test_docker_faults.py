"""What callers of the Docker routes get from a daemon that is away, stuck, hostile or strange."""

import concurrent.futures
import http.client
import json
import os
import pathlib
import re
import socket
import tempfile
import threading
import unittest

from tests.support.fake_docker import FakeDocker, FakeDockerProcess, container_id, inspection, summary
from tests.support.service import HANG_LIMIT_S, Service

ROOT = pathlib.Path(__file__).resolve().parents[3]
FIRST_LIST = "/processor/containercollector"
LIST = "/processor/containerCollector"
INFO = "/processor/dockerInfoCollector"
FIRST_INFO = "/processor/dockerinfocollector"
NET_INFO = "/processor/netInfoCollector"
LIST_KEY = "collector.kubernetes.container.list"
INFO_KEY = "collector.kubernetes.docker.info"
# Every line that may ever reach a daemon.
ALLOWED_LINES = re.compile(r"GET (/_ping|/v1\.\d+/(info|containers/json(\?[\w.%=~-]*)?|containers/[A-Za-z0-9][\w.-]*/json)) HTTP/1\.1")


class DockerFaults(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="nodescope-")
        self.addCleanup(folder.cleanup)
        self.socket = pathlib.Path(folder.name) / "docker.sock"

    def fake(self, **options):
        daemon = FakeDocker(self.socket, **options)
        self.enterContext(daemon)
        return daemon

    def service(self, timeout="10s", *flags):
        return self.enterContext(Service("--docker-host", f"unix://{self.socket}", "--timeout-docker", timeout, *flags))

    def refused(self, service, path, parameters=None):
        """The sentence of an answer that must be a proper failure."""
        status, headers, body = service.process_route(path, parameters)
        sentence = body.decode("utf-8")
        self.assertEqual(status, 500, sentence)
        self.assertEqual(headers["Content-Type"], "text/plain; charset=utf-8")
        self.assertTrue(sentence.strip())
        self.assertNotRegex(sentence.rstrip("\n"), r"[\x00-\x1f\x7f]")
        return sentence.rstrip("\n")

    def answered(self, service, path, parameters=None):
        status, headers, body = service.process_route(path, parameters)
        self.assertEqual(status, 200, body)
        self.assertTrue(headers["Content-Type"].startswith("application/json"), headers)
        return json.loads(body.decode("utf-8"))

    # ---- reachability ----
    def test_daemon_that_is_away_gives_the_sentence_everybody_knows(self):
        service = self.service()
        expected = f"Cannot connect to the Docker daemon at unix://{self.socket}. Is the docker daemon running?"
        for path in (FIRST_LIST, LIST, INFO, FIRST_INFO):
            self.assertEqual(self.refused(service, path), expected)
        self.socket.write_text("not a socket")
        self.assertEqual(self.refused(service, LIST), expected)
        self.socket.unlink()
        self.fake()
        self.assertEqual(len(json.loads(self.answered(service, LIST)[LIST_KEY])), 2)

    @unittest.skipUnless(os.geteuid() == 0, "needs root, to run the service as somebody who may not use the socket")
    def test_socket_without_permission_names_path_and_user(self):
        self.fake()
        os.chmod(self.socket, 0o600)
        os.chmod(self.socket.parent, 0o755)
        # Without any right it cannot tell root from root's container runtimes.
        service = self.enterContext(Service("--docker-host", f"unix://{self.socket}", "--local-peer-allow-forwarded",
                                            prefix=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")))
        sentence = self.refused(service, LIST)
        self.assertIn("ermission denied", sentence)
        self.assertIn(str(self.socket), sentence)
        self.assertIn("uid 65534", sentence)
        self.assertIn("gid 65534", sentence)

    def test_daemon_restarted_between_calls_costs_no_error(self):
        service = self.service()
        for _ in range(4):
            with FakeDocker(self.socket):
                self.answered(service, LIST)

    # ---- faulty answers ----
    def test_each_fault_is_a_sentence_and_the_next_answer_is_right(self):
        daemon = self.fake()
        service = self.service("10s")
        faults = {"close": "before any byte", "close-in-header": "in the middle of the response header",
                  "close-in-body": "in the middle of the response body", "garbage": "not proper HTTP", "redirect": "301",
                  "engine-error": "500: the storage driver is unwell\\nand says so", "text-error": "503: come back later",
                  "not-json": "not JSON", "wrong-kind": "expected", "empty": "incomplete JSON at byte 0", "deep": "nesting too deep",
                  "too-large": "larger than {limit} bytes", "endless-header": "header is too large"}
        for path, target, operation, limit in ((LIST, "/containers/json", "GET /containers/json", 6 << 20), (INFO, "/info", "GET /info", 4 << 20)):
            for fault, part in faults.items():
                with self.subTest(path=path, fault=fault):
                    daemon.faults = {target: fault}
                    sentence = self.refused(service, path)
                    self.assertIn(part.format(limit=limit), sentence)
                    self.assertTrue(sentence.startswith(f"docker: {operation}: "), sentence)
            daemon.faults = {}
            self.answered(service, path)

    def test_slow_answers_are_waited_for(self):
        daemon = self.fake()
        daemon.faults = {"/containers/json": "bytewise", "/info": "bytewise", "/_ping": "bytewise"}
        service = self.service()
        self.assertEqual(json.loads(self.answered(service, LIST)[LIST_KEY]), daemon.containers)
        self.assertEqual(json.loads(self.answered(service, INFO)[INFO_KEY]), daemon.information)

    def test_deadline_names_operation_phase_and_limit(self):
        daemon = self.fake()
        service = self.service("300ms")
        daemon.faults = {"/info": "silent", "/containers/json": "half-body"}
        self.assertEqual(self.refused(service, INFO), "docker: GET /info: no response header within 300ms")
        self.assertEqual(self.refused(service, LIST), "docker: GET /containers/json: response body not complete within 300ms")
        daemon.faults = {"/info": "half-header"}
        self.assertEqual(self.refused(service, INFO), "docker: GET /info: no response header within 300ms")

    def test_full_accept_queue_ends_at_the_deadline_and_names_it(self):
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self.socket))
            listener.listen(0)
            service = self.service("300ms")
            waiting = []
            while True:
                one = socket.socket(socket.AF_UNIX)
                self.addCleanup(one.close)
                one.setblocking(False)
                try:
                    one.connect(str(self.socket))
                except BlockingIOError:
                    break
                waiting.append(one)
            self.assertEqual(self.refused(service, INFO), "docker: GET /_ping: no connection within 300ms")

    # ---- isolation ----
    def test_stopped_daemon_ends_at_the_deadline_while_others_are_served(self):
        daemon = self.enterContext(FakeDockerProcess(self.socket))
        service = self.service("2s")
        self.answered(service, LIST)
        daemon.stop()
        with concurrent.futures.ThreadPoolExecutor() as pool:
            stuck = pool.submit(self.refused, service, LIST)
            for _ in range(20):
                self.assertEqual(service.request("GET", "/healthz")[0], 200)
            self.assertFalse(stuck.done(), "the others were answered while it was stuck")
            self.assertEqual(stuck.result(HANG_LIMIT_S), "docker: GET /containers/json: no response header within 2s")
        daemon.resume()
        self.answered(service, LIST)

    def test_after_three_misses_a_read_fails_fast_and_the_others_go_on(self):
        daemon = self.fake()
        service = self.service("200ms")
        daemon.faults = {"/containers/json": "silent"}
        for _ in range(3):
            self.assertIn("within 200ms", self.refused(service, LIST))
        asked = len(daemon.requests)
        self.assertIn("not asked again yet", self.refused(service, LIST))
        self.assertEqual(len(daemon.requests), asked)
        self.answered(service, INFO)
        self.assertIn("No such container: web", self.refused(service, NET_INFO, {"id": "web"}))

    def test_identical_reads_in_flight_are_one_read(self):
        daemon = self.fake()
        service = self.service()
        daemon.faults = {"/containers/json": "gate"}
        request = f"POST {LIST} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        callers = [self.enterContext(socket.create_connection(("127.0.0.1", service.port), HANG_LIMIT_S)) for _ in range(10)]
        for caller in callers:
            caller.sendall(request)
        self.assertTrue(daemon.entered.wait(HANG_LIMIT_S))
        # One thread serves all: what came in before these has been read when they are answered.
        for _ in range(3):
            self.assertEqual(service.request("GET", "/healthz")[0], 200)
        daemon.release.set()
        for caller in callers:
            with caller.makefile("rb") as answer:
                self.assertIn(b" 200 ", answer.readline())
        self.assertEqual(daemon.requests.count("GET /v1.41/containers/json?all=1 HTTP/1.1"), 1)

    def test_a_caller_that_goes_away_ends_the_read(self):
        daemon = self.fake()
        service = self.service("60s")
        daemon.faults = {"/containers/json": "silent"}
        with socket.create_connection(("127.0.0.1", service.port)) as client:
            client.sendall(f"POST {LIST} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n".encode())
            self.assertTrue(daemon.entered.wait(HANG_LIMIT_S))
        self.assertTrue(daemon.left.wait(HANG_LIMIT_S), "the daemon's connection was not closed")

    # ---- hostile input, hostile answers ----
    def test_redirects_lead_nowhere(self):
        reached = []
        with socket.create_server(("127.0.0.1", 0)) as canary:
            threading.Thread(target=lambda: reached.append(canary.accept()), daemon=True).start()
            daemon = self.fake()
            daemon.location = f"http://127.0.0.1:{canary.getsockname()[1]}/v1.41/containers/json"
            daemon.faults = {"/info": "redirect", "/containers/json": "redirect", "/_ping": "redirect"}
            service = self.service()
            for path in (LIST, INFO):
                self.assertIn("redirect", self.refused(service, path))
            daemon.faults.pop("/_ping")
            for path in (LIST, INFO):
                self.assertIn("redirect", self.refused(service, path))
            self.assertEqual(reached, [])

    def test_hostile_ids_send_only_allowed_request_lines(self):
        daemon = self.fake()
        service = self.service()
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=HANG_LIMIT_S)
        self.addCleanup(connection.close)
        ids = hostile_ids()
        self.assertGreaterEqual(len(ids), 200)
        for hostile in ids:
            connection.request("POST", NET_INFO, body=json.dumps({"id": hostile}))
            answer = connection.getresponse()
            sentence = answer.read().decode("utf-8")
            self.assertEqual(answer.status, 500, (hostile, sentence))
            self.assertTrue(sentence.strip(), hostile)
        for line in daemon.requests:
            self.assertRegex(line, ALLOWED_LINES)
        self.assertFalse([line for line in daemon.requests if "/containers/" in line], "no hostile id reaches a path")

    def test_answer_about_another_container_is_refused(self):
        daemon = self.fake()
        wrong = inspection(0x6f << 248, "other", pid=os.getpid())
        for asked in ("web", "6f", "6f000000000", "6e0000000000", container_id(7)):
            daemon.inspections = {asked: wrong}
            sentence = self.refused(self.service(), NET_INFO, {"id": asked})
            self.assertIn(asked, sentence)
            self.assertNotIn("planted", sentence)

    def test_container_without_a_process_is_said_to_be_none(self):
        daemon = self.fake()
        service = self.service()
        for state in ("created", "exited", "restarting", "dead"):
            daemon.inspections = {"web": inspection(7, "web", pid=0, state=state)}
            sentence = self.refused(service, NET_INFO, {"id": "web"})
            self.assertIn("not running", sentence)

    def test_pod_without_a_container_here_is_said_so(self):
        daemon = self.fake()
        daemon.containers.append(summary(9, labels={"io.kubernetes.pod.namespace": "ns", "io.kubernetes.pod.name": "other"}))
        sentence = self.refused(self.service(), NET_INFO, {"pod.namespace": "ns", "pod.name": "web", "container": "app"})
        self.assertIn("ns/web", sentence)
        for line in daemon.requests:
            self.assertRegex(line, ALLOWED_LINES)

    def test_invalid_utf8_of_the_daemon_never_leaves(self):
        daemon = self.fake()
        daemon.raw_list = b'[{"Id":"\xff\xfe","Names":["/a\xc3"],"Labels":{"\xed\xa0\x80":"\xe2\x80\xae"}}]\n'
        service = self.service()
        inner = json.loads(self.answered(service, LIST)[LIST_KEY])
        self.assertEqual(inner[0]["Id"], "\ufffd\ufffd")
        first = self.answered(service, FIRST_LIST)
        self.assertEqual(first, inner)

    def test_answers_pass_through_byte_for_byte(self):
        daemon = self.fake()
        daemon.raw_list = ('[{"Id":"a","Big":123456789012345678901234567890,"Exponent":1e999,"Twice":1,"Twice":2,"New":[null],'
                           '"Name":"\\u00e9\u00e9\\ud83d\\udc33"}]').encode()
        service = self.service()
        status, _, body = service.process_route(FIRST_LIST)
        self.assertEqual((status, body.rstrip(b"\n")), (200, daemon.raw_list))
        self.assertEqual(self.answered(service, LIST)[LIST_KEY].encode(), daemon.raw_list)
        self.assertEqual(json.loads(self.answered(service, FIRST_INFO)["docker.info"]), daemon.information)

    def test_five_thousand_containers(self):
        daemon = self.fake()
        daemon.containers = [summary(number, labels={"filler": "x" * 100}) for number in range(5000)]
        service = self.service()
        status, _, body = service.process_route(LIST)
        self.assertEqual(status, 200, body[:300])
        self.assertLessEqual(len(body), 1 << 20)
        answer = json.loads(body)
        shown = json.loads(answer[LIST_KEY])
        self.assertEqual(shown, daemon.containers[:len(shown)])
        self.assertEqual(answer[LIST_KEY + ".truncated"], f"{len(shown)} of 5000")
        self.assertGreater(len(shown), 1000)
        self.assertIn("container", self.refused(service, FIRST_LIST), "a bare array has no room to say that it was cut")

    # ---- versions ----
    def test_speaks_what_the_engine_speaks(self):
        for engine, spoken in (("1.24", "1.24"), ("1.41", "1.41"), ("1.44", "1.44"), ("1.52", "1.52"), ("1.70", "1.56"), (None, "1.24")):
            with self.subTest(engine=engine), FakeDocker(self.socket, version=engine) as daemon:
                self.answered(self.service(), LIST)
                self.assertEqual(daemon.requests, ["GET /_ping HTTP/1.1", f"GET /v{spoken}/containers/json?all=1 HTTP/1.1"])

    def test_engine_that_is_too_old_is_said_so(self):
        self.fake(version="1.22")
        sentence = self.refused(self.service(), LIST)
        self.assertIn("1.22", sentence)
        self.assertIn("1.24", sentence)

    def test_engine_exchanged_between_calls(self):
        service = self.service()
        for version, oldest in (("1.41", "1.12"), ("1.52", "1.52"), ("1.70", "1.56"), ("1.41", "1.12"), ("1.44", "1.44")):
            with FakeDocker(self.socket, version=version, oldest=oldest):
                self.answered(service, LIST)

    def test_configured_version_is_used_as_it_is(self):
        daemon = self.fake()
        service = self.enterContext(Service("--docker-host", f"unix://{self.socket}", env={"DOCKER_API_VERSION": "1.30"}))
        self.answered(service, LIST)
        self.assertEqual(daemon.requests, ["GET /v1.30/containers/json?all=1 HTTP/1.1"])

    def test_environment_names_the_daemon(self):
        self.fake()
        service = self.enterContext(Service(env={"DOCKER_HOST": f"unix://{self.socket}"}))
        self.answered(service, LIST)


def hostile_ids():
    ids = ["", "/", "//", ".", "..", "../..", "-", "--help", "_", ".web", "-web", "docker://", "docker:////web", "docker://docker://web",
           "Docker://web", "docker:/web", "http://web", "unix://web", "file:///etc/passwd", "cri-o://../x", "x" * 513, "a" * 100000,
           "\u00e9", "caf\u00e9", "\u202eweb", "web\u202e", "\U0001f433", "web\u00a0", "\ufeffweb"]
    parts = ["/", "/..", "/../..", "/../info", "/json", "/top", "/kill", "?", "?all=1", "?signal=KILL", "#", "#x", "%", "%00", "%2f",
             "%2F..%2f", "%2e%2e", "%252f", "\\", "\\..\\", " ", " HTTP/1.1", "\t", "\r", "\n", "\r\n", "\r\nX: y",
             "\r\n\r\nDELETE /containers/web HTTP/1.1\r\n\r\n", "\0", "\0x", "\x01", "\x1b[31m", "\x7f", "\u0080", "\u0085", "\u2028",
             "\u200b", ";", ";id", "|", "|id", "&", "&all=1", "=", "+", "*", "~", "~root", "!", "@", "@sha256:0", ":", ":80", ",", "'",
             '"', "`id`", "$(id)", "${HOME}", "<", ">", "(", ")", "[", "]", "{", "}", "{id}", "^", "\u2044"]
    for part in parts:
        ids += ["web" + part, "web" + part + "x", "docker://0123456789ab" + part]
    return ids


if __name__ == "__main__":
    unittest.main()
