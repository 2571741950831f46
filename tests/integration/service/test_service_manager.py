"""The service under a service manager: readiness, state, reload, watchdog, inherited sockets."""

import contextlib
import http.client
import os
import re
import signal
import socket
import threading
import unittest

from tests.support.service import HANG_LIMIT_S, Service
from tests.support.service_manager import ServiceManager, reload, stopped_thread, threads_of, workers_of
from tests.support.waiting import wait_until

REQUESTS = 1000
CLIENTS = 8
WATCHDOG_US = 400_000


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=HANG_LIMIT_S)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(HANG_LIMIT_S)
        self.sock.connect(self.path)


def ask(connection, host="localhost"):
    try:
        connection.request("GET", "/healthz", headers={"Host": host})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def ask_tcp(address, host="localhost"):
    return ask(http.client.HTTPConnection(*address, timeout=HANG_LIMIT_S), host)


def logged(service, message, count=1):
    """The first `count` events with that message, once the log's reader has seen them."""
    def found():
        events = [event for event in service.log if message in event["message"]]
        return events if len(events) >= count else None

    return wait_until(found, f"logged {count} times: {message}")


class Case(unittest.TestCase):
    def setUp(self):
        self.manager = self.enterContext(ServiceManager())


class Notifications(Case):
    def test_ready_means_that_it_listens_and_stopping_that_it_does_not(self):
        with self.manager.start() as service:
            ready = self.manager.hear()
            self.assertEqual(ready["READY"], "1")
            self.assertIn(f"127.0.0.1:{service.port}", ready["STATUS"])
            self.assertEqual(ask_tcp(("127.0.0.1", service.port)), 200)
        stopping = self.manager.hear()
        self.assertEqual(stopping["STOPPING"], "1")
        self.assertIn("STATUS", stopping)

    def test_a_start_that_fails_is_never_ready(self):
        """Among them an address that cannot be had: READY must come after listen(), not before."""
        for flags in (("--listen", "unix:/nonexistent/nodescope.sock"), ("--docker-host", "ssh://x"), ("--nonsense",)):
            with self.subTest(flags=flags):
                with self.assertRaisesRegex(RuntimeError, "ended with 1"):
                    self.manager.start(*flags)
                self.assertTrue(self.manager.is_silent(0))

    def test_a_docker_daemon_that_is_away_does_not_delay_it(self):
        with self.manager.start("--docker-host", "unix:///nonexistent/docker.sock"):
            self.assertEqual(self.manager.hear()["READY"], "1")

    def test_without_a_manager_nothing_is_told(self):
        with Service(env={"NOTIFY_SOCKET": "", "LISTEN_FDS": ""}) as service:
            self.assertEqual(ask_tcp(("127.0.0.1", service.port)), 200)

    def test_a_manager_that_does_not_listen_is_not_waited_for(self):
        """Its queue is full after a few messages (net.unix.max_dgram_qlen); what it missed it gets once it reads."""
        with self.manager.start(watchdog_us=10_000) as service:
            queued = int(open("/proc/sys/net/unix/max_dgram_qlen", encoding="ascii").read())
            for _ in range(queued):
                reload(service)
                self.assertEqual(ask_tcp(("127.0.0.1", service.port)), 200)
            self.manager.hear_until("READY")
            reload(service)
            self.manager.hear_until("RELOADING")
            self.manager.hear_until("READY")

    def test_a_manager_that_went_away_does_not_matter(self):
        with self.manager.start(watchdog_us=WATCHDOG_US) as service:
            self.manager.hear_until("READY")
            os.unlink(self.manager.folder / "notify")
            self.manager.notifications.close()
            reload(service)
            self.assertEqual(ask_tcp(("127.0.0.1", service.port)), 200)


class Reload(Case):
    def setUp(self):
        super().setUp()
        self.file = self.manager.folder / "config.toml"

    def start(self, text, *flags):
        self.file.write_text(text)
        service = self.enterContext(self.manager.start("--config", str(self.file), *flags))
        self.manager.hear_until("READY")
        self.address = ("127.0.0.1", service.port)
        return service

    def reload(self, service, text):
        self.file.write_text(text)
        reload(service)
        heard = self.manager.hear_until("READY")
        self.assertEqual(heard[0]["RELOADING"], "1")
        self.assertRegex(heard[0]["MONOTONIC_USEC"], r"^\d+$")
        self.assertEqual(len(heard), 2)
        return heard[-1]["STATUS"]

    def test_what_can_change_changes(self):
        service = self.start('allow-host = ["a.example"]\n')
        self.assertEqual([ask_tcp(self.address, host) for host in ("a.example", "b.example")], [200, 421])
        status = self.reload(service, 'allow-host = ["b.example"]\nlog-level = "warning"\n')
        self.assertNotIn("failed", status)
        self.assertEqual([ask_tcp(self.address, host) for host in ("a.example", "b.example")], [421, 200])
        service.stop()
        statuses = [event["status"] for event in service.log if event["message"] == "request"]
        self.assertEqual(statuses, [421], "the refused one of before: the log level is another")

    def test_a_broken_file_changes_nothing_and_is_named(self):
        service = self.start('allow-host = ["a.example"]\n')
        failures = 0
        for text, reason in (('allow-host = ["b.example"\n', r"config\.toml:2: "), ('\nalow-host = []\n', r"config\.toml:2: .*allow-host"),
                             ('allow-host = ["b.example"]\nmax-connections = 0\n', r"config\.toml:2: .*max-connections"),
                             ('allow-host = ["b.example"]\ntimeout-nat = "soon"\n', r"config\.toml:2: .*soon")):
            with self.subTest(text=text):
                status = self.reload(service, text)
                self.assertRegex(status, "listening on .*failed.*" + reason)
                failures += 1
                self.assertRegex(logged(service, "not reloaded", failures)[-1]["reason"], reason)
                self.assertEqual([ask_tcp(self.address, host) for host in ("a.example", "b.example")], [200, 421])
        self.file.unlink()
        reload(service)
        self.assertIn("config.toml", self.manager.hear_until("READY")[-1]["STATUS"])
        self.assertNotIn("failed", self.reload(service, ""))
        self.assertEqual(ask_tcp(self.address, "a.example"), 421)

    def test_a_key_that_needs_a_restart_is_named(self):
        service = self.start("")
        self.reload(service, 'docker-host = "unix:///other.sock"\nmax-connections = 7\n')
        self.assertEqual(logged(service, "configuration reloaded")[0]["changed"], "max-connections")
        self.assertEqual(logged(service, "a restart is needed")[0]["keys"], "docker-host")

    def test_what_changed_is_told_once(self):
        """Compared with what is in use, not with what was at the start: but what needs a restart needs it until then."""
        service = self.start("")
        for number, (text, changed) in enumerate((("max-connections = 7\n", "max-connections"), ("max-connections = 7\n", ""),
                                                  ('docker-host = "unix:///other.sock"\n', "max-connections"),
                                                  ('docker-host = "unix:///other.sock"\n', "")), start=1):
            with self.subTest(number=number):
                self.reload(service, text)
                self.assertEqual(logged(service, "configuration reloaded", number)[-1]["changed"], changed)
        self.assertEqual([event["keys"] for event in logged(service, "a restart is needed", 2)], ["docker-host"] * 2)

    def test_flags_stay_what_they_are(self):
        service = self.start('allow-host = ["a.example"]\n', "--allow-host", "b.example")
        self.reload(service, 'allow-host = ["c.example"]\n')
        self.assertEqual([ask_tcp(self.address, host) for host in ("b.example", "c.example")], [200, 421])

    def test_under_load_no_request_fails(self):
        service = self.start("max-connections = 500\n")
        seen = []
        clients = [threading.Thread(target=lambda: seen.extend(ask_tcp(self.address) for _ in range(50))) for _ in range(4)]
        for client in clients:
            client.start()
        for number in range(10):
            self.reload(service, f"max-connections = {400 + number}\n")
        for client in clients:
            client.join()
        self.assertEqual(seen, [200] * 200)


class Watchdog(Case):
    def setUp(self):
        super().setUp()
        # A caller over a Unix socket is known without a worker's help.
        self.path = self.manager.listen_unix()
        self.service = self.enterContext(self.manager.start(watchdog_us=WATCHDOG_US, listen=()))
        self.manager.hear_until("READY")

    def hear_of_life(self, times):
        for _ in range(times):
            self.assertEqual(self.manager.hear(), {"WATCHDOG": "1"})

    def test_a_sound_service_goes_on_saying_so(self):
        self.hear_of_life(10)

    def test_a_reactor_that_stands_still_says_nothing(self):
        self.hear_of_life(2)
        reactor, _ = threads_of(self.service)
        with stopped_thread(reactor):
            self.assertTrue(self.manager.is_silent(2 * WATCHDOG_US / 1e6))
        self.hear_of_life(2)

    def test_one_worker_that_stands_still_does_not_silence_it(self):
        self.hear_of_life(2)  # by then each worker has answered once, and has its name
        workers = workers_of(self.service)
        self.assertGreaterEqual(len(workers), 4, "two that read the node, two that check who asks")
        for worker in workers:
            with stopped_thread(worker):
                self.hear_of_life(4)

    def test_workers_that_all_stand_still_silence_it(self):
        self.hear_of_life(2)
        workers = workers_of(self.service)
        with contextlib.ExitStack() as stopped:
            for worker in workers:
                stopped.enter_context(stopped_thread(worker))
            self.assertTrue(self.manager.is_silent(2 * WATCHDOG_US / 1e6))
            # It is the watchdog that fell silent, not the service.
            self.assertEqual(ask(UnixConnection(self.path)), 200)
        self.hear_of_life(2)


class WithoutWatchdog(Case):
    def test_nobody_asked_nobody_is_told(self):
        for env in ({}, {"WATCHDOG_USEC": "100000", "WATCHDOG_PID": "1"}):
            with self.subTest(env=env), self.manager.start(env=env):
                self.manager.hear_until("READY")
                self.assertTrue(self.manager.is_silent(0.5))
            self.manager.hear_until("STOPPING")


class InheritedSockets(Case):
    def test_it_serves_what_it_was_handed_and_binds_nothing(self):
        tcp, path = self.manager.listen_tcp(), self.manager.listen_unix()
        occupied = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        with self.manager.start("--listen", f"127.0.0.1:{occupied.getsockname()[1]}", listen=()) as service:
            self.assertEqual(service.addresses, [f"127.0.0.1:{tcp[1]}", f"unix:{path}"])
            self.assertEqual([ask_tcp(tcp), ask(UnixConnection(path))], [200, 200])
            self.assertNotIn("LISTEN_FDS", open(f"/proc/{service.pid}/environ", encoding="utf-8").read().replace("LISTEN_FDS=2", "", 1))
        self.assertTrue(os.path.exists(path), "the file is the manager's")

    def test_an_address_of_the_configuration_that_it_was_not_handed_is_told(self):
        """The socket unit says where it listens; whoever changed `listen` alone would look for it there."""
        tcp, path = self.manager.listen_tcp(), self.manager.listen_unix()
        same = (f"localhost:{tcp[1]}", f"unix:{path}")
        for listen, told in ((same, []), (same[:1], []), ((*same, "127.0.0.1:1", "unix:/elsewhere"), ["127.0.0.1:1,unix:/elsewhere"])):
            with self.subTest(listen=listen):
                with self.manager.start(listen=listen) as service:
                    self.assertEqual(ask_tcp(tcp), 200)
                self.assertEqual([event["addresses"] for event in service.log if "are not listened on" in event["message"]], told)

    def test_sockets_for_another_process_are_not_taken(self):
        tcp = self.manager.listen_tcp()
        with self.manager.start(env={"LISTEN_PID": "1"}) as service:
            self.assertNotEqual(service.port, tcp[1])
            self.assertEqual(ask_tcp(("127.0.0.1", service.port)), 200)

    def test_what_cannot_be_served_is_a_start_up_error(self):
        with self.subTest("other machines can reach it"):
            self.manager.listen_tcp(("0.0.0.0", 0))
            with self.assertRaisesRegex(RuntimeError, r"0\.0\.0\.0.*other machines"):
                self.manager.start()
            with self.manager.start("--insecure-listen"):
                pass
        for kind, bind in ((socket.SOCK_STREAM, False), (socket.SOCK_DGRAM, True)):
            with self.subTest(kind=kind), ServiceManager() as manager, socket.socket(socket.AF_INET, kind) as wrong:
                if bind:
                    wrong.bind(("127.0.0.1", 0))
                manager.listeners.append(wrong)
                with self.assertRaisesRegex(RuntimeError, "not a listening stream socket"):
                    manager.start()

    def test_no_request_is_lost_over_restarts(self):
        """1,000 requests, each on a connection of its own, while the service is stopped and started again and again."""
        tcp, path = self.manager.listen_tcp(), self.manager.listen_unix()
        outcomes, ended, left = [], threading.Event(), threading.Semaphore(REQUESTS)

        def client(number):
            while left.acquire(blocking=False):
                try:
                    outcomes.append(ask(UnixConnection(path)) if number % 2 else ask_tcp(tcp))
                except Exception as error:  # pylint: disable=broad-except
                    outcomes.append(repr(error))
            ended.set()

        restarts = 0
        service = self.manager.start("--log-level", "info")
        clients = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
        for one in clients:
            one.start()
        while not ended.is_set():
            before = len(outcomes)
            while len(outcomes) < before + REQUESTS // 10 and not ended.wait(0.001):
                pass
            self.assertEqual(service.stop(), 0)
            restarts += 1
            service = self.manager.start("--log-level", "info")
        for one in clients:
            one.join()
        self.assertEqual(service.stop(), 0)
        self.assertEqual({what: outcomes.count(what) for what in set(outcomes)}, {200: REQUESTS})
        self.assertGreater(restarts, 4)

    def test_a_connection_made_before_the_stop_gets_its_answer(self):
        """Taken by the old service, with the request still on its way: the successor never sees that connection."""
        tcp = self.manager.listen_tcp()
        service = self.manager.start()
        with socket.create_connection(tcp, timeout=HANG_LIMIT_S) as connection:
            # Answered one after the other: when this one is, the connection before it has been accepted.
            self.assertEqual(ask_tcp(tcp), 200)
            service.process.send_signal(signal.SIGTERM)
            self.manager.hear_until("STOPPING")
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertRegex(connection.makefile("rb").read(), re.compile(rb"^HTTP/1.1 200 .*Connection: close", re.S | re.I))
        self.assertEqual(service.process.wait(timeout=HANG_LIMIT_S), 0)
        service.stop()


if __name__ == "__main__":
    unittest.main()
