"""The picture of the wiring: how large it is, what hovering tells, what is folded, marked and saved."""

import pathlib
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

from selenium.webdriver.common.keys import Keys

from tests.browser.page_case import PageCase
from tests.support.waiting import wait_until


class Picture(PageCase):
    def show(self):
        self.open("#/wiring")
        self.browser.wait_text(self.web.name, "svg.wiring")

    def width(self):
        return int(self.browser.one("svg.wiring").get_attribute("width"))

    def test_zoom_by_buttons_and_keys(self):
        self.show()
        button = {one.text: one for one in self.browser.all(".view button")}
        first = self.width()
        button["Larger"].click()
        self.assertGreater(self.width(), first)
        button["Smaller"].click()
        self.assertAlmostEqual(self.width(), first, delta=1)
        self.browser.keys("+", "+")
        self.assertGreater(self.width(), first)
        self.browser.keys("0")
        frame = self.browser.run("const one = document.querySelector('.frame'); return [one.clientWidth, one.clientHeight]")
        self.assertLessEqual(self.width(), frame[0])
        self.assertLessEqual(int(self.browser.one("svg.wiring").get_attribute("height")), frame[1])
        self.quiet()

    def test_hovering_tells_addresses(self):
        self.show()
        address = self.web.inspect()["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
        self.assertIn(address, self.browser.run(
            "return [...document.querySelectorAll('svg.wiring g.box title')].map((one) => one.textContent).find((one) => one.includes(arguments[0]))", self.web.name))
        self.assertIn(f"eth0: {address}", self.browser.text("svg.wiring path title"))

    def test_a_finding_marks_its_edge_and_no_other(self):
        subprocess.run(["nsenter", "-t", str(self.web.pid), "-n", "ip", "link", "set", "eth0", "down"], check=True)
        self.show()
        self.browser.wait(lambda: self.browser.all("svg.wiring path.wrong"))
        titles = self.browser.run("return [...document.querySelectorAll('svg.wiring path.wrong title')].map((one) => one.textContent)")
        # Others on this machine may have broken theirs.
        address = {one: one.inspect()["NetworkSettings"]["Networks"]["bridge"]["IPAddress"] for one in (self.web, self.busy)}
        self.assertEqual(["link-down" in one for one in titles if f"{address[self.web]}/" in one], [True], titles)
        self.assertEqual([one for one in titles if f"{address[self.busy]}/" in one], [])
        self.browser.wait_text("Findings about", "main")

    def test_the_picture_is_saved(self):
        self.show()
        with tempfile.TemporaryDirectory() as folder:
            self.browser.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": folder})
            next(one for one in self.browser.all(".view button") if one.text == "Save as SVG").click()
            saved = pathlib.Path(folder, "wiring.svg")
            wait_until(saved.exists, "it is saved")
            root = xml.etree.ElementTree.fromstring(saved.read_text())
        self.assertEqual(root.tag, "{http://www.w3.org/2000/svg}svg")
        texts = [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]
        self.assertIn(self.web.name, texts)
        # It stands alone: colours are in it, and nothing is loaded.
        fills = {one.get("fill") for one in root.iter("{http://www.w3.org/2000/svg}rect")}
        self.assertTrue(all(one.startswith("#") for one in fills), fills)
        self.quiet()

    def test_more_than_two_dozen_fold(self):
        for _ in range(25):
            self.engine.create(self, ["sleep", "1000"]).start()
        self.open("#/wiring")
        fold = lambda: next((one for one in self.browser.all("svg.wiring g[role=link]") if "27 namespaces" in one.get_attribute("aria-label")), None)  # noqa: E731
        self.browser.wait_text("27 namespaces", "svg.wiring")
        self.assertNotIn(self.web.name, self.browser.text("svg.wiring"))
        self.browser.shot("wiring-folded-1280")
        fold().send_keys(Keys.ENTER)
        self.browser.wait_text(self.web.name, "svg.wiring")
        # The keyboard stays where it was.
        self.assertIn("fold them", self.browser.run("return document.activeElement.getAttribute('aria-label')"))
        self.browser.shot("wiring-opened-1280")
        self.browser.keys(Keys.ENTER)
        self.browser.wait(lambda: self.web.name not in self.browser.text("svg.wiring"))
        self.quiet()

    def test_it_is_there_as_a_table_too(self):
        self.show()
        self.browser.one("details summary").click()
        self.browser.wait_text("bridge_port", "table")


class Texts(PageCase):
    def test_copying(self):
        self.browser.driver.execute_cdp_cmd("Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]})
        self.open(f"#/container/{self.web.id}")
        self.browser.wait(lambda: len(self.browser.all("details pre")) >= 3)
        summary = next(one for one in self.browser.all("details summary") if one.text == "ip addr")
        summary.click()
        summary.find_element("xpath", "..").find_element("tag name", "button").click()
        self.browser.wait_text("Copied", "details")
        copied = self.browser.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
        expected = subprocess.run(["nsenter", "-t", str(self.web.pid), "-n", "ip", "addr"], capture_output=True, text=True, check=True).stdout
        self.assertEqual(copied.strip(), expected.strip())
        # Without a clipboard the text is selected.
        self.browser.run("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
        summary.find_element("xpath", "..").find_element("tag name", "button").click()
        self.browser.wait_text("Selected", "details")
        self.assertEqual(self.browser.run("return String(window.getSelection())").strip(), expected.strip())

    def test_limits_against_use(self):
        one = self.engine.create(self, ["sleep", "1000"], Memory=64 * 2**20, NanoCpus=300_000_000).start()
        self.open(f"#/container/{one.id}")
        self.browser.wait_text("of 64.0 MiB", ".facts")
        self.browser.wait_text("of 300m", ".facts")
        # What it uses of the CPU is known with the second reading.
        self.browser.wait(lambda: self.browser.run("return [...document.querySelectorAll('meter')].map((one) => one.max)") == [0.3, 64 * 2**20])
        self.browser.wait_text("limit 64.0 MiB", ".legend")
        self.assertIn("throttled", self.browser.text(".legend"))


if __name__ == "__main__":
    unittest.main()
