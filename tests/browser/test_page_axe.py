"""axe-core finds nothing serious, in any view and in any state of the page."""

import subprocess
import tempfile
import unittest

from tests.browser.page_case import PageCase
from tests.support.browser import ROOT
from tests.support.service import Service


def axe_source():
    """From npm, for this test alone; none where there is no registry."""
    folder = ROOT / "build/axe"
    script = folder / "node_modules/axe-core/axe.min.js"
    if not script.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--no-save", "--prefix", str(folder), "axe-core@4.10"], capture_output=True, check=False)
    return script.read_text() if script.exists() else None


class Axe(PageCase):
    def setUp(self):
        super().setUp()
        self.source = axe_source()
        if self.source is None:
            self.skipTest("axe-core could not be had from npm")

    def check(self):
        for theme in ("light", "dark"):
            with self.subTest(theme=theme):
                self.browser.run("document.documentElement.dataset.theme = arguments[0]", theme)
                self.assertEqual(self.browser.axe(self.source), {})

    def test_views(self):
        for name in ("#/node", "#/wiring", f"#/container/{self.web.id}"):
            with self.subTest(view=name):
                self.open(name)
                self.browser.wait(lambda: not self.browser.all(".loading"))
                self.check()

    def test_findings(self):
        subprocess.run(["nsenter", "-t", str(self.web.pid), "-n", "ip", "link", "set", "eth0", "down"], check=True)
        self.open(f"#/container/{self.web.id}")
        self.browser.wait_text("link-down", ".findings")
        self.check()

    def test_hops(self):
        self.open_path(self.web, "192.0.2.77")
        self.check()

    def test_nothing_there(self):
        self.answer_instead("/v1/containers", {"node": None, "containers": [], "ended": [], "notes": {}})
        self.open()
        self.browser.wait_text("No container runs on this node.", ".containers")
        self.check()

    def test_gone(self):
        self.open("#/container/" + "0" * 64)
        self.browser.wait_text("This container is gone.", ".failed")
        self.check()

    def test_stale(self):
        with Service(env={"DOCKER_HOST": self.engine.host}) as service:
            self.open(port=service.port)
            self.browser.wait_text(self.web.name, ".containers")
        self.browser.wait_text("The service does not answer", "#state")
        self.check()

    def test_refused(self):
        with Service("--local-peer-uid", "65533", env={"DOCKER_HOST": self.engine.host}) as service:
            self.open(port=service.port)
            self.browser.wait_text("The service does not let this page ask", "#state")
            self.check()

    def test_a_token_is_asked_for(self):
        with tempfile.NamedTemporaryFile("w", suffix=".tokens") as tokens:
            tokens.write("page:0123456789abcdef0123456789abcdef\n")
            tokens.flush()
            with Service("--auth", "token-file", "--token-file", tokens.name, env={"DOCKER_HOST": self.engine.host}) as service:
                self.open(port=service.port)
                self.browser.wait(lambda: self.browser.run("return document.querySelector('dialog').open"))
                self.check()


if __name__ == "__main__":
    unittest.main()
