"""The whole of charts/image/Dockerfile, the compiler's turn included, from a Debian 12 that has nothing.

Takes minutes, and a Debian mirror: ./dev test --image runs it, the pipeline does not. tests/charts/test_image.py looks into the image;
here it is that both ways to it, from the source and from a binary, lead to the same files, that compiling twice makes the same bytes,
and that the source is compiled for another architecture.
"""

import pathlib
import subprocess
import sys
import tempfile
import unittest

from tests.package import containers
from tests.package.containers import docker, run

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = ROOT / "tests/charts/image-files.txt"
COMPILE_LIMIT_S = 7200  # on a busy machine; it only turns a hang into a failure


class CompiledImage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        containers.import_debian()

    def build(self, tag, *flags, arguments=(), options=()):
        """The containers of a build reach the mirror through the machine's own network: the test's dockerd does no NAT."""
        context = self.folder / "context.tar"
        with context.open("wb") as output:
            run("tools/image-context", *flags, cwd=ROOT, stdout=output)
        with context.open("rb") as body:
            docker("build", *options, "--network=host", "--force-rm", "-f", "charts/image/Dockerfile", "--build-arg", f"BUILDER={containers.DEBIAN}",
                   *(word for one in arguments for word in ("--build-arg", one)), "-t", tag, "-", stdin=body, timeout=COMPILE_LIMIT_S)
        self.addCleanup(docker, "rmi", "-f", tag)

    def files(self, tag):
        name = docker("create", tag).strip()
        self.addCleanup(docker, "rm", "-f", name)
        archive = self.folder / "files.tar"
        docker("export", "-o", archive, name)
        return run("tar", "-tf", archive).split("\n")

    def test_from_the_source_and_from_its_binary(self):
        self.build("nodescope:compiled")
        self.assertRegex(docker("run", "--rm", "nodescope:compiled", "--version"), r"^nodescope \d")
        name = docker("create", "nodescope:compiled").strip()
        self.addCleanup(docker, "rm", "-f", name)
        docker("cp", f"{name}:/usr/bin/nodescope", self.folder / "nodescope")
        self.build("nodescope:prebuilt", "--binary", self.folder / "nodescope")
        self.assertRegex(docker("run", "--rm", "nodescope:prebuilt", "--version"), r"^nodescope \d")
        self.assertEqual(self.files("nodescope:compiled"), self.files("nodescope:prebuilt"))

    def layers(self, tag):
        return docker("inspect", "--format", "{{.RootFS.Layers}}", tag)

    def test_compiled_again(self):
        """The whole, on the same packages: nothing of the time, the machine or the way the compiler took is in it."""
        self.build("nodescope:compiled")
        first = self.layers("nodescope:compiled")
        self.build("nodescope:again", options=["--no-cache"])
        self.assertEqual(self.layers("nodescope:again"), first)

    def test_for_another_architecture(self):
        with subprocess.Popen([ROOT / "tools/empty-image", "arm64"], stdout=subprocess.PIPE) as empty:
            docker("load", stdin=empty.stdout)
        self.addCleanup(docker, "rmi", "-f", "empty:arm64")
        self.build("nodescope:arm64", arguments=("TARGETARCH=arm64", "PLATFORM=linux/arm64", "BASE=empty:arm64"))
        self.assertEqual(docker("inspect", "--format", "{{.Os}}/{{.Architecture}}", "nodescope:arm64"), "linux/arm64\n")
        expected = FILES.read_text(encoding="utf-8").replace("x86_64-linux-gnu", "aarch64-linux-gnu").splitlines()
        libraries = {line for line in expected if ".so" in line and "lib64" not in line} | {"usr/lib/ld-linux-aarch64.so.1"}
        self.assertEqual({file for file in self.files("nodescope:arm64") if ".so" in file}, libraries)


if __name__ == "__main__":
    sys.exit(containers.main(CompiledImage))
