"""tools/check-coroutines on the forms that g++ 12.2 was seen to miscompile, and on those that are right."""

import pathlib
import unittest

from tests.support.scripts import load_script

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHECK = load_script("tools/check-coroutines")

BAD = {
    "a coroutine that gives result<bool>": "task<result<bool>> f(int a);",
    "a braced argument": "auto r = co_await f({.host = h});",
    "a braced argument of a named type": "auto r = co_await f(request{h, 1});",
    "an empty braced argument": "co_await f(options{});",
    "a template's braced argument": "co_await f(std::vector<int>{1, 2});",
    "co_await inside braces": "agg a{co_await f()};",
    "co_await inside braces after =": "agg a = {co_await f(), 1};",
    "co_await inside braces inside a call": "v.push_back({co_await a(), 1});",
    "braces in another argument of the expression": "g(thing{x}, co_await f());",
    "?: with co_await in an arm": "auto r = c ? co_await a() : b;",
    "?: as an argument": "auto r = co_await f(c ? std::string(x) : y);",
    "?: around the awaited": "auto r = co_await (c ? f() : g());",
    "switch on co_await": "switch (co_await f()) { case 1: break; }",
    "a lambda that copies": "co_await run([s] { use(s); });",
    "a lambda that moves in": "co_await run([s = std::move(s)](int) mutable { use(s); });",
    "a lambda with = capture": "co_await run([=]() -> int { return s; });",
    "a lambda after a reference capture": "co_await run([&a, s] { use(a, s); });",
    "a lambda beside co_await in co_spawn": "co_spawn(co_await this_coro::executor, [s]() -> task<void> { co_return; }, token);",
    "the same in a returned expression": "co_return co_await f({1, 2});",
    "the same in a condition": "if (auto r = co_await f({1}); !r) co_return;",
    "the same in a loop": "for (auto& x : co_await f({1})) use(x);",
    "the same inside a lambda's body": "auto go = [&]() -> task<void> { co_await f({1}); };",
    "a capturing coroutine lambda called in place": "auto t = [x]() -> task<int> { co_return x; }();",
    "over several lines": "auto r = co_await f(\n    a,\n    {.b = 1});",
}

GOOD = {
    "names": "request q{h, 1}; auto r = co_await f(std::move(q));",
    "a temporary of a type with a constructor": "auto r = co_await f(std::string(\"{?}\"), options(1));",
    "a named lambda": "auto work = [s] { use(s); }; co_await run(std::move(work));",
    "a lambda that captures references": "co_await run([&s] { use(s); });",
    "a lambda that captures this": "co_await run([this] { go(); });",
    "a lambda that captures nothing": "co_await run([](int x) { return thing{x}; });",
    "braces inside a lambda's body": "co_await run([&](int x) -> result<thing> { return {x}; });",
    "if with co_await and a block": "if (auto r = co_await f()) { g({1}); }",
    "if with co_await and a braced statement after it": "if (co_await f()) g({1});",
    "range-for over an awaited vector": "for (auto& x : co_await f()) { use(x); }",
    "structured binding": "auto [a, b] = co_await f();",
    "structured binding in if": "if (auto [a, b] = co_await f(); a) use(b);",
    "switch on a name": "auto r = co_await f(); switch (r) { case 1: break; }",
    "?: in another statement": "auto r = co_await f(); auto s = r ? 1 : 2;",
    "braces in another statement": "g({1}); co_await f(); h({2});",
    "subscripts": "auto r = co_await f(v[i], w[j]);",
    "words in comments and strings": "// co_await f({1})\nf(\"co_await ? {\"); /* co_await g({1}) */ g({1});",
    "a raw string": "f(R\"x(co_await { ? )x\", {1});",
    "a digit separator": "f({1'000}); co_await g(1'000);",
    "else after co_await": "if (c) co_await f(); else g({1});",
    "a lambda coroutine handed to co_spawn": "co_spawn(ex, [x]() -> task<void> { co_return; }, token);",
}


def inside(body):
    return f"namespace a {{\ntask<void> outer(int p)\n{{\n    {body}\n    co_return;\n}}\n}}  // namespace a\n"


class CheckCoroutines(unittest.TestCase):
    def test_finds_each_bad_form(self):
        for name, body in BAD.items():
            with self.subTest(name):
                self.assertEqual(1, len(CHECK.check(inside(body))), CHECK.check(inside(body)))

    def test_lets_each_good_form_pass(self):
        for name, body in GOOD.items():
            with self.subTest(name):
                self.assertEqual([], CHECK.check(inside(body)))

    def test_finds_a_braced_default_argument(self):
        self.assertEqual(1, len(CHECK.check("task<int> get(std::string a, options o = {});")))
        self.assertEqual(1, len(CHECK.check("class c {\n    virtual task<result<int>> get(options o = options{}) = 0;\n};")))
        self.assertEqual([], CHECK.check("int get(options o = {});"))
        self.assertEqual([], CHECK.check("task<int> get(int limit = 3);"))

    def test_says_the_line(self):
        self.assertEqual(4, CHECK.check(inside(BAD["a braced argument"]))[0][0])

    def test_reads_classes_and_constructors(self):
        source = ("class c : public b<int> {\npublic:\n    explicit c(int x) : x_(x), y_{x} { go({1}); }\n"
                  "    task<int> f() const override { co_return co_await g(); }\nprivate:\n    int x_ = 0;\n    std::array<int, 2> y_{1, 2};\n};")
        self.assertEqual([], CHECK.check(source))


if __name__ == "__main__":
    unittest.main()
