"""The page in a real browser, over a pod of a real containerd with CRI."""

import os
import unittest

from tests.browser.page_case import PageCase
from tests.support.browser import Browser
from tests.support.cri.containerd import POD, Containerd
from tests.support.service import Service

# Of the plugin that makes the pod's network (tests/support/cri/containerd.py).
ADDRESS = "10.123.45.6/24"


class OnContainerd(PageCase):
    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("only root can start a containerd")
        cls.daemon = Containerd(network=True).__enter__()
        cls.addClassCleanup(cls.daemon.__exit__)
        cls.pod = cls.daemon.pod("web", "shop", network=POD)
        cls.app = cls.pod.container("app", ["sh", "-c", "while :; do sleep 0.01; done"])
        cls.service = Service("--runtime", "cri", "--cri-endpoint", cls.daemon.endpoint)
        cls.addClassCleanup(cls.service.stop)
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        self.browser.size(1280, 900)
        self.browser.complaints()

    def test_node(self):
        self.open()
        self.browser.wait_text("shop/web", ".containers tbody")
        # Containers of other tests may be there too. The sandbox is none of the pod's author.
        rows = [one.text for one in self.browser.all(".containers tbody tr") if "shop/web" in one.text]
        self.assertEqual(len(rows), 1, rows)
        self.assertIn("app", rows[0])
        self.browser.wait(lambda: self.browser.run("return document.querySelectorAll('.spark path').length") >= 1)
        self.quiet()

    def test_container(self):
        self.open(f"#/container/{self.app}")
        self.browser.wait_text("app", "h1")
        self.browser.wait_text("shop/web", ".facts")
        self.browser.wait_text("containerd", ".facts")
        self.browser.wait_text(ADDRESS, ".facts")
        self.browser.wait(lambda: self.browser.all(".canvas canvas"))
        self.browser.wait_text("CPU", ".chart")
        first = self.browser.text(".chart .legend")
        self.browser.wait(lambda: self.browser.text(".chart .legend") != first)
        self.quiet()

    def test_wiring(self):
        self.open("#/wiring")
        self.browser.wait_text("shop/web", "svg.wiring")
        self.quiet()


if __name__ == "__main__":
    unittest.main()
