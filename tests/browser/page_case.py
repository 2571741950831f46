"""A service, a real dockerd with two containers, and a browser on the page."""

import json
import unittest

from tests.support import docker_engine
from tests.support.browser import Browser
from tests.support.service import Service


class PageCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = docker_engine.needed()
        cls.service = Service(env={"DOCKER_HOST": cls.engine.host})
        cls.addClassCleanup(cls.service.stop)
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        self.web = self.engine.create(self, ["busybox", "httpd", "-f", "-p", "80"]).start()
        self.busy = self.engine.create(self, ["sh", "-c", "while :; do sleep 0.01; done"]).start()
        self.browser.size(1280, 900)
        # What the test before has provoked.
        self.browser.complaints()

    def open(self, view="", port=None):
        self.browser.open(f"http://127.0.0.1:{port or self.service.port}/ui/{view}")

    def quiet(self):
        self.assertEqual(self.browser.complaints(), [])

    def open_path(self, container, to):
        """Of a container whose view is asked which way a packet takes."""
        self.open(f"#/container/{container.id}")
        self.browser.one("form.path input[name=to]").send_keys(to)
        self.browser.one("form.path button").click()
        self.browser.wait(lambda: self.browser.all(".hops .hop"))

    def on_each_page(self, script):
        """Runs before the page's own scripts, until the test ends."""
        added = self.browser.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})
        self.addCleanup(self.browser.driver.execute_cdp_cmd, "Page.removeScriptToEvaluateOnNewDocument", {"identifier": added["identifier"]})

    def answer_instead(self, path, answer):
        """The page is told `answer`, whatever the service says."""
        script = """{ const real = window.fetch;
            window.fetch = async (...given) => String(given[0]).startsWith(%s) ? new Response(%s) : real(...given); }"""
        self.on_each_page(script % (json.dumps(path), json.dumps(json.dumps(answer))))
