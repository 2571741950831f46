"""Each view of the page in a real browser, over containers of a real dockerd."""

import subprocess
import unittest

from selenium.webdriver.common.keys import Keys

from tests.browser.page_case import PageCase

WIDTHS = {1280: 900, 390: 800}
# How much of the window was moved how far, without what follows a key or a click (Layout Instability API). 0.1 passes for good.
SHIFTS = """window.shifts = [];
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifts.push([one.value, one.sources.map((from) => from.node?.nodeName)]);
}).observe({ type: "layout-shift", buffered: true });"""
MOST_SHIFT = 0.025


class Views(PageCase):
    def test_node(self):
        self.open()
        self.browser.wait_text(self.web.name, ".containers")
        # Two points make a line.
        self.browser.wait(lambda: len(self.browser.all(".canvas canvas")) >= 2)
        self.browser.wait(lambda: self.browser.run("return document.querySelectorAll('.spark path').length") >= 2)
        self.browser.wait_text("Nothing is wrong", "section")
        first = self.browser.text(".chart .legend")
        self.browser.wait(lambda: self.browser.text(".chart .legend") != first)
        for width, height in WIDTHS.items():
            self.browser.size(width, height)
            self.assertLessEqual(self.browser.run("return document.documentElement.scrollWidth"), width)
            self.browser.shot(f"node-{width}")
        self.quiet()

    def test_nothing_jumps(self):
        self.on_each_page(SHIFTS)
        for view in ("", f"#/container/{self.busy.id}"):
            with self.subTest(view):
                self.open(view)
                self.browser.wait(lambda: len(self.browser.all(".canvas canvas")) >= 2)
                self.browser.wait_text(self.busy.name, "main")
                for _ in range(3):
                    shown = self.browser.text(".chart .legend")
                    self.browser.wait(lambda shown=shown: self.browser.text(".chart .legend") != shown)
                # The list of events makes room for a new one.
                moved = [one for one in self.browser.run("return window.shifts") if set(one[1]) != {"LI"}]
                self.assertLess(sum(value for value, _ in moved), MOST_SHIFT, moved)
        self.quiet()

    def test_filter_and_order(self):
        self.open()
        self.browser.wait_text(self.web.name, ".containers")
        self.browser.keys("/")
        self.browser.keys(self.web.name)
        self.browser.wait(lambda: self.busy.name not in self.browser.text(".containers tbody"))
        self.assertIn(self.web.name, self.browser.text(".containers tbody"))
        self.browser.keys(Keys.ESCAPE)
        self.browser.wait_text(self.busy.name, ".containers tbody")
        heads = self.browser.all(".containers th button")
        next(one for one in heads if one.text.startswith("CPU")).click()

        def busy_first():
            names = self.browser.text(".containers tbody tr td:first-child").split()
            return names.index(self.busy.name) < names.index(self.web.name)
        self.browser.wait(busy_first)
        self.quiet()

    def test_events_come(self):
        self.open()
        self.browser.wait(lambda: self.browser.all(".events li"))
        one = self.engine.create(self, ["sleep", "1000"]).start()
        self.browser.wait_text(one.name, ".events")
        self.assertEqual(self.browser.text(".events").count(one.name), 1)
        one.remove()
        self.browser.wait_text("ended", ".events")
        self.quiet()

    def test_container(self):
        self.open(f"#/container/{self.web.id}")
        self.browser.wait_text(self.web.name, "h1")
        address = self.web.inspect()["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
        self.browser.wait_text(address, ".facts")
        self.browser.wait_text("on the node, port of", "section")
        self.browser.wait_text("busybox (", "section")
        for one in self.browser.all("details summary"):
            one.click()
        expected = subprocess.run(["nsenter", "-t", str(self.web.pid), "-n", "ip", "addr"], capture_output=True, text=True, check=True).stdout
        self.browser.wait(lambda: expected.strip() in self.browser.run("return [...document.querySelectorAll('pre')].map((one) => one.textContent).join('\\n')"))
        for width, height in WIDTHS.items():
            self.browser.size(width, height)
            self.assertLessEqual(self.browser.run("return document.documentElement.scrollWidth"), width)
            self.browser.shot(f"container-{width}")
        self.quiet()

    def test_path(self):
        self.open_path(self.web, "192.0.2.77")
        self.assertIn("eth0", self.browser.text(".hops"))
        self.quiet()

    def test_wiring(self):
        self.open("#/wiring")
        self.browser.wait(lambda: self.browser.all("svg.wiring g.box"))
        self.browser.wait_text(self.web.name, "svg.wiring")
        self.assertGreater(len(self.browser.all("svg.wiring path")), 1)
        for width, height in WIDTHS.items():
            self.browser.size(width, height)
            self.browser.shot(f"wiring-{width}")
        self.browser.size(1280, 900)
        # In one step: the picture may be drawn again in between, and keeps the focus then.
        self.browser.run("[...document.querySelectorAll('svg.wiring g[role=link]')].find((one) => one.getAttribute('aria-label').includes(arguments[0])).focus()", self.web.name)
        self.browser.keys(Keys.ENTER)
        self.browser.wait(lambda: self.browser.run("return location.hash") == f"#/container/{self.web.id}")
        self.quiet()

    def test_findings_of_a_broken_network(self):
        subprocess.run(["nsenter", "-t", str(self.web.pid), "-n", "ip", "link", "set", "eth0", "down"], check=True)
        self.open(f"#/container/{self.web.id}")
        self.browser.wait_text("link-down", ".findings")
        self.open("#/wiring")
        self.browser.wait(lambda: self.browser.all("svg.wiring path.wrong"))
        self.quiet()

    def test_a_container_that_is_gone(self):
        self.open("#/container/" + "0" * 64)
        self.browser.wait_text("This container is gone.", ".failed")

    def test_keyboard_reaches_everything(self):
        self.open()
        self.browser.wait_text(self.web.name, ".containers")
        self.browser.keys(Keys.ARROW_DOWN)
        self.browser.wait(lambda: self.browser.run("return document.activeElement.closest('tr') !== null"))
        wanted = self.browser.run("return document.querySelectorAll('a, button, input, select, summary, [tabindex=\"0\"]').length")
        seen = set()
        self.browser.run("document.activeElement.blur()")
        for _ in range(wanted + 40):
            self.browser.keys(Keys.TAB)
            seen.add(self.browser.run("return document.activeElement.outerHTML.slice(0, 120)"))
        for needed in ('class="skip"', 'href="#/wiring"', 'id="filter"', 'id="theme"', "#/container/"):
            self.assertTrue(any(needed in one for one in seen), needed)


if __name__ == "__main__":
    unittest.main()
