"""The Helm chart: rendered by helm, validated as an API server would, and compared with golden files. Where helm is not built (tools/chart-tools),
the chart is rendered without it, and what only helm can say is skipped.

NODESCOPE_WRITE_GOLDEN=1 writes the golden files again; the difference is then read by a person.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile
import unittest

from tests.support import chart
from tests.support import service
from tests.support.chart_cases import CASES, KUBEDIAG, NETEASE, OWN_NETWORK, Case


class ChartTest(unittest.TestCase):
    maxDiff = None
    needs_helm = False

    @classmethod
    def setUpClass(cls):
        cls.tools = chart.Helm() if cls.needs_helm else chart.best_tools()
        cls.addClassCleanup(cls.tools.close)

    def documents(self, case):
        return case.documents(self.tools)


class WithoutHelm(unittest.TestCase):
    """The renderer that stands in for helm makes the same of the chart, also where helm is at hand."""

    maxDiff = None

    def test_each_case_is_as_its_golden_file(self):
        renderer = chart.Renderer()
        for name, case in CASES.items():
            with self.subTest(name):
                self.assertEqual(case.render(renderer), (chart.GOLDEN / f"{name}.yaml").read_text(encoding="utf-8"))

    def test_no_golden_file_without_a_case(self):
        self.assertEqual({file.stem for file in chart.GOLDEN.iterdir()}, set(CASES))


class Golden(ChartTest):
    needs_helm = True

    def test_lint(self):
        for name, case in CASES.items():
            with self.subTest(name), tempfile.NamedTemporaryFile("w", suffix=".json") as file:
                file.write(json.dumps(case.values))
                file.flush()
                self.tools.helm("lint", "--strict", chart.CHART, "--values", file.name, "--kube-version", case.kubernetes)

    def test_each_case_is_valid_and_as_its_golden_file(self):
        for name, case in CASES.items():
            with self.subTest(name):
                text = case.render(self.tools)
                self.tools.validated(text, case.crds)
                file = chart.GOLDEN / f"{name}.yaml"
                if os.environ.get("NODESCOPE_WRITE_GOLDEN"):
                    file.write_text(text, encoding="utf-8")
                self.assertEqual(text, file.read_text(encoding="utf-8"))

    def test_the_package_renders_the_same(self):
        with tempfile.TemporaryDirectory() as folder:
            self.tools.helm("package", chart.CHART, "--destination", folder)
            package, = pathlib.Path(folder).iterdir()
            with tarfile.open(package) as archive:
                packed = {name.removeprefix("nodescope/") for name in archive.getnames()}
            there = {str(file.relative_to(chart.CHART)) for file in chart.CHART.rglob("*") if file.is_file()} - {".helmignore"}
            self.assertEqual(packed - {".helmignore"}, there)
            self.assertEqual(self.tools.render(chart=package), (chart.GOLDEN / "defaults.yaml").read_text(encoding="utf-8"))


class Validator(ChartTest):
    """That it can say no."""

    needs_helm = True

    def refusal(self, text, *changes):
        for old, new in changes:
            self.assertIn(old, text)
            text = text.replace(old, new)
        with self.assertRaises(chart.Refused) as refused:
            self.tools.validated(text)
        return str(refused.exception)

    def test_broken_manifests(self):
        defaults = CASES["defaults"].render(self.tools)
        for old, new, said in (
                ("hostPID: true", "hostPid: true", 'unknown field "spec.template.spec.hostPid"'),
                ("hostPID: true", "hostPID: true\n      hostPID: true", 'already set'),
                ("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: false\n            privileged: true",
                 "cannot set `allowPrivilegeEscalation` to false"),
                ("periodSeconds: 10", "periodSeconds: -1", "must be greater than or equal to 0"),
                ("name: config\n          configMap", "name: other\n          configMap", 'Not found: "config"'),
                ('    matchLabels:\n      app.kubernetes.io/name: "nodescope"', '    matchLabels:\n      app.kubernetes.io/name: "other"',
                 "`selector` does not match template `labels`"),
                ("kind: DaemonSet", "kind: DemonSet", 'no kind "DemonSet"')):
            with self.subTest(new):
                self.assertIn(said, self.refusal(defaults, (old, new)))

    def test_broken_operations(self):
        operations = CASES["kubediag"].render(self.tools)
        self.assertIn("unknown field spec.processor.externalPort", self.refusal(operations, ("  processor:\n", "  processor:\n    externalPort: 1\n")))
        self.assertIn("must be of type integer", self.refusal(operations, ("timeoutSeconds: 35", 'timeoutSeconds: "35"')))
        self.assertIn("metadata.namespace", self.refusal(operations, ("kind: Operation\nmetadata:", "kind: Operation\nmetadata:\n  namespace: x")))


class Refusals(ChartTest):
    def refusal(self, values, **more):
        with self.assertRaises(chart.Refused) as refused:
            self.tools.render(values, **more)
        return str(refused.exception)


class Values(Refusals):
    def test_what_cannot_work_is_refused_before_it_is_installed(self):
        for values, more, said in (
                ({"hostNetwork": False}, {}, "listening on 0.0.0.0 needs tls.existingSecret and a method"),
                ({"hostNetwork": False, "auth": {"methods": ["kubernetes"]}}, {}, "listening on 0.0.0.0 needs tls"),
                ({"hostNetwork": False, "auth": {"methods": ["none"]}, "tls": {"existingSecret": "a"}}, {}, "listening on 0.0.0.0 needs tls"),
                ({"hostNetwork": False, "listen": {"insecure": True}}, {}, "local-peer alone admits nobody with hostNetwork: false"),
                ({"auth": {"methods": ["none", "basic"]}}, {}, "none admits everybody, and goes with no other method"),
                ({"auth": {"methods": ["token-file"]}}, {}, "the method token-file needs auth.tokenFile.existingSecret"),
                ({"auth": {"methods": ["basic"]}}, {}, "the method basic needs auth.passwordFile.existingSecret"),
                ({"auth": {"tokenFile": {"existingSecret": "a"}}}, {}, "auth.tokenFile.existingSecret needs the method token-file"),
                ({"auth": {"methods": ["client-certificate"], "clientCertificate": {"existingSecret": "a", "names": ["a"]}}}, {},
                 "the method client-certificate needs tls.existingSecret"),
                ({"auth": {"methods": ["client-certificate"], "clientCertificate": {"existingSecret": "a"}}, "tls": {"existingSecret": "a"}}, {},
                 "needs auth.clientCertificate.names"),
                ({"auth": {"methods": ["none"], "localPeerUids": [1]}}, {}, "auth.localPeerUids needs the method local-peer"),
                ({"listen": {"address": "10.0.0.1"}}, {}, "listening on 10.0.0.1 needs tls"),
                ({"hostNetwork": False, "listen": {"address": "127.0.0.1"}}, {}, "nobody reaches a loopback address"),
                (OWN_NETWORK, {"kubernetes": "1.21"}, "hostNetwork: false needs Kubernetes 1.22"),
                ({"networkPolicy": {"enabled": True}}, {}, "does not bind pods in the node's network"),
                ({"serviceMonitor": {"enabled": True}}, {}, "use podMonitor"),
                (OWN_NETWORK, {"apis": [NETEASE]}, "diagnosis.netease.com takes Operations with an IP address only"),
                ({**OWN_NETWORK, "operations": {"flat": True}}, {"apis": [KUBEDIAG]}, "diagnosis.kubediag.org takes Operations with an IP address only"),
                ({"config": {"timeout-request": "soon"}}, {"apis": [KUBEDIAG]}, "is not a duration"),
                ({}, {"kubernetes": "1.15"}, "chart requires kubeVersion: >=1.16.0-0")):
            with self.subTest(said):
                self.assertIn(said, self.refusal(values, **more))

    def test_vendors_versions_of_kubernetes_are_taken(self):
        for version in ("1.16.15-gke.4300", "v1.22.17+k3s1", "1.30.4-eks-a737599"):
            with self.subTest(version):
                self.tools.render(kubernetes=version)


class Schema(Refusals):
    needs_helm = True

    def test_the_schema_is_closed_at_every_level(self):
        text = (chart.CHART / "values.yaml").read_text(encoding="utf-8")
        groups, values = {""}, {"nosuch": 1}
        for path in re.findall(r"^\| `([^`]+)` ", (chart.CHART / "README.md").read_text(encoding="utf-8"), re.M):
            *parents, _ = path.split(".")
            where = values
            for depth, parent in enumerate(parents):
                groups.add(".".join(parents[:depth + 1]))
                where = where.setdefault(parent, {})
                where["nosuch"] = 1
        self.assertGreater(len(groups), 15, text)
        said = self.refusal(values)
        # Names of resources are Kubernetes's own business.
        for group in groups - {"resources", "resources.requests", "resources.limits"}:
            with self.subTest(group):
                self.assertRegex(said, rf"at '/?{re.escape(group.replace('.', '/'))}': additional properties 'nosuch' not allowed")

    def test_values_of_a_wrong_shape(self):
        for values in ({"hostNetwork": "yes"}, {"image": {"pullPolicy": "Sometimes"}}, {"listen": {"port": 0}}, {"docker": {"socket": "docker.sock"}},
                       {"docker": {"socket": "unix:///var/run/docker.sock"}}, {"config": {"root": "/"}}, {"config": {"log-level": 'a"b'}},
                       {"image": {"digest": "latest"}}, {"tests": {"processor": "/healthz"}}, {"hostRoot": {"files": ["etc/hosts"]}},
                       {"hostRoot": {"folders": ["/a/../etc"]}}, {"seccompProfile": ""}, {"seccompProfile": "RuntimeDefault"}, {"auth": {"methods": ["any"]}}, {"auth": {"methods": []}}, {"config": {"auth": "none"}}):
            with self.subTest(values):
                self.assertIn("schema", self.refusal(values))


class Rights(ChartTest):
    def rules(self, values):
        roles = chart.of_kind(self.documents(Case(values)), "ClusterRole")
        return sorted((",".join(rule["apiGroups"]), ",".join(rule["resources"]), ",".join(rule["verbs"]))
                      for role in roles for rule in role["rules"])

    def test_the_rules_are_these_and_no_others(self):
        get = ("", "pods", "get")
        self.assertEqual(self.rules({}), [get])
        self.assertEqual(self.rules({"pods": {"detail": False}}), [])
        self.assertEqual(self.rules({"pods": {"list": True}}), [get, ("", "pods", "list")])
        self.assertEqual(self.rules({"pods": {"source": "auto"}}), [("", "nodes/pods", "get"), get])
        reviews = [("authentication.k8s.io", "tokenreviews", "create"), ("authorization.k8s.io", "subjectaccessreviews", "create")]
        self.assertEqual(self.rules({"pods": {"detail": False}, "auth": {"methods": ["kubernetes"]}}), reviews)

    def test_a_token_only_where_something_is_asked_with_it(self):
        for values, wanted in (({}, True), ({"pods": {"detail": False}}, False), ({"pods": {"detail": False, "list": True}}, True),
                               ({"pods": {"detail": False}, "auth": {"methods": ["kubernetes"]}}, True)):
            documents = self.documents(Case(values))
            pod = chart.only(documents, "DaemonSet")["spec"]["template"]["spec"]
            self.assertIs(pod["automountServiceAccountToken"], wanted)
            self.assertIs(chart.only(documents, "ServiceAccount")["automountServiceAccountToken"], False)

    def test_the_container_has_three_capabilities(self):
        pod = chart.only(self.documents(Case()), "DaemonSet")["spec"]["template"]["spec"]
        rights = pod["containers"][0]["securityContext"]
        self.assertEqual(rights["capabilities"], {"drop": ["ALL"], "add": ["SYS_PTRACE", "SYS_ADMIN", "NET_ADMIN"]})
        self.assertEqual((rights["runAsUser"], rights["readOnlyRootFilesystem"], rights["allowPrivilegeEscalation"]), (0, True, False))
        self.assertNotIn("privileged", rights)
        self.assertIs(pod["hostPID"], True)

    def node_mounts(self, values=None):
        """{path on the node: (path in the container, read-only)}, and the types of what is mounted."""
        pod = chart.only(self.documents(Case(values)), "DaemonSet")["spec"]["template"]["spec"]
        volumes = {one["name"]: one["hostPath"] for one in pod["volumes"] if "hostPath" in one}
        mounts = [one for one in pod["containers"][0]["volumeMounts"] if one["name"] in volumes]
        self.assertEqual(len(mounts), len(volumes))
        found = {volumes[one["name"]]["path"]: (one["mountPath"], one.get("readOnly", False)) for one in mounts}
        return found, {one["path"]: one["type"] for one in volumes.values() if one.get("type")}

    def test_of_the_nodes_files_only_those_that_are_read_are_mounted(self):
        mounts, types = self.node_mounts()
        files = ["/etc/hosts", "/etc/passwd", "/etc/os-release", "/etc/machine-id"]
        self.assertEqual(mounts, {"/var/run": ("/mnt/docker", True), **{path: (f"/host{path}", True) for path in ("/proc", "/sys", "/run", *files)}})
        self.assertEqual(types, {path: "File" for path in files}, "nothing is made on a node that does not have it")
        mounts, types = self.node_mounts({"hostRoot": {"files": [], "folders": ["/var/lib/docker", "/srv/A_b.c"]}})
        self.assertEqual({path for path in mounts if path.startswith(("/var/lib", "/srv", "/etc"))}, {"/var/lib/docker", "/srv/A_b.c"})
        self.assertEqual((mounts["/srv/A_b.c"], types["/srv/A_b.c"]), (("/host/srv/A_b.c", True), "Directory"))
        self.assertEqual(self.node_mounts({"hostRoot": {"enabled": True}})[0], {"/var/run": ("/mnt/docker", True), "/": ("/host", True)})

    def test_the_seccomp_profile(self):
        def profile(value):
            values = {"seccompProfile": value} if value else {}
            pod = chart.only(self.documents(Case(values)), "DaemonSet")["spec"]["template"]["spec"]
            return pod["containers"][0]["securityContext"]["seccompProfile"]

        self.assertEqual(profile(None), {"type": "RuntimeDefault"})
        self.assertEqual(profile("unconfined"), {"type": "Unconfined"})
        self.assertEqual(profile("localhost/nodescope.json"), {"type": "Localhost", "localhostProfile": "nodescope.json"})
        old = chart.only(self.documents(Case({"seccompProfile": "localhost/nodescope.json"}, kubernetes="1.16")), "DaemonSet")
        self.assertEqual(old["spec"]["template"]["metadata"]["annotations"]["seccomp.security.alpha.kubernetes.io/pod"], "localhost/nodescope.json")

    def test_the_sockets_folder_is_mounted(self):
        pod = chart.only(self.documents(Case({"docker": {"socket": "/a/b/c.sock"}})), "DaemonSet")["spec"]["template"]["spec"]
        self.assertIn({"name": "docker", "hostPath": {"path": "/a/b", "type": ""}}, [dict(v, hostPath={"type": "", **v.get("hostPath", {})}) for v in pod["volumes"] if "hostPath" in v])
        self.assertNotIn("c.sock", str(pod))


class Network(ChartTest):
    def test_on_the_nodes_network_it_listens_on_loopback_without_a_service(self):
        documents = self.documents(CASES["kubediag"])
        self.assertEqual(chart.of_kind(documents, "Service"), [])
        self.assertIn('listen = ["127.0.0.1:8095"]', chart.only(documents, "ConfigMap")["data"]["config.toml"])
        self.assertEqual({one["spec"]["processor"]["httpServer"]["address"] for one in chart.of_kind(documents, "Operation")}, {"127.0.0.1"})

    def test_in_a_network_of_its_own_the_service_answers_for_its_own_node_only(self):
        documents = self.documents(CASES["own-network"])
        spec = chart.only(documents, "Service")["spec"]
        self.assertEqual(spec["internalTrafficPolicy"], "Local")
        host = "nodescope.sick-nodes.svc"
        self.assertIn(f'"{host}"', chart.only(documents, "ConfigMap")["data"]["config.toml"])
        self.assertEqual({one["spec"]["processor"]["httpServer"]["address"] for one in chart.of_kind(documents, "Operation")}, {host})

    def test_the_test_pod_is_not_one_of_the_daemon_set(self):
        documents = self.documents(CASES["own-network"])
        selector = chart.only(documents, "DaemonSet")["spec"]["selector"]["matchLabels"].items()
        labels = chart.only(documents, "Pod")["metadata"]["labels"].items()
        self.assertFalse(selector <= labels)

    def test_probes_ask_nothing_of_docker(self):
        container = chart.only(self.documents(Case()), "DaemonSet")["spec"]["template"]["spec"]["containers"][0]
        self.assertEqual((container["livenessProbe"]["httpGet"]["path"], container["readinessProbe"]["httpGet"]["path"]), ("/healthz", "/readyz"))
        self.assertEqual(container["livenessProbe"]["httpGet"]["host"], "127.0.0.1")


class Operations(ChartTest):
    def operations(self, values=None, apis=(KUBEDIAG, NETEASE)):
        found = {}
        for one in chart.of_kind(self.documents(Case(values, apis=apis)), "Operation"):
            found.setdefault(one["apiVersion"].partition("/")[0], []).append(one)
        for group in found.values():
            names = [one["metadata"]["name"] for one in group]
            self.assertEqual(len(names), len(set(names)))
        return found

    def test_only_for_groups_that_the_cluster_has(self):
        both = {"diagnosis.kubediag.org", "diagnosis.netease.com"}
        self.assertEqual(set(self.operations()), both)
        self.assertEqual(set(self.operations(apis=[KUBEDIAG])), {"diagnosis.kubediag.org"})
        self.assertEqual(set(self.operations(apis=[NETEASE])), {"diagnosis.netease.com"})
        self.assertEqual(self.operations(apis=[]), {})
        # The group alone, as in KubeDiag before it had that kind.
        self.assertEqual(self.operations(apis=["diagnosis.netease.com/v1", "diagnosis.netease.com/v1/Diagnosis"]), {})
        self.assertEqual(self.operations({"operations": {"enabled": False}}), {})

    def test_they_are_no_part_of_the_release(self):
        # Whose kinds helm must find for every upgrade and removal, also once KubeDiag has gone.
        for group in self.operations().values():
            for one in group:
                self.assertEqual(one["metadata"]["annotations"], {"helm.sh/hook": "post-install,post-upgrade,post-rollback",
                                                                  "helm.sh/hook-delete-policy": "before-hook-creation"})

    def test_every_path_is_one_that_the_service_has(self):
        everything = self.operations({"pods": {"list": True}, "goroutineDumps": {"enabled": True}})
        paths = {one["spec"]["processor"].get("path") or one["spec"]["processor"]["httpServer"]["path"]
                 for group in everything.values() for one in group}
        self.assertEqual(len(paths), 15)
        with service.Service("--docker-host", "unix:///nonexistent/docker.sock") as running:
            for path in sorted(paths):
                status, headers, _ = running.request("GET", path)
                self.assertEqual((path, status, headers.get("Allow")), (path, 405, "POST"))

    def test_kubediag_waits_longer_than_the_service(self):
        def seconds(limit):
            config = {"config": {"timeout-request": limit}} if limit else {}
            found = {one["spec"]["processor"]["timeoutSeconds"] for group in self.operations(config).values() for one in group}
            self.assertEqual(len(found), 1)
            return found.pop()
        self.assertEqual([seconds(limit) for limit in (None, "10s", "2m", "1500ms")], [35, 15, 125, 7])


class Binary(ChartTest):
    """What the chart passes to the service is what the service takes: it is started with it."""

    @staticmethod
    def write_secrets(folder):
        """What an administrator puts into the secrets."""
        def openssl(*arguments):
            subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=folder)

        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=node", "-days", "1",
                "-keyout", "tls.key", "-out", "tls.crt")
        shutil.copy(folder / "tls.crt", folder / "ca.crt")
        (folder / "tokens").write_text("agent:0123456789abcdef0123\n")
        (folder / "users").write_text("agent:$2y$05$abcdefghijklmnopqrstuuJ6xZSzGoPsCYnBLRxY5cqcyZ9m5/uL.\n")
        (folder / "kubeconfig").write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1", "certificate-authority": str(folder / "ca.crt")}}],
            "users": [{"name": "u", "user": {"token": "x"}}]}))
        for file in folder.iterdir():
            file.chmod(0o400)

    def test_every_case(self):
        for name, case in CASES.items():
            with self.subTest(name), tempfile.TemporaryDirectory() as where:
                folder = pathlib.Path(where)
                self.write_secrets(folder)
                documents = self.documents(case)
                text = next(one["data"]["config.toml"] for one in chart.of_kind(documents, "ConfigMap") if "config.toml" in one.get("data", {}))
                # The port is a free one, and the mounts are our folder; the node is this machine.
                text = re.sub(r'(?m)^listen = \["(.*):\d+"\]$', r'listen = ["\1:0"]', text)
                text = re.sub(r"/etc/nodescope-[a-z-]+/", f"{folder}/", text).replace('root = "/host"', 'root = "/"')
                text = text.replace("/host/var/lib/kubelet/pki/kubelet.crt", f"{folder}/ca.crt")
                text = text.replace('log-level = "warning"', 'log-level = "info"')  # the address is read off the log
                config = folder / "config.toml"
                config.write_text(text, encoding="utf-8")
                container = chart.only(documents, "DaemonSet")["spec"]["template"]["spec"]["containers"][0]
                arguments = [one.replace("/etc/nodescope/config.toml", str(config)) for one in container["args"]]
                self.assertEqual(arguments[0], "serve")
                environment = {one["name"]: one.get("value", "a-node") for one in container["env"]}
                with service.Service("--kubeconfig", str(folder / "kubeconfig"), *arguments[1:], env=environment, listen=()) as running:
                    self.assertEqual(len(running.addresses), 1)


class Notes(ChartTest):
    def notes(self, values=None, apis=()):
        """The text after an installation. helm prints it for a real cluster alone, so it is rendered as the value of a ConfigMap."""
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder, "nodescope")
            shutil.copytree(chart.CHART, copy)
            (copy / "templates/NOTES.txt").rename(copy / "NOTES.txt")
            (copy / "templates/notes.yaml").write_text(
                'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: notes, namespace: x}\ndata: {text: {{ tpl (.Files.Get "NOTES.txt") . | toJson }}}\n')
            documents = self.tools.validated(self.tools.render(values, apis=apis, chart=copy))
            return next(one for one in documents if one["metadata"]["name"] == "notes")["data"]["text"]

    def test_they_tell_what_to_do_next(self):
        text = self.notes()
        self.assertIn("pod-security.kubernetes.io/enforce=privileged", text)
        self.assertIn("kubectl exec -n sick-nodes daemonset/nodescope -- nodescope ask /processor/containerCollector '{}'", text)
        self.assertIn("The cluster has no KubeDiag", text)
        self.assertIn("registered with diagnosis.kubediag.org and diagnosis.netease.com", self.notes(apis=[KUBEDIAG, NETEASE]))
        self.assertIn("WARNING: listen.insecure is set. Everybody", self.notes(OWN_NETWORK))
        self.assertIn("-- nodescope ask /healthz\n", self.notes(CASES["auth-token-file"].values))


if __name__ == "__main__":
    unittest.main()
