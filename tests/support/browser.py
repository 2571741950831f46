"""A real browser on the page: Debian's chromium, driven by selenium. Screenshots are kept in build/browser."""

import json
import os
import pathlib
import urllib.parse

from selenium import webdriver
from selenium.common.exceptions import TimeoutException
from selenium.webdriver.chrome.service import Service as Driver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHOTS = pathlib.Path(os.environ.get("NODESCOPE_SCREENSHOTS", ROOT / "build/browser"))
# Of what the page shows sooner or later; one that reaches it has found a hang.
LIMIT_S = 40
# A browser drops its requests when a link of the machine comes or goes, as those of containers do.
DROPPED = "net::ERR_NETWORK_CHANGED"
OPENINGS = 5


class Browser:
    def __init__(self, width=1280, height=900):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(service=Driver("/usr/bin/chromedriver"), options=options)
        self._said = []
        self.size(width, height)

    def size(self, width, height):
        # A headless window cannot be narrower than 500; the page's own width can.
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})

    def open(self, url):
        for _ in range(OPENINGS):
            self.driver.get("about:blank")
            self._hear()
            before = len(self._said)
            self.driver.get(url)
            self._hear()
            # Files of the page itself are dropped too, and whoever sees half a page loads it again.
            if not any(DROPPED in one and f"{urllib.parse.urlsplit(url).path.rstrip('/')}/" in one for one in self._said[before:]):
                return

    def _hear(self):
        self._said += [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def wait(self, true_of):
        return WebDriverWait(self.driver, LIMIT_S, poll_frequency=0.1).until(lambda _: true_of())

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.wait(lambda: (self.all(selector) or [None])[0])

    def text(self, selector="body"):
        return self.driver.execute_script("return [...document.querySelectorAll(arguments[0])].map((one) => one.innerText ?? one.textContent).join('\\n')", selector)

    def wait_text(self, text, selector="body"):
        try:
            self.wait(lambda: text in self.text(selector))
        except TimeoutException as why:
            raise AssertionError(f"{text!r} is not in {selector}: {self.text(selector)[:2000]!r}, and the page says {self.text('#state, .failed')!r}") from why

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def keys(self, *keys):
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()

    def shot(self, name):
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(SHOTS / f"{name}.png"))

    def complaints(self):
        """What the console says since the last call: errors of scripts, and what the policy refused."""
        self._hear()
        said, self._said = self._said, []
        # The page asks again.
        return [one for one in said if DROPPED not in one]

    def axe(self, source):
        """The serious findings of axe-core, by rule."""
        # Its text is run by the driver, which the page's policy does not hold.
        self.driver.execute_cdp_cmd("Runtime.evaluate", {"expression": source})
        found = self.driver.execute_async_script("const done = arguments[arguments.length - 1]; axe.run().then((all) => done(JSON.stringify(all.violations)))")
        return {one["id"]: [node["html"][:200] for node in one["nodes"]] for one in json.loads(found) if one["impact"] in ("serious", "critical")}

    def close(self):
        self.driver.quit()
