"""The Helm chart in tests: rendered by the real helm, read and judged by the API server's own validation, where tools/chart-tools has
built the two; elsewhere rendered by tests/charts/render, which Debian's packages are enough for."""

import contextlib
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
# Longer than any call takes on a busy machine, compiling the renderer included.
HANG_LIMIT_S = 120


class Refused(Exception):
    """The renderer or the validator said no, and what."""


def built(which):
    """The folder with the programs `which` of tools/chart-tools; skips the test where this machine cannot have them."""
    made = subprocess.run([ROOT / "tools/chart-tools", which], capture_output=True, text=True, timeout=HANG_LIMIT_S, check=False)
    if made.returncode == 3:
        raise unittest.SkipTest(made.stderr.strip())
    if made.returncode != 0:
        raise RuntimeError(made.stderr)
    return pathlib.Path(made.stdout.strip())


def run(*command, **more):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=HANG_LIMIT_S, check=False, **more)
    if done.returncode != 0:
        raise Refused(done.stderr + done.stdout)
    return done.stdout


@contextlib.contextmanager
def values_file(values):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(values or {}, file)  # JSON is YAML
        file.flush()
        yield file.name


def best_tools():
    """helm and the validator, or else the renderer alone."""
    try:
        return Helm()
    except unittest.SkipTest:
        return Renderer()


class Renderer:
    """What is asked of helm below, without helm: no schema of values, no validation of manifests."""

    def __init__(self):
        self.program = built("--renderer") / "render"

    def close(self):
        pass

    def render(self, values=None, kubernetes="1.31", apis=(), chart=CHART, release="nodescope"):
        with values_file(values) as file:
            return run(self.program, "-namespace", "sick-nodes", "-release", release, "-kubernetes", kubernetes,
                       *(argument for api in apis for argument in ("-api", api)), chart, file)

    def validated(self, manifests, crds=CURRENT_CRDS):  # pylint: disable=unused-argument
        """The documents as Python objects."""
        return json.loads(run(self.program, "-documents", input=manifests))


class Helm:
    def __init__(self):
        self.folder = built("--helm")
        self.home = tempfile.TemporaryDirectory(prefix="nst-helm-")

    def close(self):
        self.home.cleanup()

    def helm(self, *arguments):
        """What helm prints. Neither the cluster nor the plugins of whoever runs the tests are any of its business."""
        environment = {"PATH": os.environ["PATH"], "HOME": self.home.name, "KUBECONFIG": "/dev/null"}
        return run(self.folder / "helm", *arguments, env=environment)

    def render(self, values=None, kubernetes="1.31", apis=(), chart=CHART, release="nodescope"):
        """`helm template`: the text of all manifests."""
        with values_file(values) as file:
            return self.helm("template", release, chart, "--namespace", "sick-nodes", "--kube-version", kubernetes, "--values", file,
                             *(argument for api in apis for argument in ("--api-versions", api)))

    def validated(self, manifests, crds=CURRENT_CRDS):
        """The documents as Python objects, once the validator has found nothing wrong with them."""
        crds = [argument for crd in crds for argument in ("-crd", str(CRDS / crd))]
        return json.loads(run(self.folder / "validate", *crds, input=manifests))


def of_kind(documents, kind):
    return [one for one in documents if one["kind"] == kind]


def only(documents, kind):
    found = of_kind(documents, kind)
    if len(found) != 1:
        raise AssertionError(f"{len(found)} objects of kind {kind}, not one")
    return found[0]
