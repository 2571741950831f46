"""A fresh Debian 12 as an image of the test's own dockerd (NODESCOPE_TEST_DOCKER_HOST), and Docker's client to work with it."""

import os
import pathlib
import sys
import tempfile
import unittest

from tests.package.test_package import fresh_root, run

DEBIAN = "nodescope-debian:test"


def docker(*arguments, **more):
    environment = {**os.environ, "DOCKER_HOST": os.environ["NODESCOPE_TEST_DOCKER_HOST"], "DOCKER_BUILDKIT": "0"}
    return run("docker", *arguments, env=environment, **more)


def import_debian():
    """No registry is asked: the mirror gave the packages."""
    with tempfile.TemporaryDirectory(prefix="nsp-") as folder:
        root = pathlib.Path(folder) / "root"
        fresh_root(root)
        docker("import", "--change", "ENV DEBIAN_FRONTEND=noninteractive LC_ALL=C", _archive(root, folder), DEBIAN)


def _archive(root, folder):
    file = pathlib.Path(folder) / "debian.tar"
    run("tar", "-C", root, "-cf", file, ".")
    return file


def main(*cases):
    """The last line is `N passed, N failed, N skipped`."""
    if os.geteuid() != 0:
        sys.exit("only root can make a root")
    if "NODESCOPE_TEST_DOCKER_HOST" not in os.environ:
        sys.exit("NODESCOPE_TEST_DOCKER_HOST names no dockerd: tools/test-dockerd start DIR")
    suite = unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromTestCase(case) for case in cases)
    result = unittest.TextTestRunner(verbosity=2, failfast=True).run(suite)
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed - len(result.skipped)} passed, {failed} failed, {len(result.skipped)} skipped", flush=True)
    return 1 if failed else 0
