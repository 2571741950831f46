"""The Helm chart in tests: rendered by the real helm, read and judged by the validator that tools/chart-tools builds."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "charts/nodescope"
CRDS = ROOT / "tests/charts/crds"
# KubeDiag's last version, and the only one before it had a group of that name.
CURRENT_CRDS = ("kubediag.org_operations.yaml", "netease.com_operations.yaml")
GOLDEN = ROOT / "tests/charts/golden"
# Longer than any call takes on a busy machine; building the tools for the first time takes minutes.
HANG_LIMIT_S = 120
BUILD_LIMIT_S = 1500


class Refused(Exception):
    """helm or the validator said no, and what."""


class Tools:
    def __init__(self):
        made = subprocess.run([ROOT / "tools/chart-tools"], capture_output=True, text=True, timeout=BUILD_LIMIT_S, check=False)
        if made.returncode == 3:
            raise unittest.SkipTest(made.stderr.strip())
        if made.returncode != 0:
            raise RuntimeError(made.stderr)
        self.folder = pathlib.Path(made.stdout.strip())
        self.home = tempfile.TemporaryDirectory(prefix="nst-helm-")

    def close(self):
        self.home.cleanup()

    def helm(self, *arguments):
        """What helm prints. Neither the cluster nor the plugins of whoever runs the tests are any of its business."""
        environment = {"PATH": os.environ["PATH"], "HOME": self.home.name, "KUBECONFIG": "/dev/null"}
        run = subprocess.run([self.folder / "helm", *map(str, arguments)], capture_output=True, text=True, env=environment,
                             timeout=HANG_LIMIT_S, check=False)
        if run.returncode != 0:
            raise Refused(run.stderr + run.stdout)
        return run.stdout

    def render(self, values=None, kubernetes="1.31", apis=(), chart=CHART, release="nodescope"):
        """`helm template`: the text of all manifests."""
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(values or {}, file)  # JSON is YAML
            file.flush()
            more = [argument for api in apis for argument in ("--api-versions", api)]
            return self.helm("template", release, chart, "--namespace", "sick-nodes", "--kube-version", kubernetes,
                             "--values", file.name, *more)

    def validated(self, manifests, crds=CURRENT_CRDS):
        """The documents as Python objects, once the validator has found nothing wrong with them."""
        crds = [argument for crd in crds for argument in ("-crd", str(CRDS / crd))]
        run = subprocess.run([self.folder / "validate", *crds], input=manifests, capture_output=True, text=True,
                             timeout=HANG_LIMIT_S, check=False)
        if run.returncode != 0:
            raise Refused(run.stderr)
        return json.loads(run.stdout)


def of_kind(documents, kind):
    return [one for one in documents if one["kind"] == kind]


def only(documents, kind):
    found = of_kind(documents, kind)
    if len(found) != 1:
        raise AssertionError(f"{len(found)} objects of kind {kind}, not one")
    return found[0]
