"""GET /v1/openapi.json: it is a valid document, it has every route, parameter and member of the code and nothing else, and answers that are
not as described are noticed (tests/support/openapi.py, through which all tests ask)."""

import gzip
import json
import re
import unittest

from tests.support import namespace_zoo as zoo_module
from tests.support import openapi
from tests.support.callers import route_table
from tests.support.openapi import ROOT, document, parameters_of, resolved
from tests.support.service import Service

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
# What others write and we pass on.
FOREIGN = ("ContainerSummary", "PodObject", "DockerInfo")


def operations():
    for path, item in document()["paths"].items():
        for method in METHODS & set(item):
            yield path, method, item[method]


def schemas_in(value, inside_schema=False):
    """Every schema of the document, those in schemas as well."""
    if not isinstance(value, (dict, list)):
        return
    if isinstance(value, list):
        for one in value:
            yield from schemas_in(one, inside_schema)
        return
    if inside_schema:
        yield value
    for name, one in value.items():
        if name in ("example", "examples", "enum", "required", "const"):
            continue
        if name in ("properties", "schemas"):
            for inner in one.values():
                yield from schemas_in(inner, True)
        else:
            yield from schemas_in(one, inside_schema or name in ("schema", "contentSchema"))


def examples_in(value):
    """Each example with the schema that it is of."""
    if isinstance(value, list):
        for one in value:
            yield from examples_in(one)
    elif isinstance(value, dict):
        if "example" in value and "schema" in value:
            yield value["schema"], value["example"]
        for name, one in value.items():
            if name not in ("example", "examples"):
                yield from examples_in(one)


class Document(unittest.TestCase):
    def test_it_is_openapi(self):
        whole = document()
        self.assertLessEqual(set(whole), {"openapi", "info", "servers", "security", "tags", "paths", "components"})
        self.assertRegex(whole["openapi"], r"^3\.1\.\d+$")
        self.assertLessEqual({"title", "version"}, set(whole["info"]))
        schemes = whole["components"]["securitySchemes"]
        for asked in whole["security"]:
            self.assertLessEqual(set(asked), set(schemes))
        self.assertEqual({name for asked in whole["security"] for name in asked}, set(schemes))
        for kind, members in whole["components"].items():
            for name in members:
                self.assertRegex(name, r"^[A-Za-z0-9._-]+$", kind)

    def test_operations(self):
        names, tags = [], set()
        for path, method, operation in operations():
            with self.subTest(path):
                self.assertRegex(path, r"^(/[A-Za-z0-9._-]+)+$")
                names.append(operation["operationId"])
                self.assertEqual(len(operation["tags"]), 1)
                tags.update(operation["tags"])
                self.assertTrue(operation["summary"])
                given = [resolved(one) for one in (*document()["paths"][path].get("parameters", ()), *operation.get("parameters", ()))]
                self.assertEqual(len({(one["name"], one["in"]) for one in given}), len(given))
                for one in given:
                    self.assertIn(one["in"], ("query", "header"))
                    self.assertIn("schema", one)
                self.assertEqual("requestBody" in operation, method == "post")
                self.assertIn("200", operation["responses"])
                for status, response in operation["responses"].items():
                    self.assertRegex(status, r"^([1-5]\d\d|[45]XX)$")
                    self.assertTrue(resolved(response)["description"])
                    for kind, content in resolved(response)["content"].items():
                        self.assertIn(kind, ("application/json", "text/plain"))
                        self.assertIn("schema", content)
        self.assertEqual(len(set(names)), len(names), "operationId")
        self.assertEqual(tags, {one["name"] for one in document()["tags"]})

    def test_schemas(self):
        seen = list(schemas_in(document()))
        self.assertGreater(len(seen), 500)
        for one in seen:
            openapi.check_schema(one)
            if not isinstance(one.get("additionalProperties"), dict):
                self.assertLessEqual(set(one.get("required", ())), set(one.get("properties", ())), one)

    def test_what_is_ours_is_closed(self):
        """So that a new member which is not described is noticed."""
        open_ones = {name for name, one in document()["components"]["schemas"].items()
                     if "properties" in one and one.get("additionalProperties") is not False}
        self.assertEqual(open_ones, {"ContainerSummary", "Request", "PodRequest", "NetInfoRequest", "NetworkDiagnosisRequest"})
        for schema in document()["components"]["schemas"].values():
            for one in schemas_in(schema):
                if "properties" in one:
                    self.assertIn("additionalProperties", one, one)

    def test_objects_have_members(self):
        """What "object" alone describes is anything at all."""
        def bare_in(schemas):
            return [one for one in schemas if "object" in one.get("type", ()) and not {"properties", "additionalProperties"} & set(one)]

        for name, schema in document()["components"]["schemas"].items():
            if name not in FOREIGN:
                self.assertEqual(bare_in(schemas_in({"schemas": {name: schema}})), [], name)
        for path, _, operation in operations():
            # The document itself, of which OpenAPI says what it has.
            if path != "/v1/openapi.json":
                self.assertEqual(bare_in(schemas_in(operation)), [], path)

    def test_examples(self):
        seen = list(examples_in(document()))
        self.assertGreater(len(seen), 10)
        for schema, example in seen:
            self.assertEqual(openapi.problems(openapi.validator_of(schema), example), [], example)

    def test_every_member_is_in_the_code(self):
        code = "".join(path.read_text(encoding="utf-8") for room in ("netlink", "collectors", "server") for path in ROOT.glob(f"{room}/**/*.[ch]pp"))
        written = set(re.findall(r'"([^"\\\n]*)"', code))
        written |= {part for word in written for part in (*word.split("/"), word.removeprefix("collector.kubernetes."), "collector.kubernetes." + word)}
        written |= {word + suffix for word in written for suffix in (".error", ".truncated", ".leftOut")}
        for name, schema in document()["components"]["schemas"].items():
            if name in FOREIGN:
                continue
            for one in schemas_in({"schemas": {name: schema}}):
                for member in one.get("properties", ()):
                    self.assertTrue(member in written, f"{name}: nothing writes {member}")


class Served(zoo_module.ZooCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service = Service()
        cls.addClassCleanup(cls.service.stop)

    def sentence(self, target, status=400):
        got, _, body = self.service.request("GET", target)
        self.assertEqual(got, status, body)
        return json.loads(body)["error"]["message"]

    def test_it_is_what_stands_beside_the_code(self):
        status, headers, body = self.service.request("GET", "/v1/openapi.json")
        self.assertEqual((status, headers["Content-Type"], headers["Vary"]), (200, "application/json", "Accept-Encoding"))
        served = json.loads(body)
        version = json.loads(self.service.request("GET", "/status")[2])["version"]
        self.assertEqual(served["info"].pop("version"), version)
        expected = json.loads(json.dumps(document()))
        del expected["info"]["version"]
        self.assertEqual(served, expected)
        self.assertEqual(self.service.request("HEAD", "/v1/openapi.json")[1]["Content-Length"], str(len(body)))
        checking, self.service.checks_answers = self.service.checks_answers, False
        self.addCleanup(setattr, self.service, "checks_answers", checking)
        status, headers, coded = self.service.request("GET", "/v1/openapi.json", headers={"Accept-Encoding": "gzip"})
        self.assertEqual((status, headers["Content-Encoding"]), (200, "gzip"))
        self.assertEqual(gzip.decompress(coded), body)

    def test_it_has_every_route_and_no_other(self):
        table = {(method.lower(), path) for method, path, _ in route_table() if path.startswith(openapi.DESCRIBED)}
        self.assertGreater(len(table), 15)
        self.assertEqual({(method, path) for path, method, _ in operations()}, table)

    def test_the_documents_name_every_route(self):
        pages = (ROOT / "docs/api.md").read_text() + (ROOT / "docs/cadvisor.md").read_text() + (ROOT / "docs/ui.md").read_text()
        paths = {path for method, path, _ in route_table() if not path.startswith("/api/")}
        self.assertIn("/v1/containers", paths)
        self.assertEqual({path for path in paths if path not in pages}, set())

    def test_parameters_are_those_that_are_taken(self):
        whose = [path for path, method, _ in operations() if method == "get" and "pid" in parameters_of(path)]
        self.assertLessEqual({"/v1/network", "/v1/findings"}, set(whose))
        for path in whose:
            said = self.sentence(f"{path}?node&zzz=1")
            names = re.fullmatch(r'network: there is no parameter "zzz": use (.*)', said)
            self.assertTrue(names, said)
            self.assertEqual(set(re.split(r", and | and |, | or ", names[1])), set(parameters_of(path)), path)
        said = self.sentence("/v1/containers?zzz=1")
        names = re.fullmatch(r'containers: there is no parameter "zzz": use (.*)', said)
        self.assertTrue(names, said)
        self.assertEqual(set(names[1].split(", ")), set(parameters_of("/v1/containers")))
        for path, method, _ in operations():
            if method == "get" and path not in (*whose, "/v1/containers"):
                self.assertEqual(parameters_of(path), {}, path)

    def test_words_of_parameters(self):
        said = self.sentence("/v1/network?node&parts=%1b").partition("the parts are ")[2]
        parts = parameters_of("/v1/network")["parts"]["schema"]["items"]["enum"]
        self.assertEqual(sorted(said.split(", ")), sorted(parts))
        self.assertEqual(set(document()["components"]["schemas"]["Network"]["properties"]) - {"target", "errors", "notes"}, set(parts))
        said = self.sentence("/v1/findings?node&severity=x").partition("must be ")[2]
        self.assertEqual(set(re.split(", | or ", said)), set(document()["components"]["schemas"]["Severity"]["enum"]))

    def test_keys_of_processors_are_those_that_are_taken(self):
        described = {name for _, method, operation in operations() if method == "post"
                     for content in resolved(operation["requestBody"])["content"].values() for name in resolved(content["schema"])["properties"]}
        for key in (*described, "task.uid"):
            status, _, body = self.service.request("POST", "/processor/processCollector", json.dumps({key: None}))
            self.assertEqual(status, 200 if key == "task.uid" else 500, body)
            if status == 500:
                self.assertIn(f'the value of "{key}" must be a string', body.decode())
        # The list that all processors read by; node_nat_parameter is the one that has no quotes.
        code = (ROOT / "server/api/processors/processors.cpp").read_text(encoding="utf-8")
        taken = set(re.findall(r'"([\w.]+)"', re.search(r"parameters::parse\(asked\.body,\s*\{(.*?)\}", code, re.S)[1]))
        self.assertEqual(described - {"param.collector.kubernetes.net_info.node_nat"}, taken)

    def test_kinds_of_failures_are_those_of_the_code(self):
        code = (ROOT / "core/error.cpp").read_text(encoding="utf-8")
        self.assertEqual(set(re.findall(r'case failure::\w+: return "(\w+)"', code)),
                         set(document()["components"]["schemas"]["Error"]["properties"]["kind"]["enum"]))

    def test_all_parts_at_once(self):
        node = zoo_module.add_node(self.zoo)
        made = zoo_module.add_container(self.zoo, "c2", node, 2)
        parts = parameters_of("/v1/network")["parts"]["schema"]["items"]["enum"]
        for namespace in (node, made, self.zoo.add("new")):
            status, _, body = self.service.request("GET", f"/v1/network?pid={namespace.pid}&parts={','.join(parts)}")
            self.assertEqual(status, 200)
            self.assertEqual(set(parts) - set(json.loads(body)) - set(json.loads(body)["errors"]), set())

    def test_every_processor(self):
        for path, method, _ in operations():
            if method == "post":
                for body in (None, "{}", json.dumps({"pid": str(self.service.pid), "node": "another"}), "[]", json.dumps({"pid": str(self.service.pid)})):
                    self.service.request("POST", path, body)


class Checked(unittest.TestCase):
    """What is not as described does not pass."""

    JSON = {"Content-Type": "application/json"}

    def refused(self, why, *answer, method="GET"):
        with self.assertRaisesRegex(AssertionError, why):
            openapi.check_answer(method, *answer)

    def rule(self, **more):
        return json.dumps({"rules": [{"rule": "a", "severity": "info", "means": "x", "hint": "y", "enabled": True, **more}]}).encode()

    def test_members(self):
        openapi.check_answer("GET", "/v1/findings/rules", 200, self.JSON, self.rule())
        self.refused("'more' was unexpected", "/v1/findings/rules", 200, self.JSON, self.rule(more=1))
        self.refused("rules/0/enabled: 1 is not of type 'boolean'", "/v1/findings/rules", 200, self.JSON, self.rule(enabled=1))
        self.refused("'rules' is a required property", "/v1/findings/rules", 200, self.JSON, b"{}")

    def test_the_last_of_many_and_a_kind_of_link(self):
        link = {"ifindex": 1, "ifname": "a", "flags": [], "link_type": "ether", "addr_info": []}
        openapi.check_part("addr", [link] * 1000)
        with self.assertRaisesRegex(AssertionError, "addr"):
            openapi.check_part("addr", [link] * 999 + [{**link, "more": 1}])
        openapi.check_part("addr", [{**link, "linkinfo": {"info_kind": "vrf", "info_data": {"table": 1}}}])
        with self.assertRaisesRegex(AssertionError, "linkinfo/info_data"):
            openapi.check_part("addr", [{**link, "linkinfo": {"info_kind": "vrf", "info_data": {"table": 1, "more": 1}}}])

    def test_what_a_hop_quotes(self):
        route = {"dst": "10.0.0.2", "dev": "eth0", "flags": [], "cache": ["local"]}
        neighbour = {"dst": "10.0.0.2", "dev": "eth0", "state": ["FAILED"]}
        hop = {"netns": 1, "place": "node", "name": None, "container": None, "iif": None, "ifname": "eth0", "translated": None, "route": route,
               "candidates": [route], "neighbour": neighbour, "forwarding": {"flags": [], "state": ""}, "netfilter": [], "verdict": "stopped", "why": "x"}
        described = openapi.validator_of({"$ref": "#/components/schemas/PathHop"})
        self.assertEqual(openapi.problems(described, hop), [])
        for wrong in ({"route": {**route, "more": 1}}, {"candidates": [{**route, "cache": ["more"]}]}, {"neighbour": {**neighbour, "more": 1}},
                      {"forwarding": {"flags": [], "state": "", "more": 1}}, {"forwarding": None}, {"verdict": "unknown"}, {"place": "elsewhere"}):
            self.assertEqual(len(openapi.problems(described, {**hop, **wrong})), 1, wrong)

    def test_json_in_strings(self):
        def answer(text):
            return "/processor/podDetailCollector", 200, self.JSON, json.dumps({"collector.kubernetes.pod.detail": text}).encode()

        openapi.check_answer("POST", *answer("{}"))
        self.refused("not JSON", *answer("{"), method="POST")
        self.refused("is not of type 'object'", *answer("[]"), method="POST")

    def test_statuses_types_parameters_and_paths(self):
        failure = json.dumps({"error": {"kind": "gone", "message": "x"}}).encode()
        openapi.check_answer("GET", "/v1/network?node", 404, self.JSON, failure)
        self.refused("status 422 is not|no application/json", "/v1/network?node", 422, self.JSON, failure)
        self.refused("status 501 is not described", "/v1/network?node", 501, self.JSON, failure)
        # What is not asked about one container has no container that may be missing.
        for path in "/v1/containers", "/v1/topology", "/v1/findings/rules":
            for status in 404, 409:
                self.refused("no application/json", path, status, self.JSON, failure)
        self.refused("status 502 is not described", "/v1/containers", 502, self.JSON, failure)
        self.refused("no text/html", "/v1/network?node", 404, {"content-type": "text/html"}, b"x")
        self.refused("is not one of", "/v1/network?node", 404, self.JSON, failure.replace(b"gone", b"lost"))
        self.refused("a parameter is taken", "/v1/findings/rules?x=1", 200, self.JSON, self.rule())
        self.refused("is not described", "/v1/nothing", 200, self.JSON, b"{}")
        openapi.check_answer("GET", "/v1/nothing", 404, {"Content-Type": "text/plain"}, b"x")


if __name__ == "__main__":
    unittest.main()
