"""The OpenAPI document against what the service answers. Whatever a test asks of /v1 and /processor through tests.support.service is held
against it: a status, a type, a member or a parameter that is not described is a failed test, wherever it is asked for.

What is described stands beside the code, in server/api/*/openapi/*.json."""

import functools
import json
import pathlib
import subprocess
import urllib.parse

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
PIECES = sorted(ROOT.glob("server/api/**/openapi/*.json"))
DESCRIBED = ("/v1/", "/processor/")
# Elements of a list, and members of an object, that are looked at: so many from either end. A list of 10,000 sockets takes seconds.
LOOKED_AT = 40
SHOWN = 5


@functools.cache
def document():
    """Put together as the build does."""
    done = subprocess.run([ROOT / "tools" / "openapi-document", *PIECES], stdout=subprocess.PIPE, check=True, timeout=60)
    return json.loads(done.stdout)


def resolved(value):
    """The object itself where `value` is a reference to it."""
    while "$ref" in value:
        found = document()
        for name in value["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        value = found
    return value


def _json_in_a_string(validator, inside, instance, _):
    if not validator.is_type(instance, "string"):
        return
    try:
        value = json.loads(instance)
    except ValueError as why:
        yield jsonschema.ValidationError(f"not JSON: {why}")
        return
    yield from validator.descend(thinned(value), inside)


# The standard leaves it to applications whether JSON in a string is looked into.
_Validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"contentSchema": _json_in_a_string})


def check_schema(schema):
    jsonschema.Draft202012Validator.check_schema(schema)


def validator_of(schema):
    return _Validator({"components": document()["components"], **schema})


@functools.cache
def _validator_at(path, method, status, kind):
    """Of an answer; a sentence where there must not be such an answer."""
    responses = document()["paths"][path][method]["responses"]
    response = responses.get(str(status)) or responses.get(f"{status // 100}XX")
    if response is None:
        return f"status {status} is not described"
    content = resolved(response)["content"]
    if kind not in content:
        return f"of status {status} there is no {kind}, but {', '.join(content)}"
    return validator_of(content[kind]["schema"])


def thinned(value):
    """Without what is in the middle of long lists and objects."""
    if isinstance(value, list):
        if len(value) > 2 * LOOKED_AT:
            value = value[:LOOKED_AT] + value[-LOOKED_AT:]
        return [thinned(one) for one in value]
    if isinstance(value, dict):
        members = list(value.items())
        if len(members) > 4 * LOOKED_AT:
            members = members[:2 * LOOKED_AT] + members[-2 * LOOKED_AT:]
        return {name: thinned(one) for name, one in members}
    return value


def _sentence(error):
    inner = error
    while inner.context:
        # Of several possibilities the one that fits best.
        inner = max(inner.context, key=lambda one: len(one.absolute_path))
    where = "/".join(map(str, inner.absolute_path)) or "the answer"
    return f"{where}: {inner.message[:400]}"


def problems(validator, value):
    """What of it is not as described, a sentence each."""
    return sorted(_sentence(error) for error in validator.iter_errors(thinned(value)))


def check_part(name, value):
    """Of /v1/network, from wherever. Raises AssertionError if it is not as described."""
    found = problems(validator_of({"$ref": f"#/components/schemas/Network/properties/{name}"}), value)
    if found:
        raise AssertionError(f"{name}: not as in the OpenAPI document (server/api/*/openapi):\n  " + "\n  ".join(found[:SHOWN]))


def parameters_of(path, method="get"):
    """Of the query, by name."""
    item = document()["paths"][path]
    given = [resolved(one) for one in (*item.get("parameters", ()), *item[method].get("parameters", ()))]
    return {one["name"]: one for one in given if one["in"] == "query"}


def check_answer(method, target, status, headers, body):
    """Raises AssertionError if the answer is not as described."""
    path, _, query = target.partition("?")
    item = document()["paths"].get(path)
    method = "get" if method == "HEAD" else method.lower()
    if item is None or method not in item:
        if status == 200:
            raise AssertionError(f"{method} {path} answers, and is not described")
        return
    if status == 200:
        names = {name for name, _ in urllib.parse.parse_qsl(query, keep_blank_values=True)}
        if names - set(parameters_of(path, method)):
            raise AssertionError(f"{target}: a parameter is taken that is not described")
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "").partition(";")[0]
    validator = _validator_at(path, method, status, kind)
    if isinstance(validator, str):
        raise AssertionError(f"{method} {target}: {validator}: {body[:400]}")
    if not body:
        return
    found = problems(validator, json.loads(body) if kind == "application/json" else body.decode())
    if found:
        raise AssertionError(f"{method} {target}: not as in the OpenAPI document (server/api/*/openapi):\n  " + "\n  ".join(found[:SHOWN]))
