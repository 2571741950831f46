"""The real binary against CRI runtimes that break every rule: each a clear error within its deadline, and the next call works."""

import contextlib
import json
import os
import socket
import tempfile
import threading
import time
import unittest

from tests.support.cri import http2, protobuf
from tests.support.cri.fake_cri import V1, V1ALPHA2, FakeCri
from tests.support.service import Service
from tests.support.waiting import wait_until

LIST = "/processor/containerCollector"
NET_INFO = "/processor/netInfoCollector"
INFO = "/processor/dockerInfoCollector"
ID = "ab" * 32
TIMEOUT_S = 2
CONTAINER = {1: ID, 2: "cd" * 32, 3: {1: "app"}, 4: {1: "web:1"}, 6: 1, 7: 10 ** 18}


def status_of(info=None, **more):
    fields = {1: ID, 2: {1: "app"}, 3: 1, 4: 10 ** 18, 5: 10 ** 18, **more}
    return {1: fields, 2: None if info is None else {"info": info}}


class FakeRuntimeTest(unittest.TestCase):
    def run_with(self, script, *flags, **peer):
        daemon = FakeCri(script, **peer)
        self.addCleanup(daemon.__exit__)
        service = Service("--runtime", "cri", "--cri-endpoint", daemon.endpoint, "--timeout-cri", f"{TIMEOUT_S}s", *flags)
        service.__enter__()
        self.addCleanup(service.__exit__, None, None, None)
        return service, daemon

    def fails(self, service, path, sentence, parameters=None):
        began = time.monotonic()
        status, _, body = service.process_route(path, parameters or {})
        self.assertLess(time.monotonic() - began, TIMEOUT_S + 1)
        self.assertEqual(status, 500, body)
        self.assertIn(sentence, body.decode())
        return body.decode()

    def works_after(self, service, daemon):
        daemon.script = lambda call: call.answer(b"")
        status, _, body = service.process_route(LIST)
        self.assertEqual((status, json.loads(body or b"null")), (200, {"collector.kubernetes.container.list": "[]"}))


class HostileTest(FakeRuntimeTest):
    def test_answers_that_are_none(self):
        half = http2.grpc_message(b"x" * 100)[:50]
        cases = {
            "half a message": (lambda call: call.raw(call.head(), call.data(half), call.trailers()),
                               "ends in the middle of a message, after 45 of 100 bytes"),
            "half a message and silence": (lambda call: call.raw(call.head(), call.data(half)), "no whole answer within 2s"),
            "silence": (lambda call: None, "no answer within 2s"),
            "no message": (lambda call: call.raw(call.head(), call.trailers()), "holds no message"),
            "two messages": (lambda call: call.raw(call.head(), call.data(http2.grpc_message(b"") * 2), call.trailers()),
                             "more than one message"),
            "no status": (lambda call: call.raw(call.head(), http2.headers(call.stream, [("x", "y")], end_stream=True)),
                          "ends without a status"),
            "17 MiB": (lambda call: call.raw(call.head(), call.data(http2.grpc_message(bytes(17 << 20))[:1000])),
                       "has 17825792 bytes, more than the 16777216"),
            "compressed": (lambda call: call.raw(call.head(), call.data(b"\1\0\0\0\0"), call.trailers()), "is compressed"),
            "no message of protobuf": (lambda call: call.answer(b"\xff\xff\xff"), "is no message"),
            "HTTP 503": (lambda call: call.raw(http2.headers(call.stream, [(":status", "503")], end_stream=True)), "HTTP status 503"),
            "reset": (lambda call: call.reset(2), "it ended the call (INTERNAL_ERROR)"),
            "an error": (lambda call: call.refuse(13, "the disk%0Ais full"), "the runtime answered 13: the disk\\nis full"),
            "too many elements": (lambda call: call.answer(protobuf.message({1: [b""] * 10_001})), "more than 10000 elements"),
            "a large element": (lambda call: call.answer({1: {1: "x" * (600 << 10)}}), "more than the 524288"),
        }
        for name, (script, sentence) in cases.items():
            with self.subTest(name):
                service, daemon = self.run_with(script)
                self.fails(service, LIST, sentence)
                self.works_after(service, daemon)
                self.assertEqual(daemon.connections, 1, "one call's fault costs no connection")

    def test_connections_that_are_closed_at_once(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        listener = self.enterContext(socket.socket(socket.AF_UNIX))
        listener.bind(folder + "/cri.sock")
        listener.listen()

        def close_each():
            with contextlib.suppress(OSError):
                while True:
                    listener.accept()[0].close()

        closing = threading.Thread(target=close_each)
        closing.start()
        self.addCleanup(closing.join)
        self.addCleanup(listener.shutdown, socket.SHUT_RDWR)
        flags = ("--runtime", "cri", "--cri-endpoint", f"unix://{folder}/cri.sock", "--timeout-cri", f"{TIMEOUT_S}s")
        service = self.enterContext(Service(*flags))
        for _ in range(20):
            self.fails(service, LIST, "it has closed the connection")

    def test_oversized_headers(self):
        service, daemon = self.run_with(lambda call: call.raw(call.head(*[(f"x{i}", "v" * 4000) for i in range(3)]),
                                                              http2.headers(call.stream, [("y", "v" * 8000)])))
        self.fails(service, LIST, "headers have more than 16384 bytes")
        self.works_after(service, daemon)

    def test_hpack_bombs(self):
        # One field of 4,000 bytes is put into the table, then named 16,000 times with a byte each: 64 MB of headers.
        put = b"\x40" + http2.literal(b"bomb", b"v" * 3900)[1:]
        service, daemon = self.run_with(lambda call: call.raw(
            http2.frame(http2.HEADERS, put + b"\xbe" * 12_000, http2.END_HEADERS, call.stream)))
        self.fails(service, LIST, "headers have more than 16384 bytes")
        self.works_after(service, daemon)

    def test_endless_continuations(self):
        def flood(call):
            call.raw(http2.frame(http2.HEADERS, http2.block([(":status", "200")]), 0, call.stream))
            for _ in range(3000):
                call.raw(http2.frame(http2.CONTINUATION, http2.block([("x", "v" * 100)]), 0, call.stream))

        service, daemon = self.run_with(flood)
        self.fails(service, LIST, "it does not keep to HTTP/2")
        self.works_after(service, daemon)

    def test_floods(self):
        for name, frame in (("pings", http2.frame(http2.PING, bytes(8))), ("settings", http2.frame(http2.SETTINGS)),
                            ("resets", http2.frame(http2.RST_STREAM, bytes(4), stream=1)),
                            ("empty data", None), ("window updates", http2.frame(http2.WINDOW_UPDATE, b"\0\0\0\1"))):
            with self.subTest(name):
                service, daemon = self.run_with(lambda call, sent=frame: call.raw(  # pylint: disable=cell-var-from-loop
                    call.head(), (sent or http2.frame(http2.DATA, stream=call.stream)) * 5000))
                said = self.fails(service, LIST, "cri: ListContainers: ")
                # The first reset may end the call before the others are a flood.
                ended = name == "resets" and "its answer ends without a status" in said
                self.assertTrue(ended or "more than 1000 control frames in a second" in said or "Flooding" in said, said)
                self.works_after(service, daemon)

    def test_a_connection_that_goes_away_is_replaced(self):
        for name, end in (("goaway", lambda call: (call.go_away(0), call.hang_up())), ("closed", lambda call: call.hang_up()),
                          ("refused", lambda call: call.reset(7))):
            with self.subTest(name):
                seen = []

                def script(call, last=end, before=seen):
                    before.append(call.method)
                    if len(before) == 1:
                        last(call)
                    else:
                        call.answer(b"")

                service, daemon = self.run_with(script)
                status, _, body = service.process_route(LIST)
                self.assertEqual(status, 200, body)
                self.assertEqual(seen.count(seen[0]), 2, "the call that was lost is made once more")

    def test_a_daemon_that_always_hangs_up(self):
        service, daemon = self.run_with(lambda call: call.hang_up())
        self.fails(service, LIST, "it has closed the connection")
        self.works_after(service, daemon)

    def test_what_is_no_http2(self):
        service, daemon = self.run_with(lambda call: call.raw(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 10))
        self.fails(service, LIST, "it does not keep to HTTP/2")
        self.works_after(service, daemon)

    def test_nobody_waits_any_more(self):
        service, daemon = self.run_with(lambda call: None)
        self.fails(service, LIST, "no answer within 2s")
        wait_until(lambda: len(daemon.resets) == 2, "both streams were reset")
        self.assertEqual([code for _, code in daemon.resets], [8, 8], "CANCEL")


class InfoTest(FakeRuntimeTest):
    """What a runtime says in JSON of a container, which is made for debugging alone."""

    def net_info(self, info, sentence):
        def script(call):
            call.answer(status_of(info))

        service, _ = self.run_with(script)
        return self.fails(service, NET_INFO, sentence, {"id": ID})

    def test_a_pid_that_is_not_known(self):
        for info in (None, "", "{", "[]", '"pid"', "{}", '{"pid":0}', '{"pid":-4}', '{"pid":"7"}', '{"pid":99999999999}',
                     '{"pid":{"a":' * 40, "\xff", '{"pid":null}'):
            with self.subTest(info):
                self.net_info(info, "container is not running")

    def test_a_pid_of_another(self):
        self.assertIn(ID[:12], self.net_info(json.dumps({"pid": os.getpid()}), "container changed"))
        self.net_info('{"pid":1}', "container is not running")

    def test_another_container_than_was_asked_for(self):
        service, _ = self.run_with(lambda call: call.answer(status_of("{}", **{})) if call.method == "ContainerStatus" else None)
        self.fails(service, NET_INFO, "answered for container abab", {"id": "ef" * 32})


class VersionTest(FakeRuntimeTest):
    def test_v1alpha2(self):
        service, daemon = self.run_with(lambda call: call.answer(b""), services=(V1ALPHA2,))
        self.assertEqual(service.process_route(LIST)[0], 200)
        self.assertIn((V1ALPHA2, "ListContainers"), daemon.calls)
        self.assertNotIn((V1, "ListContainers"), daemon.calls)

    def test_a_runtime_that_speaks_another_version_after_its_restart(self):
        service, daemon = self.run_with(lambda call: call.answer(b""), services=(V1ALPHA2,))
        self.assertEqual(service.process_route(LIST)[0], 200)
        daemon.services = (V1,)
        self.assertEqual(service.process_route(LIST)[0], 200)
        self.assertIn((V1, "ListContainers"), daemon.calls)

    def test_a_daemon_without_cri(self):
        service, daemon = self.run_with(lambda call: call.answer(b""), services=())
        self.fails(service, LIST, "does not serve CRI")
        calls = len(daemon.calls)
        self.fails(service, LIST, "does not serve CRI")
        self.assertEqual(len(daemon.calls), calls, "it is not asked again at once")

    def test_only_reads_are_called(self):
        service, daemon = self.run_with(lambda call: call.answer(b""))
        for path, parameters in ((LIST, {}), (INFO, {}), (NET_INFO, {"id": ID}), (NET_INFO, {"id": "web"}),
                                 (NET_INFO, {"pod.namespace": "a", "pod.name": "b"})):
            service.process_route(path, parameters)
        allowed = {"Version", "Status", "ListContainers", "ListPodSandbox", "ContainerStatus", "PodSandboxStatus"}
        self.assertLessEqual({method for _, method in daemon.calls}, allowed)


if __name__ == "__main__":
    unittest.main()
