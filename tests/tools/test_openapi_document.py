"""tools/openapi-document: the pieces of the OpenAPI document in one."""

import gzip
import json
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIRST = {
    "openapi": "3.1.0", "info": {"title": "x"},
    "paths": {"/b": {"get": {"responses": {"200": {"$ref": "#/components/responses/R"}}}}},
    "components": {"responses": {"R": {"description": "ü"}}, "securitySchemes": {"token": {"type": "http"}}},
}


class OpenapiDocument(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_on(self, *pieces, flags=()):
        paths = []
        for number, piece in enumerate(pieces):
            paths.append(self.folder / f"{number}.json")
            paths[-1].write_text(piece if isinstance(piece, str) else json.dumps(piece), encoding="utf-8")
        return subprocess.run([ROOT / "tools/openapi-document", *flags, *paths], capture_output=True, text=True, check=False)

    def refused(self, why, *pieces):
        run = self.run_on(*pieces)
        self.assertEqual((run.returncode, run.stdout), (1, ""))
        self.assertRegex(run.stderr, r"^openapi-document: .*" + why)

    def test_pieces_in_any_order_are_one_document(self):
        more = {"paths": {"/a": {"get": {"x": {"$ref": "#/components/schemas/S"}}}}, "components": {"schemas": {"S": {"type": "string"}}}}
        run = self.run_on(FIRST, more, flags=["--version", "1.2"])
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(run.stdout, self.run_on(more, FIRST, flags=["--version", "1.2"]).stdout)
        made = json.loads(run.stdout)
        self.assertEqual(made["info"], {"title": "x", "version": "1.2"})
        self.assertEqual(list(made["paths"]), ["/a", "/b"])
        self.assertEqual(made["components"], {**FIRST["components"], **more["components"]})
        self.assertNotIn(" ", run.stdout)

    def test_as_source(self):
        run = self.run_on(FIRST, flags=["--cpp"])
        numbers = bytes(map(int, re.findall(r"\b\d+(?=,)", run.stdout.partition("{\n")[2].partition("openapi_bytes[]")[2])))
        self.assertEqual(gzip.decompress(numbers).decode(), self.run_on(FIRST).stdout)
        self.assertEqual(numbers[:10], b"\x1f\x8b\x08\0\0\0\0\0\x02\xff", "no optional fields, no time")
        self.assertEqual(run.stdout, self.run_on(FIRST, flags=["--cpp"]).stdout)

    def test_what_is_wrong_with_pieces(self):
        self.refused(r'1\.json: "/b" is in another piece too', FIRST, {"paths": {"/b": {}}})
        self.refused(r'1\.json: "R" is in another piece too', FIRST, {"components": {"responses": {"R": {}}}})
        self.refused(r'1\.json: "info" is in another piece too', FIRST, {"info": {}})
        self.refused(r'0\.json: "a" stands twice in one object', '{"a": 1, "a": 2}')
        self.refused(r"0\.json: .*Expecting", "{")
        self.refused(r"0\.json: not an object", "[]")
        self.refused(r'no piece has "openapi"', {"info": {}, "paths": {}, "components": {}})
        self.refused(r"a document has no more", FIRST, {"more": 1})
        self.refused(r"these lead nowhere: #/components/schemas/S$", FIRST, {"paths": {"/a": {"x": [{"$ref": "#/components/schemas/S"}]}}})
        self.refused(r"nothing uses #/components/schemas/S$", FIRST, {"components": {"schemas": {"S": {}}}})


if __name__ == "__main__":
    unittest.main()
