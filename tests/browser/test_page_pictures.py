"""The pictures of docs/ui.md, of containers with harmless names: copy them from build/browser to docs/pictures where the page has changed."""

import unittest

from tests.browser.page_case import PageCase
from tests.browser.smaller_png import smaller
from tests.support.browser import SHOTS

LIMIT_BYTES = 100_000
NAMES = {"shop-web": ["httpd", "-f", "-p", "80"], "shop-search": ["sh", "-c", "while :; do sleep 0.02; done"], "shop-queue": ["sleep", "1000"],
         "shop-mail": ["sleep", "1000"]}


class Pictures(PageCase):
    def setUp(self):
        super().setUp()
        self.shop = {name: self.engine.create(self, command, name=name, Memory=64 * 2**20, NanoCpus=500_000_000).start() for name, command in NAMES.items()}
        self.browser.size(1100, 880)
        self.browser.driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})

    def take(self, name):
        self.browser.shot(name)
        shot = SHOTS / f"{name}.png"
        shot.write_bytes(smaller(shot.read_bytes()))
        self.assertLess(shot.stat().st_size, LIMIT_BYTES)

    def lines(self, count):
        self.browser.wait(lambda: self.browser.run("return document.querySelectorAll('.spark path').length") >= count)

    def test_node(self):
        # Somebody has looked for a while: what is kept is in the charts at once.
        self.open()
        self.browser.keys("/")
        self.browser.keys("shop-")
        self.browser.wait_text("shop-web", ".containers tbody")
        self.browser.run("document.activeElement.blur()")
        self.lines(2 * len(self.shop))
        first = self.browser.text(".chart .legend")
        for _ in range(10):
            self.browser.wait(lambda: self.browser.text(".chart .legend") != first)
            first = self.browser.text(".chart .legend")
        self.take("node")

    def test_wiring(self):
        self.open("#/wiring")
        self.browser.wait_text("shop-web", "svg.wiring")
        self.browser.wait(lambda: "Looking" not in self.browser.text("main"))
        self.take("wiring")


if __name__ == "__main__":
    unittest.main()
