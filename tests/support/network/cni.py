"""CNI plugins of Debian's containernetworking-plugins, called as a runtime calls them.

    pod = cni.Pod(zoo, node, "web", [cni.bridge(...), cni.portmap()], folder)      # a namespace that the plugins have set up
    pod.network"""

import json
import os
import pathlib
import unittest
import uuid

from tests.support.network.own_node import without_waiting

FOLDER = pathlib.Path("/usr/lib/cni")
VERSION = "0.4.0"


def needed():
    if not FOLDER.is_dir():
        raise unittest.SkipTest("containernetworking-plugins is not installed")


def host_local(folder, *subnets):
    """Addresses of these subnets, with a default route for each family."""
    return {"type": "host-local", "dataDir": str(folder), "ranges": [[{"subnet": one}] for one in subnets],
            "routes": [{"dst": "::/0" if ":" in one else "0.0.0.0/0"} for one in subnets]}


def run(node, plugin, command, configuration, environment):
    text = node.run(str(FOLDER / plugin), stdin=json.dumps(configuration).encode(), environment={
        **environment, "CNI_COMMAND": command, "CNI_PATH": str(FOLDER), "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"})
    return json.loads(text) if text.strip() else None


class Pod:
    """Chained plugins, each with the result of the one before; `runtime` is what the runtime adds to each (portMappings, bandwidth, …)."""

    def __init__(self, zoo, node, name, plugins, nameserver=None, **runtime):
        self.network = zoo.add(name, nameserver=nameserver)
        without_waiting(self.network)
        self.result = None
        identity = uuid.uuid4().hex
        environment = {"CNI_CONTAINERID": identity, "CNI_NETNS": f"/proc/{self.network.pid}/ns/net", "CNI_IFNAME": "eth0"}
        run(node, "loopback", "ADD", {"cniVersion": VERSION, "name": "lo", "type": "loopback"}, {**environment, "CNI_IFNAME": "lo"})
        for plugin in plugins:
            configuration = {"cniVersion": VERSION, "name": "pods", **plugin}
            wanted = {key: value for key, value in runtime.items() if plugin.get("capabilities", {}).get(key)}
            if wanted:
                configuration["runtimeConfig"] = wanted
            if self.result is not None:
                configuration["prevResult"] = self.result
            self.result = run(node, plugin["type"], "ADD", configuration, environment) or self.result
