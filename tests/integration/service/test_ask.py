"""`nodescope ask` and --healthcheck: the service asked through its own binary, as an image without curl does."""

import pathlib
import socket
import subprocess
import tempfile
import threading
import unittest

from tests.support import service
from tests.support.fake_kubernetes import Certificates

MOUNTS = "/processor/mountInfoCollector"


def run(*arguments, env=None):
    return subprocess.run([service.BINARY, *arguments], env=env or {}, capture_output=True, text=True, timeout=service.HANG_LIMIT_S, check=False)


class Peer:
    """A server that takes one connection, reads the request, and sends `answer`, or nothing and holds on when it is None."""

    def __init__(self, test, answer):
        self.answer = answer
        self.listener = socket.create_server(("127.0.0.1", 0))
        test.addCleanup(self.listener.close)
        self.done = threading.Event()
        self.request = b""
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        test.addCleanup(self.end)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def serve(self):
        connection, _ = self.listener.accept()
        with connection:
            while b"\r\n\r\n" not in self.request:
                self.request += connection.recv(4096)
            if self.answer is None:
                self.done.wait(service.HANG_LIMIT_S)
            else:
                connection.sendall(self.answer)

    def end(self):
        self.done.set()
        self.thread.join(timeout=service.HANG_LIMIT_S)


class AskTheService(unittest.TestCase):
    def setUp(self):
        self.service = service.Service("--docker-host", "unix:///nonexistent/docker.sock")
        self.addCleanup(self.service.stop)
        self.address = f"127.0.0.1:{self.service.port}"

    def test_healthcheck(self):
        asked = run("--healthcheck", env={"NODESCOPE_LISTEN": self.address})
        self.assertEqual((asked.returncode, asked.stdout, asked.stderr), (0, "ok", ""))

    def test_the_address_comes_from_the_configuration_file_too(self):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(f'listen = ["{self.address}"]\n')
            file.flush()
            self.assertEqual(run("--healthcheck", "--config", file.name).returncode, 0)
            self.assertEqual(run("ask", "--config", file.name, "/readyz").stdout, "ok")

    def test_a_wildcard_is_asked_on_loopback(self):
        for wildcard in ("0.0.0.0", "127.0.0.1", "localhost"):
            with self.subTest(wildcard):
                self.assertEqual(run("--healthcheck", "--listen", f"{wildcard}:{self.service.port}").returncode, 0)

    def test_a_processor_is_posted_to(self):
        asked = run("ask", f"--server=http://{self.address}", MOUNTS, "{}")
        self.assertEqual((asked.returncode, asked.stderr), (0, ""))
        self.assertTrue(asked.stdout.startswith('{"collector.system.mountinfo":"'))

    def test_an_answer_that_is_not_200_goes_to_standard_error(self):
        asked = run("ask", f"--server=http://{self.address}", "/processor/containerCollector", "{}")
        self.assertEqual((asked.returncode, asked.stdout), (1, ""))
        self.assertIn("status 500: Cannot connect to the Docker daemon at unix:///nonexistent/docker.sock.", asked.stderr)
        self.assertIn("status 405: method GET is not supported", run("ask", f"--server=http://{self.address}", "/processor/containerCollector").stderr)

    def test_a_unix_socket(self):
        with tempfile.TemporaryDirectory() as folder:
            address = f"unix:{pathlib.Path(folder, 'socket')}"
            with service.Service("--docker-host", "unix:///nonexistent/docker.sock", listen=("127.0.0.1:0", address)):
                self.assertEqual(run("--healthcheck", "--listen", address).stdout, "ok")
            asked = run("--healthcheck", "--listen", address)
            self.assertEqual(asked.returncode, 1)
            self.assertIn("connect: No such file or directory", asked.stderr)


class AskWithTls(unittest.TestCase):
    """Its certificate need not be one that anybody would trust: only that it answers is asked."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.files = {name: pathlib.Path(folder.name, name) for name in ("certificate", "key")}
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
                        "-subj", "/CN=elsewhere", "-keyout", self.files["key"], "-out", self.files["certificate"]], check=True, capture_output=True)
        self.files["key"].chmod(0o600)
        self.flags = ("--tls-cert-file", str(self.files["certificate"]), "--tls-key-file", str(self.files["key"]))

    def start(self, *flags):
        running = service.Service("--docker-host", "unix:///nonexistent/docker.sock", *self.flags, *flags)
        self.addCleanup(running.stop)
        return f"127.0.0.1:{running.port}"

    def test_the_configuration_tells_that_it_is_tls(self):
        self.assertEqual(run("--healthcheck", "--listen", self.start(), *self.flags).stdout, "ok")

    def test_a_processor(self):
        asked = run("ask", f"--server=https://{self.start()}", MOUNTS, "{}")
        self.assertEqual((asked.returncode, asked.stderr), (0, ""))
        self.assertTrue(asked.stdout.startswith('{"collector.system.mountinfo":"'))

    def test_alive_without_a_certificate_where_callers_need_one(self):
        address = self.start("--auth", "client-certificate", "--client-ca-file", str(self.files["certificate"]), "--allow-client-name", "agent")
        self.assertEqual(run("ask", f"--server=https://{address}", "/healthz").stdout, "ok")
        self.assertIn("status 403: this caller is not allowed", run("ask", f"--server=https://{address}", MOUNTS, "{}").stderr)

    def test_the_other_protocol(self):
        self.assertEqual(run("ask", f"--server=http://{self.start()}", "/healthz").returncode, 1)
        with service.Service("--docker-host", "unix:///nonexistent/docker.sock") as plain:
            self.assertIn("TLS handshake: ", run("ask", f"--server=https://127.0.0.1:{plain.port}", "/healthz").stderr)


class AskWithAnAuthority(unittest.TestCase):
    """--ca-file, --cert-file and --key-file: who is asked, and who asks, is proved."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="nodescope-ask-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        certificates = Certificates(folder.name)
        cls.authority, cls.other = certificates.authority("ca"), certificates.authority("other-ca")
        cls.server = certificates.issue(cls.authority, "server", "DNS:localhost,IP:127.0.0.1")
        cls.elsewhere = certificates.issue(cls.authority, "elsewhere", "DNS:elsewhere.example,IP:192.0.2.1")
        cls.expired = certificates.issue(cls.authority, "expired", "DNS:localhost,IP:127.0.0.1", expired=True)
        cls.agent = certificates.issue(cls.authority, "agent", "DNS:agent.example")
        cls.somebody = certificates.issue(cls.authority, "somebody", "DNS:somebody.example")
        cls.foreign = certificates.issue(cls.other, "foreign", "DNS:agent.example")

    def start(self, served=None, *flags):
        certificate, key = served or self.server
        running = service.Service("--docker-host", "unix:///nonexistent/docker.sock", "--tls-cert-file", str(certificate), "--tls-key-file", str(key),
                                  *flags)
        self.addCleanup(running.stop)
        return running.port

    def ask(self, port, *flags, host="127.0.0.1"):
        return run("ask", f"--server=https://{host}:{port}", *flags, MOUNTS, "{}")

    def refusal(self, *arguments, **more):
        asked = self.ask(*arguments, **more)
        self.assertEqual((asked.returncode, asked.stdout), (1, ""))
        return asked.stderr

    def test_the_right_one(self):
        port = self.start()
        for host in ("127.0.0.1", "localhost"):
            asked = self.ask(port, "--ca-file", self.authority, host=host)
            self.assertEqual((asked.returncode, asked.stderr), (0, ""))

    def test_another_one(self):
        self.assertIn("TLS handshake: the server's certificate is not trusted: unable to get local issuer certificate",
                      self.refusal(self.start(), "--ca-file", self.other))

    def test_the_name_is_of_somebody_else(self):
        port = self.start(self.elsewhere)
        self.assertIn("is not trusted: IP address mismatch", self.refusal(port, "--ca-file", self.authority))
        self.assertIn("is not trusted: hostname mismatch", self.refusal(port, "--ca-file", self.authority, host="localhost"))
        self.assertEqual(self.ask(port).returncode, 0)  # without an authority, nothing is verified

    def test_expired(self):
        self.assertIn("is not trusted: certificate has expired", self.refusal(self.start(self.expired), "--ca-file", self.authority))

    def test_files_that_are_none(self):
        port = self.start()
        nothing = self.folder / "nothing"
        nothing.write_text("nothing\n")
        self.assertRegex(self.refusal(port, "--ca-file", "/nonexistent/ca.pem"), "/nonexistent/ca.pem: .*No such file")
        self.assertIn(f"{nothing}: ", self.refusal(port, "--ca-file", nothing))
        ours = ("--ca-file", self.authority)
        self.assertIn(f"{nothing}: ", self.refusal(port, *ours, "--cert-file", nothing, "--key-file", self.agent[1]))
        self.assertIn(f"{self.somebody[1]}: ", self.refusal(port, *ours, "--cert-file", self.agent[0], "--key-file", self.somebody[1]))

    def test_who_asks(self):
        port = self.start(None, "--auth", "client-certificate", "--client-ca-file", str(self.authority), "--allow-client-name", "agent.example")
        ours = ("--ca-file", self.authority)
        self.assertIn("status 403: ", self.refusal(port, *ours))
        self.assertIn("status 403: ", self.refusal(port, *ours, "--cert-file", self.somebody[0], "--key-file", self.somebody[1]))
        # Its last word may be lost when the connection is reset meanwhile.
        self.assertRegex(self.refusal(port, *ours, "--cert-file", self.foreign[0], "--key-file", self.foreign[1]),
                         "header: tlsv1 alert unknown ca|closed without an answer")
        asked = self.ask(port, *ours, "--cert-file", self.agent[0], "--key-file", self.agent[1])
        self.assertEqual((asked.returncode, asked.stderr), (0, ""))
        self.assertTrue(asked.stdout.startswith('{"collector.system.mountinfo":"'))

    def test_what_goes_together(self):
        for given, said in ((("--cert-file", "x"), "--cert-file requires --"), (("--key-file", "x"), "--key-file requires --cert-file"),
                            (("--cert-file", "x", "--key-file", "x"), "--cert-file requires --ca-file"),
                            (("--cert-file", "x", "--ca-file", "x"), "--cert-file requires --key-file")):
            with self.subTest(given=given):
                self.assertIn(said, self.refusal(1, *given))


class AskOthers(unittest.TestCase):
    def refusal(self, *arguments):
        asked = run(*arguments)
        self.assertEqual((asked.returncode, asked.stdout), (1, ""))
        return asked.stderr

    def test_nobody_there(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        self.assertIn(f"http://127.0.0.1:{port}/healthz: connect: Connection refused", self.refusal("--healthcheck", "--listen", f"127.0.0.1:{port}"))

    def test_a_peer_that_never_answers_ends_with_the_limit_and_the_phase(self):
        peer = Peer(self, None)
        self.assertEqual(self.refusal("--healthcheck", "--listen", peer.url.removeprefix("http://")),
                         f"nodescope: {peer.url}/healthz: connected, but not answered in time\n")

    def test_answers_that_are_none(self):
        for answer, said in ((b"", "closed without an answer"), (b"SSH-2.0-x\r\n", "the answer is not HTTP"),
                             (b"HTTP/1.1 20", "the answer is not HTTP"), (b"HTTP/1.1 200\r\n\r", "the answer is not HTTP"),
                             (b"HTTP/1.1\r\n\r\n", "the answer is not HTTP"),
                             (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut", "the answer was cut short"),
                             (b"HTTP/1.1 503 Busy\r\n\r\nlater", "status 503: later")):
            with self.subTest(answer):
                self.assertIn(said, self.refusal("ask", f"--server={Peer(self, answer).url}", "/x"))

    def test_the_request(self):
        peer = Peer(self, b"HTTP/1.1 200 OK\r\n\r\nyes")
        asked = run("ask", f"--server={peer.url}", "/x?a=1", '{"id":"web"}')
        self.assertEqual((asked.returncode, asked.stdout), (0, "yes"))
        host = peer.url.removeprefix("http://")
        version = run("version").stdout.split()[1]
        self.assertEqual(peer.request.decode().split("\r\n\r\n")[0], f"POST /x?a=1 HTTP/1.1\r\nHost: {host}\r\n"
                                                                     f"User-Agent: nodescope/{version}\r\nConnection: close\r\n"
                                                                     "Content-Type: application/json\r\nContent-Length: 12")

    def test_what_is_no_server_and_no_path(self):
        for server in ("127.0.0.1:80", "ftp://127.0.0.1:80", "http://127.0.0.1", "http://:80", "http://h:0", "http://h:65536", "http://h:8x",
                       "http://u@h:80", "http://h:80/x", "http://h:80\r\nX: y"):
            with self.subTest(server):
                self.assertIn("is not a server: use http://host:port", self.refusal("ask", f"--server={server}", "/x"))
        self.assertIn('"x" is not a path', self.refusal("ask", "--server=http://127.0.0.1:1", "x"))
        self.assertIn("is not a path", self.refusal("ask", "--server=http://127.0.0.1:1", "/x HTTP/1.1\r\nX: y"))
        self.assertIn("the kernel chose the port", self.refusal("--healthcheck", "--listen", "127.0.0.1:0"))
        self.assertIn("no address for nosuch.invalid", self.refusal("ask", "--server=http://nosuch.invalid:80", "/x"))


if __name__ == "__main__":
    unittest.main()
