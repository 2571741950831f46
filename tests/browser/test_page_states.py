"""What the page says where something does not answer, is refused or is gone, and that nothing it is told can do more than be read."""

import os
import subprocess
import tempfile
import unittest

from selenium.webdriver.common.keys import Keys

from tests.browser.page_case import PageCase
from tests.support.service import Service


class States(PageCase):
    def test_a_token_is_asked_for_and_kept_in_memory(self):
        with tempfile.NamedTemporaryFile("w", suffix=".tokens") as tokens:
            tokens.write("page:0123456789abcdef0123456789abcdef\n")
            tokens.flush()
            os.chmod(tokens.name, 0o600)
            with Service("--auth", "token-file", "--token-file", tokens.name, env={"DOCKER_HOST": self.engine.host}) as service:
                self.open(port=service.port)
                self.browser.wait(lambda: self.browser.run("return document.querySelector('dialog').open"))
                self.browser.shot("denied-1280")
                self.browser.one("#token").send_keys("not-the-right-token-of-this-service", Keys.ENTER)
                self.browser.wait_text("does not let this page ask", "#state")
                self.browser.wait(lambda: self.browser.run("return document.querySelector('dialog').open"))
                self.browser.one("#token").send_keys("0123456789abcdef0123456789abcdef", Keys.ENTER)
                self.browser.wait_text(self.web.name, ".containers")
                kept = self.browser.run("return [document.cookie, localStorage.length, sessionStorage.length]")
                self.assertEqual(kept, ["", 0, 0])
                asked = self.browser.run("return [location.href, ...performance.getEntries().map((one) => one.name)].join('\\n')")
                self.assertIn("/v1/containers", asked)
                self.assertNotIn("0123456789abcdef", asked)
                # Nor is it there after a reload: it was in memory only.
                self.open(port=service.port)
                self.browser.wait(lambda: self.browser.run("return document.querySelector('dialog').open"))
                self.browser.keys(Keys.ESCAPE)
                self.browser.wait_text("Type a token", "#state")

    def test_who_may_not_ask_is_told(self):
        """403: the service knows who asks, and does not admit them."""
        with Service("--local-peer-uid", "65533", env={"DOCKER_HOST": self.engine.host}) as service:
            self.assertEqual(service.request("GET", "/v1/containers")[0], 403)
            self.open(port=service.port)
            self.browser.wait_text("The service does not let this page ask", "#state")
            self.assertNotIn(self.web.name, self.browser.text("main"))

    def test_a_restart_is_told_and_survived(self):
        first = Service(env={"DOCKER_HOST": self.engine.host})
        port = first.port
        self.open(port=port)
        self.browser.wait_text(self.web.name, ".containers")
        first.stop()
        self.browser.wait_text("The service does not answer", "#state")
        self.browser.shot("stale-1280")
        self.assertIn(self.web.name, self.browser.text(".containers"))
        with Service(listen=(f"127.0.0.1:{port}",), env={"DOCKER_HOST": self.engine.host}):
            self.browser.wait(lambda: self.browser.text("#state") == "")

    def test_a_restart_while_a_container_is_looked_at(self):
        first = Service(env={"DOCKER_HOST": self.engine.host})
        port = first.port
        self.open(f"#/container/{self.web.id}", port=port)
        self.browser.wait_text("on the node, port of", "section")
        first.stop()
        self.browser.wait_text("What is shown is of", "#state")
        self.assertIn(self.web.id, self.browser.text(".facts"))
        with Service(listen=(f"127.0.0.1:{port}",), env={"DOCKER_HOST": self.engine.host}):
            self.browser.wait(lambda: self.browser.text("#state") == "")

    def test_loading_is_said(self):
        with Service(env={"DOCKER_HOST": self.engine.host}) as service:
            self.browser.driver.execute_cdp_cmd("Network.enable", {})
            self.addCleanup(self.browser.driver.execute_cdp_cmd, "Network.setBlockedURLs", {"urls": []})
            self.browser.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*/v1/*", "*/api/*"]})
            self.open(port=service.port)
            self.browser.wait_text("Nothing could be read of this node yet.", "main")
            self.browser.wait_text("The service does not answer", "#state")
            self.browser.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
            # It comes by itself.
            self.browser.wait_text(self.web.name, ".containers")

    def test_a_node_without_containers(self):
        answer = {"node": None, "containers": [], "ended": [], "notes": {}}
        self.answer_instead("/v1/containers", answer)
        self.open()
        self.browser.wait_text("No container runs on this node.", ".containers")
        self.browser.shot("empty-1280")

    def test_a_container_that_goes_while_it_is_looked_at(self):
        one = self.engine.create(self, ["sleep", "1000"]).start()
        self.open(f"#/container/{one.id}")
        self.browser.wait_text(one.id, ".facts")
        self.browser.wait_text("tasks 1", ".legend")
        one.remove()
        self.browser.wait_text("This container is gone.", ".failed")
        # What was known of it stays.
        self.assertIn(one.id, self.browser.text(".facts"))
        self.assertIn("tasks 1", self.browser.text(".legend"))
        self.browser.shot("gone-1280")


class Attacks(PageCase):
    """What a container calls itself is text in every view."""

    # At most 15 bytes, and what the kernel takes: anything but spaces, slashes and colons.
    LINK = "<b>\"'&\u202ex"
    EVIL = "<img src=x onerror=alert(1)>\u202e\"'`--></script><script>alert(2)</script>"

    def setUp(self):
        super().setUp()
        subprocess.run(["nsenter", "-t", str(self.web.pid), "-n", "sh", "-c", 'ip link set eth0 down; ip link set eth0 name "$1"; ip link set "$1" up', "sh", self.LINK],
                       check=True)

    def harmless(self):
        self.assertEqual(self.browser.all("main img, main script, main b"), [])
        self.quiet()

    def test_names_of_links(self):
        self.open(f"#/container/{self.web.id}")
        self.browser.wait_text(self.LINK, "section")
        self.browser.one("form.path input[name=to]").send_keys("192.0.2.77")
        self.browser.one("form.path button").click()
        self.browser.wait(lambda: self.browser.all(".path-answer p"))
        self.harmless()
        self.open("#/wiring")
        self.browser.wait_text(self.LINK, "svg.wiring title")
        self.harmless()

    def test_names_of_containers(self):
        one = {"id": "ab" * 32, "name": self.EVIL, "runtime": self.EVIL, "cgroup": f"/{self.EVIL}", "image": self.EVIL, "created": self.EVIL, "started": self.EVIL,
               "restarts": self.EVIL, "pid": 1, "netns": 1, "addresses": [self.EVIL], "measured": "2026-01-01T00:00:00Z",
               "pod": {"namespace": self.EVIL, "name": self.EVIL, "uid": self.EVIL, "container": self.EVIL, "sandbox": False}}
        self.answer_instead("/v1/containers", {"node": None, "containers": [one], "ended": [], "notes": {"x": self.EVIL}})
        self.open()
        self.browser.wait_text(self.EVIL, ".containers")
        self.assertIn(self.EVIL, self.browser.text("#state"))
        self.harmless()
        self.open(f"#/container/{one['id']}")
        self.browser.wait_text(self.EVIL, "h1")
        self.browser.wait_text(self.EVIL, ".facts")
        self.assertEqual(self.browser.all("main img, main script, main b"), [])

    def test_findings_and_wiring(self):
        finding = {"rule": self.EVIL, "severity": "error", "subject": {"netns": 7, "ifname": self.EVIL, "container": {"name": self.EVIL}}, "summary": self.EVIL,
                   "evidence": {self.EVIL: self.EVIL}, "hint": self.EVIL}
        self.answer_instead("/v1/findings", {"findings": [finding], "checked": [], "not_checked": {self.EVIL: self.EVIL}, "notes": {}})
        self.open()
        self.browser.wait_text(self.EVIL, ".findings")
        self.harmless()
        link = {"netns": 7, "ifindex": 2, "ifname": self.EVIL, "kind": "veth", "state": "UP", "mtu": 1500, "addresses": [self.EVIL]}
        self.answer_instead("/v1/topology", {"namespaces": [{"netns": 1, "kind": "node", "containers": []},
                                                            {"netns": 7, "kind": "container", "containers": [{"id": self.EVIL, "name": self.EVIL}]}],
                                             "links": [link, {**link, "netns": 1}], "notes": {self.EVIL: self.EVIL},
                                             "edges": [{"kind": "veth", "from": {"netns": 1, "ifindex": 2}, "to": {"netns": 7, "ifindex": 2}}]})
        self.open("#/wiring")
        self.browser.wait_text(self.EVIL, "svg.wiring title")
        self.browser.wait(lambda: self.browser.all("svg.wiring path.wrong"))
        self.harmless()


if __name__ == "__main__":
    unittest.main()
