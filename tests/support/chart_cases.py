"""What the chart is rendered with: each case has a golden file of its name in tests/charts/golden."""

from tests.support.chart import CURRENT_CRDS

KUBEDIAG = "diagnosis.kubediag.org/v1/Operation"
NETEASE = "diagnosis.netease.com/v1/Operation"
OWN_NETWORK = {"hostNetwork": False, "listen": {"insecure": True}, "auth": {"methods": ["none"]}}


class Case:
    def __init__(self, values=None, kubernetes="1.31", apis=(), crds=CURRENT_CRDS):
        self.values, self.kubernetes, self.apis, self.crds = values or {}, kubernetes, apis, crds

    def render(self, tools):
        return tools.render(self.values, self.kubernetes, self.apis)

    def documents(self, tools):
        return tools.validated(self.render(tools), self.crds)


CASES = {
    "defaults": Case(),
    "own-network": Case(OWN_NETWORK, apis=[KUBEDIAG]),
    "kubediag": Case(apis=[KUBEDIAG]),
    "kubediag-flat": Case({"operations": {"flat": True, "timeoutSeconds": 90}}, apis=[KUBEDIAG],
                          crds=["kubediag.org_operations-0.2.0.yaml"]),
    "netease": Case(apis=[NETEASE]),
    "both-groups": Case({"pods": {"list": True}, "goroutineDumps": {"enabled": True}}, apis=[KUBEDIAG, NETEASE]),
    "legacy-kubernetes": Case(kubernetes="1.16", apis=[NETEASE]),
    "no-rights": Case({"pods": {"detail": False}}),
    "everything": Case({
        "image": {"registry": "registry.example:5000", "digest": "sha256:" + "0" * 64},
        "imagePullSecrets": [{"name": "pull"}],
        "fullnameOverride": "true",
        "namespaceOverride": "elsewhere",
        "commonLabels": {"team": "nodes"},
        "podAnnotations": {"note": "1"},
        "podLabels": {"sidecar": "no"},
        "auth": {"methods": ["kubernetes", "local-peer"], "localPeerUids": [0, 8095],
                 "kubernetes": {"audience": "nodes", "url": "/nodescope"}},
        "hostNetwork": False,
        "listen": {"insecure": True, "port": 9000, "allowedHosts": ["nodescope.example"]},
        "docker": {"socket": "/var/snap/docker/run/docker.sock"},
        "hostRoot": {"files": ["/etc/networks"], "folders": ["/var/lib/docker", "/etc/iproute2"]},
        "pods": {"source": "auto", "list": True, "kubeletCertificate": "/var/lib/kubelet/pki/kubelet.crt"},
        "goroutineDumps": {"enabled": True},
        "legacyIptables": True,
        "containerFiles": True,
        "config": {"timeout-request": "90500ms", "log-level": "warning", "max-connections": 100},
        "operations": {"namePrefix": "node", "address": "10.0.0.10", "labels": {"team": "nodes"}},
        "networkPolicy": {"enabled": True, "from": [{"podSelector": {"matchLabels": {"mode": "agent"}}}]},
        "appArmorProfile": "localhost/nodescope",
        "seccompProfile": "localhost/nodescope.json",
        "seLinuxType": "",
        "updateStrategy": {"type": "OnDelete"},
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchExpressions": [{"key": "sick", "operator": "Exists"}]}]}}},
        "priorityClassName": "system-node-critical",
        "extraArgs": ["--timeout-docker=5s"],
        "extraEnv": [{"name": "NODESCOPE_TIMEOUT_NAT", "value": "4s"}],
        "extraVolumes": [{"name": "more", "emptyDir": {}}],
        "extraVolumeMounts": [{"name": "more", "mountPath": "/more"}],
        "initContainers": [{"name": "first", "image": "busybox:local"}],
        "sidecars": [{"name": "beside", "image": "busybox:local"}],
        "podMonitor": {"enabled": True, "labels": {"release": "prometheus"}, "interval": "30s", "scrapeTimeout": "10s", "honorLabels": True,
                       "relabelings": [{"action": "labeldrop", "regex": "pod"}]},
        "serviceMonitor": {"enabled": True, "metricRelabelings": [{"action": "drop", "sourceLabels": ["__name__"], "regex": "go_.*"}]},
        "verticalPodAutoscaler": {"enabled": True, "maxAllowed": {"memory": "1Gi"}},
        "extraManifests": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a-map", "namespace": "x"}},
                           "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  namespace: x\n  name: {{ .Release.Name }}-text"],
    }, apis=[KUBEDIAG, NETEASE, "autoscaling.k8s.io/v1"]),
    "privileged": Case({"privileged": True}),
    "host-root": Case({"hostRoot": {"enabled": True}}),
    "auth-none": Case({"auth": {"methods": ["none"]}}),
    "auth-token-file": Case({"auth": {"methods": ["token-file"], "tokenFile": {"existingSecret": "tokens"}}}),
    "auth-basic": Case({"auth": {"methods": ["basic"], "passwordFile": {"existingSecret": "passwords", "key": "users"}}}),
    "auth-client-certificate": Case({
        "auth": {"methods": ["client-certificate"], "clientCertificate": {"existingSecret": "callers", "names": ["agent", "agent.example"]}},
        "tls": {"existingSecret": "serving"}}, apis=[KUBEDIAG]),
    "auth-kubernetes": Case({"hostNetwork": False, "auth": {"methods": ["kubernetes"]}, "tls": {"existingSecret": "serving"}}, apis=[KUBEDIAG]),
}
