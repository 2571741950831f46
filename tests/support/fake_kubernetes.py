"""An API server or a kubelet as far as this project asks them, over TLS with certificates made on the spot. It checks the bearer token
and the client certificate, remembers every request, and misbehaves on demand. Standard library and the openssl program only."""

import base64
import http.server
import json
import pathlib
import re
import socket
import ssl
import subprocess
import threading
import urllib.parse

# Longer than any deadline of a test: it only ends what a failed test left waiting.
HANG_LIMIT_S = 60


class Certificates:
    """Certificate authorities and what they sign, as PEM files in one folder."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def authority(self, name):
        """A CA of its own; the path of its certificate."""
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}.key",
                      "-out", f"{name}.pem", "-days", "2", "-subj", f"/CN={name}")
        return self.folder / f"{name}.pem"

    def issue(self, authority, name, alternative_names="", expired=False):
        """A certificate for `name`, signed by an authority made before: paths of certificate and key."""
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}.key",
                      "-out", f"{name}.csr", "-subj", f"/O=test/CN={name}")
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={alternative_names}\n" if alternative_names else "basicConstraints=CA:FALSE\n")
        validity = ("-days", "-1") if expired else ("-days", "2")
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority.stem}.pem", "-CAkey", f"{authority.stem}.key",
                      "-CAcreateserial", "-out", f"{name}.pem", "-extfile", extensions.name, *validity)
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    def _openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"openssl {arguments[0]}: {done.stderr}")


def pod(namespace, name, node, **more):
    """A Pod as bytes, with what a JSON library would change on the way through."""
    text = json.dumps({"kind": "Pod", "apiVersion": "v1",
                       "metadata": {"name": name, "namespace": namespace, "uid": f"uid-of-{name}", "labels": {"app": "ä"}, **more},
                       "spec": {"nodeName": node, "containers": [{"name": "c", "image": "i"}]}}, ensure_ascii=False)
    return text[:-1].encode() + b', "status": {"huge": 123456789012345678901234567890, "ratio": 0.100, "again": 1, "again": 2}}'


def as_list_item(whole):
    """A Pod as it stands in a list: without kind and apiVersion."""
    start = b'{"kind": "Pod", "apiVersion": "v1", '
    assert whole.startswith(start)
    return b"{" + whole[len(start):]


class FakeKubernetes:
    """Use as a context manager. `role` is "apiserver" or "kubelet". `fault`, while set, answers instead of the pods: a status number,
    or the name of one of the methods `_fault_…` of the handler. `requests` holds (method, target, headers, client certificate's CN)."""

    def __init__(self, certificate, key, client_authority=None, role="apiserver", tokens=(), client_names=()):
        self.role = role
        self.tokens = set(tokens)
        self.client_names = set(client_names)
        self.pods = []
        self.honours_selector = True
        self.fault = None
        self.message = "this is the message of the server"
        self.redirect_to = ""
        self.requests = []
        # For reviews: whose token it is, which audiences the server gives it, and (user, verb, "nodes/stats" or URL) that are allowed.
        self.users = {}
        self.audiences = ["nodescope"]
        self.rights = set()
        self.said_audiences = True  # None: of the old ones, which do not know audiences
        self.unknown_delay_s = 0  # how long it thinks about the token of nobody
        self.reviews = []
        self.gate = threading.Event()     # opens the fault "gate"
        self.entered = threading.Event()  # somebody is in it
        self.entries = 0
        self._release = threading.Event()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        if client_authority:
            self.context.verify_mode = ssl.CERT_OPTIONAL
            self.context.load_verify_locations(client_authority)
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.fake = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self):
        return f"https://127.0.0.1:{self._server.server_address[1]}"

    @property
    def targets(self):
        return [target for _, target, _, _ in self.requests]

    def authorizations(self):
        return [headers.get("Authorization", "") for _, _, headers, _ in self.requests]

    def hold(self, limit_s=HANG_LIMIT_S):
        """Waits in a handler until the fake is closed: a peer that stalls."""
        self._release.wait(limit_s)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def get_request(self):
        connection, address = super().get_request()
        connection.settimeout(HANG_LIMIT_S)
        # The handshake is left to the handler's thread, so that one client cannot hold up the next.
        wrapped = self.fake.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return wrapped, address

    def handle_error(self, request, client_address):
        pass  # Clients that refuse the certificate or go away are what the tests are about.


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        self.request.do_handshake()
        super().setup()

    @property
    def fake(self):
        return self.server.fake

    def client_name(self):
        for part in (self.request.getpeercert() or {}).get("subject", ()):
            for key, value in part:
                if key == "commonName":
                    return value
        return ""

    def log_message(self, *_):
        pass

    def do_GET(self):
        fake = self.fake
        fake.requests.append((self.command, self.path, dict(self.headers), self.client_name()))
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in fake.tokens and self.client_name() not in fake.client_names:
            self.status(401, "Unauthorized")
        elif isinstance(fake.fault, int):
            self.status(fake.fault, fake.message)
        elif fake.fault:
            getattr(self, f"_fault_{fake.fault}")()
        elif fake.role == "kubelet":
            self.kubelet()
        else:
            self.api_server()

    def do_POST(self):
        fake = self.fake
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        fake.requests.append((self.command, self.path, dict(self.headers), self.client_name()))
        if self.headers.get("Authorization", "").removeprefix("Bearer ") not in fake.tokens:
            return self.status(401, "Unauthorized")
        if isinstance(fake.fault, int):
            return self.status(fake.fault, fake.message)
        if fake.fault == "echo_body":
            return self.status(500, body.decode())
        if fake.fault == "gate":
            fake.entries += 1
            fake.entered.set()
            fake.gate.wait(HANG_LIMIT_S)
        elif fake.fault:
            return getattr(self, f"_fault_{fake.fault}")()
        review = json.loads(body)
        fake.reviews.append(review)
        kinds = {"/apis/authentication.k8s.io/v1/tokenreviews": ("TokenReview", self.token_review),
                 "/apis/authorization.k8s.io/v1/subjectaccessreviews": ("SubjectAccessReview", self.access_review)}
        kind, answer = kinds.get(self.path, (None, None))
        if kind is None or review["kind"] != kind:
            return self.status(404, "the server could not find the requested resource")
        return self.answer(201, json.dumps({**review, "status": answer(review["spec"])}).encode())

    def token_review(self, spec):
        user = self.fake.users.get(spec["token"])
        given = [audience for audience in spec.get("audiences", []) if audience in self.fake.audiences]
        if user is not None and self.fake.said_audiences is None:
            return {"authenticated": True, "user": {"username": user}}
        if user is None:
            self.fake.hold(self.fake.unknown_delay_s)
        if user is None or not given:
            return {"authenticated": False, "error": "invalid bearer token"}
        return {"authenticated": True, "audiences": given,
                "user": {"username": user, "uid": "u-1", "groups": ["system:authenticated"], "extra": {"a.example/b": ["c"]}}}

    def access_review(self, spec):
        if "nonResourceAttributes" in spec:
            wanted = spec["nonResourceAttributes"]["path"]
        else:
            wanted = "{resource}/{subresource}".format(**spec["resourceAttributes"])
        verb = spec.get("resourceAttributes", spec.get("nonResourceAttributes"))["verb"]
        return {"allowed": (spec["user"], verb, wanted) in self.fake.rights}

    def api_server(self):
        url = urllib.parse.urlsplit(self.path)
        one = re.fullmatch(r"/api/v1/namespaces/([^/]+)/pods/([^/]+)", url.path)
        if url.path == "/api/v1/pods":
            selector = urllib.parse.parse_qs(url.query).get("fieldSelector", [""])[0]
            node = selector.removeprefix("spec.nodeName=") if self.fake.honours_selector else None
            return self.list(node)
        if one:
            for text in self.fake.pods:
                metadata = json.loads(text)["metadata"]
                if (metadata["namespace"], metadata["name"]) == one.groups():
                    return self.answer(200, text)
            return self.status(404, f'pods "{one.group(2)}" not found')
        return self.status(404, "the server could not find the requested resource")

    def kubelet(self):
        if self.path == "/pods":
            return self.list(None)
        return self.answer(404, b"404 page not found\n", "text/plain")

    def list(self, node):
        chosen = [as_list_item(text) for text in self.fake.pods if node is None or json.loads(text)["spec"]["nodeName"] == node]
        items = b",".join(chosen) if chosen or self.fake.role != "kubelet" else None
        items = b"null" if items is None else b"[" + items + b"]"
        self.answer(200, b'{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":' + items + b"}\n")

    def status(self, code, message):
        if self.fake.role == "kubelet":
            return self.answer(code, message.encode(), "text/plain")
        body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message, "code": code}
        return self.answer(code, json.dumps(body).encode())

    def answer(self, code, body, content_type="application/json", **headers):
        self.send_response(code)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _fault_slow_header(self):
        self.fake.hold()

    def _fault_slow_body(self):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b'{"kind":"Pod"')
        self.wfile.flush()
        self.fake.hold()

    def _fault_cut_body(self):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b'{"kind":"Pod"')
        self.close_connection = True

    def _fault_cut_header(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-")
        self.close_connection = True

    def _fault_endless_body(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        piece = b"x" * 65536
        try:
            while True:
                self.wfile.write(b"10000\r\n" + piece + b"\r\n")
        except OSError:
            self.close_connection = True

    def _fault_redirect(self):
        self.answer(307, b"", Location=self.fake.redirect_to + self.path)

    def _fault_garbage(self):
        self.answer(200, b'{"kind":"Pod","apiVersion":"v1","metadata":{"name":"x"')

    def _fault_another_pod(self):
        self.answer(200, self.fake.pods[-1])

    def _fault_echo(self):
        self.status(403, "refused " + self.headers.get("Authorization", ""))


class Refusing:
    """A port of the loopback that refuses connections for as long as the context lasts."""

    def __enter__(self):
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._socket.getsockname()[1]}"
        return self

    def __exit__(self, *_):
        self._socket.close()


def write_kubeconfig(path, server, authority=None, user=None, **cluster):
    """`authority` is put in as data; `user` is the user entry as it stands in the file."""
    path = pathlib.Path(path)
    entry = {"server": server, **{key.replace("_", "-"): value for key, value in cluster.items()}}
    if authority:
        entry["certificate-authority-data"] = base64.b64encode(pathlib.Path(authority).read_bytes()).decode()
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "Config", "current-context": "test",
                                "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u"}}],
                                "clusters": [{"name": "c", "cluster": entry}], "users": [{"name": "u", "user": user or {}}]}, indent=1))
    return str(path)
