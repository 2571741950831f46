"""Pod detail and pod list of the real binary against a fake API server and a fake kubelet."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from tests.support.fake_kubernetes import Certificates, FakeKubernetes, Refusing, as_list_item, pod, write_kubeconfig
from tests.support.service import Service

NODE = "node-a"
TOKEN = "planted-s3cret-token"
SECOND_TOKEN = "second-s3cret-token"
DETAIL = "collector.kubernetes.pod.detail"
LIST = "collector.kubernetes.pod.list"
HERE = pod("default", "x", NODE)
ELSEWHERE = pod("default", "away", "node-b-of-others")
POD_PATH = "/api/v1/namespaces/default/pods/x"


class KubernetesTest(unittest.TestCase):
    """Certificates once for the file; one folder, one API server and one kubelet for each test."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="nodescope-kubernetes-")
        cls.addClassCleanup(folder.cleanup)
        cls.certificates = Certificates(folder.name)
        cls.authority = cls.certificates.authority("cluster-ca")
        cls.other_authority = cls.certificates.authority("other-ca")
        cls.server = cls.certificates.issue(cls.authority, "server", "IP:127.0.0.1,DNS:localhost")
        # A kubelet's certificate carries the node's names; not the loopback's.
        cls.node = cls.certificates.issue(cls.authority, "node", f"DNS:{NODE}")
        cls.client = cls.certificates.issue(cls.authority, "nodescope-client")

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="nodescope-kubernetes-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.services = []
        self.answers = []
        self.api = self.fake(self.server)
        self.kubelet = self.fake(self.node, role="kubelet")
        for fake in (self.api, self.kubelet):
            fake.pods = [HERE, ELSEWHERE]

    def fake(self, certificate, **more):
        return self.enterContext(FakeKubernetes(*certificate, client_authority=self.authority, tokens=[TOKEN], **more))

    def kubeconfig(self, server=None, authority=None, user=None, name="config", **cluster):
        return write_kubeconfig(self.folder / name, server or self.api.url, authority or self.authority,
                                {"token": TOKEN} if user is None else user, **cluster)

    def service(self, kubeconfig=None, source="apiserver", *flags, **more):
        started = self.enterContext(Service("--kubeconfig", kubeconfig or self.kubeconfig(), "--pod-source", source, "--node-name", NODE,
                                            "--kubelet-endpoint", self.kubelet.url, "--log-level", "debug", *flags, **more))
        self.services.append(started)
        return started

    def ask(self, service, route="podDetailCollector", **parameters):
        body = {"pod.namespace": "default", "pod.name": "x", **{key.replace("_", "."): value for key, value in parameters.items()}}
        status, headers, answer = service.process_route(f"/processor/{route}", body)
        self.answers.append(answer.decode())
        return status, headers, answer.decode()

    def value(self, service, key=DETAIL, **parameters):
        route = {DETAIL: "podDetailCollector", LIST: "podListCollector"}[key]
        status, _, body = self.ask(service, route, **parameters)
        self.assertEqual(status, 200, body)
        answer = json.loads(body)
        self.assertEqual(list(answer), [key])
        return answer[key]

    def failure(self, service, route="podDetailCollector", **parameters):
        status, headers, body = self.ask(service, route, **parameters)
        self.assertEqual(status, 500, body)
        self.assertEqual(headers["Content-Type"], "text/plain; charset=utf-8")
        return body.strip()

    def tearDown(self):
        # No secret is in the log, whatever the test did.
        for service in self.services:
            self.assertNotIn("s3cret", json.dumps(service.log))
        for answer in self.answers:
            self.assertNotIn("s3cret", answer)


class TestPodDetail(KubernetesTest):
    def test_the_pod_comes_through_byte_for_byte(self):
        service = self.service()
        self.assertEqual(self.value(service), HERE.decode())
        self.assertEqual(self.value(service), HERE.decode())
        self.assertEqual(self.api.targets, [POD_PATH, POD_PATH])
        method, _, headers, client = self.api.requests[0]
        self.assertEqual((method, client), ("GET", ""))
        self.assertEqual(headers["Authorization"], f"Bearer {TOKEN}")
        self.assertEqual("https://" + headers["Host"], self.api.url)
        self.assertEqual(self.kubelet.requests, [])

    def test_both_spellings_of_the_route(self):
        status, _, body = self.ask(self.service(), "poddetailcollector")
        self.assertEqual((status, json.loads(body)), (200, {DETAIL: HERE.decode()}))

    def test_a_pod_that_does_not_exist(self):
        self.assertEqual(self.failure(self.service(), pod_name="nope"),
                         f"kubernetes: GET /api/v1/namespaces/default/pods/nope: the API server at {self.api.url} answered 404: "
                         'pods "nope" not found')

    def test_a_pod_of_another_node_is_not_shown(self):
        sentence = self.failure(self.service(), pod_name="away")
        self.assertEqual(sentence, f"kubernetes: pod default/away is not on this node ({NODE})")

    def test_names_that_break_the_rules_reach_nobody(self):
        service = self.service()
        pieces = ["", ".", "..", "/", "../x", "..%2f", "a/b", "a?b", "a#b", "a b", "A", "a_b", "a%00", "-a", "a-", "a..b", "a\r\nX: y", "ä",
                  "a\u0000b", "x" * 254, "a;b", "a\\b", "a:b", "a@b", "a&b", "a=b", "a+b", "a,b", "a'b", 'a"b', "a<b", "*", "{a}", "\u202ea"]
        for piece in pieces:
            for field in ("pod_namespace", "pod_name"):
                with self.subTest(field=field, value=piece):
                    self.assertIn(field.replace("_", "."), self.failure(service, **{field: piece}))
        self.assertIn("pod.namespace", self.failure(service, pod_namespace="a.b"))
        self.assertEqual(self.api.requests, [])

    def test_statuses_of_the_api_server(self):
        """Each with the server's own words; none of them is asked of the kubelet."""
        service = self.service(None, "auto")
        for status in (400, 403, 404, 409, 429, 500):
            with self.subTest(status=status):
                self.api.fault = status
                self.assertEqual(self.failure(service), f"kubernetes: GET {POD_PATH}: the API server at {self.api.url} answered {status}: "
                                                        "this is the message of the server")
        self.assertEqual(self.kubelet.requests, [])

    def test_control_characters_of_a_message_are_escaped(self):
        self.api.fault, self.api.message = 403, "no\x1b[31m\n\u202e"
        self.assertTrue(self.failure(self.service()).endswith("answered 403: no\\x1b[31m\\n\\u202e"))

    def test_a_token_that_the_server_repeats_is_taken_out(self):
        self.api.fault = "echo"
        self.assertTrue(self.failure(self.service()).endswith("answered 403: refused Bearer [token]"))

    def test_redirects_are_not_followed(self):
        canary = self.fake(self.server)
        self.api.fault, self.api.redirect_to = "redirect", canary.url
        self.assertEqual(self.failure(self.service()), f"kubernetes: GET {POD_PATH}: the API server at {self.api.url} answered 307, a "
                                                       "redirect, and redirects are not followed")
        self.assertEqual(canary.requests, [])

    def test_deadlines_name_the_phase_and_the_limit(self):
        service = self.service(None, "apiserver", "--timeout-kubernetes", "2s")
        self.api.fault = "slow_header"
        self.assertEqual(self.failure(service), f"kubernetes: GET {POD_PATH}: no response header within 2s (the API server at {self.api.url})")
        self.api.fault = "slow_body"
        self.assertEqual(self.failure(service),
                         f"kubernetes: GET {POD_PATH}: response body not complete within 2s (the API server at {self.api.url})")
        self.api.fault = None
        self.assertEqual(self.value(service), HERE.decode())

    def test_an_answer_beyond_4_mib_is_refused(self):
        service = self.service()
        self.api.fault = "endless_body"
        self.assertIn("larger than 4194304 bytes", self.failure(service))
        self.api.fault = None
        self.assertEqual(self.value(service), HERE.decode())

    def test_broken_answers(self):
        service = self.service()
        for fault in ("garbage", "cut_body", "cut_header"):
            with self.subTest(fault=fault):
                self.api.fault = fault
                sentence = self.failure(service)
                self.assertTrue(sentence.startswith(f"kubernetes: GET {POD_PATH}: "), sentence)
                self.assertIn(f"the API server at {self.api.url}", sentence)
        self.api.fault = None
        self.assertEqual(self.value(service), HERE.decode())

    def test_another_pod_than_asked_for_is_refused(self):
        self.api.fault = "another_pod"
        self.assertIn("answered something else than asked: not a Pod", self.failure(self.service()))

    def test_the_server_is_away(self):
        refusing = self.enterContext(Refusing())
        sentence = self.failure(self.service(self.kubeconfig(refusing.url)))
        self.assertEqual(sentence, f"kubernetes: GET {POD_PATH}: connect: Connection refused (the API server at {refusing.url})")

    def test_base_path_of_the_server(self):
        self.assertIn(f"GET /k8s/clusters/c{POD_PATH}:", self.failure(self.service(self.kubeconfig(self.api.url + "/k8s/clusters/c/"))))
        self.assertEqual(self.api.targets, [f"/k8s/clusters/c{POD_PATH}"])


class TestCredentials(KubernetesTest):
    def test_a_rotated_token_is_taken_up(self):
        """At once when the old one is refused."""
        token_file = self.folder / "token"
        token_file.write_text(TOKEN + "\n")
        service = self.service(self.kubeconfig(user={"tokenFile": "token"}))
        self.assertEqual(self.value(service), HERE.decode())
        token_file.write_text(SECOND_TOKEN + "\n")
        self.api.tokens = {SECOND_TOKEN}
        self.assertEqual(self.value(service), HERE.decode())
        self.assertEqual(self.api.authorizations(), [f"Bearer {TOKEN}", f"Bearer {TOKEN}", f"Bearer {SECOND_TOKEN}"])

    def test_a_token_that_stays_wrong_is_not_tried_twice(self):
        service = self.service()
        self.api.tokens = set()
        self.assertEqual(self.failure(service), f"kubernetes: GET {POD_PATH}: the API server at {self.api.url} answered 401: Unauthorized")
        self.assertEqual(len(self.api.requests), 1)

    def test_a_client_certificate(self):
        self.api.tokens, self.api.client_names = set(), {"nodescope-client"}
        certificate, key = self.client
        service = self.service(self.kubeconfig(user={"client-certificate": str(certificate), "client-key": str(key)}))
        self.assertEqual(self.value(service), HERE.decode())
        self.assertEqual(self.api.authorizations(), [""])
        self.assertEqual(self.api.requests[0][3], "nodescope-client")

    def test_a_server_that_another_authority_has_signed(self):
        sentence = self.failure(self.service(self.kubeconfig(authority=self.other_authority)))
        self.assertIn("TLS handshake: certificate verify failed", sentence)
        self.assertEqual(self.api.requests, [])

    def test_a_certificate_for_another_name(self):
        named = self.fake(self.certificates.issue(self.authority, "elsewhere", "DNS:elsewhere.example"))
        named.pods = [HERE]
        self.assertIn("IP address mismatch", self.failure(self.service(self.kubeconfig(named.url))))
        self.assertEqual(named.requests, [])

    def test_tls_server_name_of_the_kubeconfig(self):
        named = self.fake(self.certificates.issue(self.authority, "elsewhere", "DNS:elsewhere.example"))
        named.pods = [HERE]
        service = self.service(self.kubeconfig(named.url, tls_server_name="elsewhere.example"))
        self.assertEqual(self.value(service), HERE.decode())

    def test_an_expired_certificate(self):
        old = self.fake(self.certificates.issue(self.authority, "old", "IP:127.0.0.1", expired=True))
        self.assertIn("certificate has expired", self.failure(self.service(self.kubeconfig(old.url))))
        self.assertEqual(old.requests, [])

    def test_kubeconfigs_that_cannot_be_used_stop_the_start(self):
        cases = {
            "insecure-skip-tls-verify is refused": {"insecure_skip_tls_verify": True},
            "exec plugins are not run": {"user": {"exec": {"command": "true"}}},
            "auth-provider plugins are not supported": {"user": {"auth-provider": {"name": "gcp"}}},
            "http is taken for loopback addresses only": {"server": "http://192.0.2.1:80"},
            "No such file or directory": {"user": {"tokenFile": "missing"}},
        }
        for reason, parts in cases.items():
            with self.subTest(reason):
                path = self.kubeconfig(**parts)
                arguments = [os.environ.get("NODESCOPE_BINARY", "build/nodescope"), "serve", "--listen", "127.0.0.1:0", "--kubeconfig", path]
                done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(reason, done.stderr)
                self.assertNotIn("s3cret", done.stderr)

    def test_nothing_configured(self):
        service = self.enterContext(Service("--node-name", NODE))
        for route in ("podDetailCollector", "podListCollector"):
            self.assertEqual(self.failure(service, route),
                             "kubernetes: not configured: give --kubeconfig, or run as a pod with a service account")

    def test_in_cluster(self):
        """The service account as a pod finds it, in a mount namespace of the service's own."""
        account = self.folder / "account"
        account.mkdir()
        (account / "token").write_text(TOKEN)
        shutil.copy(self.authority, account / "ca.crt")
        where = "/run/secrets/kubernetes.io/serviceaccount"
        prefix = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /run && mkdir -p "$1" && mount --bind "$0" "$1" && shift && '
                  'exec "$@"', str(account), where]
        probe = subprocess.run([*prefix, "cat", f"/var{where}/token"], capture_output=True, text=True, check=False)
        if probe.stdout != TOKEN:
            self.skipTest(f"no mount namespace of its own can be made here: {probe.stderr.strip()}")
        port = self.api.url.rsplit(":", 1)[1]
        service = self.enterContext(Service("--node-name", NODE, "--pod-source", "apiserver", prefix=prefix,
                                            env={"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": port}))
        self.services.append(service)
        self.assertEqual(self.value(service), HERE.decode())
        (account / "token").write_text(SECOND_TOKEN)
        self.api.tokens = {SECOND_TOKEN}
        self.assertEqual(self.value(service), HERE.decode())


class TestKubelet(KubernetesTest):
    def test_the_kubelet_as_the_only_source(self):
        """/pods, never a path under nodes/proxy; kind and apiVersion are put in."""
        service = self.service(None, "kubelet")
        expected = b'{"kind":"Pod","apiVersion":"v1",' + as_list_item(HERE)[1:]
        self.assertEqual(self.value(service), expected.decode())
        self.assertEqual(self.kubelet.targets, ["/pods"])
        self.assertEqual(self.kubelet.authorizations(), [f"Bearer {TOKEN}"])
        self.assertEqual(self.api.requests, [])

    def test_pods_the_kubelet_does_not_have(self):
        service = self.service(None, "kubelet")
        for name in ("nope", "away"):
            self.assertEqual(self.failure(service, pod_name=name), f"kubernetes: pod default/{name} is not on this node ({NODE})")
        self.kubelet.pods = []
        self.assertEqual(self.failure(service), f"kubernetes: pod default/x is not on this node ({NODE})")

    def test_a_host_name_with_capitals_is_a_node_in_lower_case(self):
        """As the kubelet registers it."""
        started = self.enterContext(Service("--kubeconfig", self.kubeconfig(), "--pod-source", "kubelet", "--kubelet-endpoint", self.kubelet.url,
                                            prefix=["unshare", "--uts", "sh", "-c", 'hostname Node-A && exec "$@"', "sh"]))
        self.services.append(started)
        self.assertEqual(json.loads(self.value(started))["spec"]["nodeName"], NODE)

    def test_the_kubelet_refuses(self):
        self.kubelet.fault, self.kubelet.message = 403, "Forbidden (user=u, verb=get, resource=nodes, subresource=pods)"
        self.assertEqual(self.failure(self.service(None, "kubelet")),
                         f"kubernetes: GET /pods: the kubelet at {self.kubelet.url} answered 403: Forbidden (user=u, verb=get, "
                         "resource=nodes, subresource=pods). A kubelet of version 1.33 or newer takes the right to get nodes/pods for it, an "
                         "older one needs nodes/proxy")

    def test_auto_turns_to_the_kubelet_when_the_api_server_is_away(self):
        refusing = self.enterContext(Refusing())
        service = self.service(self.kubeconfig(refusing.url), "auto")
        self.assertEqual(json.loads(self.value(service))["metadata"]["uid"], "uid-of-x")
        self.assertEqual(len(json.loads(self.value(service, LIST))), 1)
        self.assertEqual(self.kubelet.targets, ["/pods", "/pods"])

    def test_auto_turns_to_the_kubelet_when_the_api_server_stalls(self):
        self.api.fault = "slow_header"
        service = self.service(None, "auto", "--timeout-kubernetes", "2s")
        self.assertEqual(json.loads(self.value(service))["metadata"]["uid"], "uid-of-x")

    def test_auto_with_both_away_tells_both_reasons(self):
        self.api.fault, self.kubelet.fault = 503, 500
        sentence = self.failure(self.service(None, "auto"))
        self.assertEqual(sentence, f"kubernetes: GET {POD_PATH}: the API server at {self.api.url} answered 503: this is the message of the "
                                   f"server; then asked the kubelet: GET /pods: the kubelet at {self.kubelet.url} answered 500: this is "
                                   "the message of the server. The kubelet asks the same API server who may ask it; what runs is known "
                                   "without both: ask containerCollector, or netInfoCollector by pod")

    def test_apiserver_never_turns_to_the_kubelet(self):
        self.api.fault = 503
        self.assertIn("answered 503", self.failure(self.service()))
        self.assertEqual(self.kubelet.requests, [])

    def test_a_kubelet_of_another_node_is_refused(self):
        stranger = self.fake(self.certificates.issue(self.authority, "stranger", "DNS:node-b"), role="kubelet")
        service = self.enterContext(Service("--kubeconfig", self.kubeconfig(), "--pod-source", "kubelet", "--node-name", NODE,
                                            "--kubelet-endpoint", stranger.url))
        self.assertIn("TLS handshake: certificate verify failed", self.failure(service))
        self.assertEqual(stranger.requests, [])

    def test_a_ca_of_the_kubelets_own(self):
        own = self.fake(self.certificates.issue(self.other_authority, "own", f"DNS:{NODE}"), role="kubelet")
        own.pods = [HERE]
        flags = ("--kubeconfig", self.kubeconfig(), "--pod-source", "kubelet", "--node-name", NODE, "--kubelet-endpoint", own.url)
        without = self.enterContext(Service(*flags))
        self.assertIn("certificate verify failed", self.failure(without))
        service = self.enterContext(Service(*flags, "--kubelet-ca-file", str(self.other_authority)))
        self.assertEqual(json.loads(self.value(service))["kind"], "Pod")


class TestPodList(KubernetesTest):
    def test_the_pods_of_this_node(self):
        expected = "[" + '{"kind":"Pod","apiVersion":"v1",' + as_list_item(HERE)[1:].decode() + "]"
        service = self.service()
        self.assertEqual(self.value(service, LIST), expected)
        self.assertEqual(self.api.targets, [f"/api/v1/pods?fieldSelector=spec.nodeName%3D{NODE}"])
        self.assertEqual(self.value(self.service(None, "kubelet"), LIST), expected)

    def test_a_server_that_ignores_the_selector(self):
        self.api.honours_selector = False
        self.assertEqual([one["metadata"]["name"] for one in json.loads(self.value(self.service(), LIST))], ["x"])

    def test_a_node_without_pods(self):
        self.api.pods = self.kubelet.pods = []
        self.assertEqual(self.value(self.service(), LIST), "[]")
        self.assertEqual(self.value(self.service(None, "kubelet"), LIST), "[]")

    def test_a_list_of_more_than_4_mib_is_read_and_of_more_than_16_mib_refused(self):
        service = self.service()
        self.api.pods = [pod("default", f"x{number}", NODE, annotations={"a": "a" * 100_000}) for number in range(50)]
        status, _, body = self.ask(service, "podListCollector")
        self.assertEqual(status, 200, body[:300])
        self.api.fault = "endless_body"
        self.assertIn("larger than 16777216 bytes", self.failure(service, "podListCollector"))

    def test_a_refusal(self):
        self.api.fault, self.api.message = 403, "pods is forbidden"
        self.assertEqual(self.failure(self.service(), "podListCollector"),
                         f"kubernetes: GET /api/v1/pods?fieldSelector=spec.nodeName%3D{NODE}: the API server at {self.api.url} answered 403: "
                         "pods is forbidden")


if __name__ == "__main__":
    unittest.main()
