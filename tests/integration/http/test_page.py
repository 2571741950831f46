"""The page for people: files out of the binary, with a strict policy, for whoever may connect."""

import gzip
import unittest

from tests.support.service import ROOT, Service

WEB = ROOT / "web"


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Nobody is let in by who they are: the files are open all the same.
        cls.service = Service("--auth", "local-peer", "--local-peer-uid", "12345")
        cls.addClassCleanup(cls.service.stop)

    def test_the_root_leads_to_it(self):
        for path in ("/", "/ui"):
            status, headers, _ = self.service.request("GET", path)
            self.assertEqual((status, headers["Location"]), (301, "/ui/"))

    def test_every_file_is_there_as_it_was_written(self):
        for path in WEB.iterdir():
            name = "" if path.name == "index.html" else path.name
            with self.subTest(path.name):
                status, headers, body = self.service.request("GET", f"/ui/{name}")
                self.assertEqual((status, body), (200, path.read_bytes()))
                self.assertNotIn("Content-Encoding", headers)
                status, headers, packed = self.service.request("GET", f"/ui/{name}", headers={"Accept-Encoding": "gzip"})
                self.assertEqual((status, headers["Content-Encoding"], gzip.decompress(packed)), (200, "gzip", body))
                self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
                policy = headers["Content-Security-Policy"]
                self.assertIn("default-src 'none'", policy)
                self.assertNotIn("unsafe", policy)

    def test_it_is_light(self):
        names = [path.name for path in WEB.iterdir() if path.name != "index.html"] + ["", "dygraph.js", "dygraph.css"]
        bodies = [self.service.request("GET", f"/ui/{name}", headers={"Accept-Encoding": "gzip"})[2] for name in names]
        self.assertLess(sum(map(len, bodies)), 250_000)

    def test_there_is_nothing_else(self):
        for path in ("/ui/none.js", "/ui/index.html/x", "/ui//", "/ui/../etc/passwd"):
            # What is no file of the page is nobody's business who may not ask.
            self.assertIn(self.service.request("GET", path)[0], (400, 403, 404), path)
        self.assertIn(self.service.request("POST", "/ui/", body="x")[0], (403, 405))
        self.assertEqual(self.service.request("HEAD", "/ui/")[0::2], (200, b""))

    def test_what_it_asks_for_is_refused_to_who_may_not(self):
        self.assertIn(self.service.request("GET", "/v1/containers")[0], (401, 403))


if __name__ == "__main__":
    unittest.main()
