#include "server/http/target.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nodescope::http {
namespace {

TEST(SplitTarget, TakesBothFormsApart)
{
    struct example {
        std::string target, authority, path, query;
    };
    const std::vector<example> examples{
        {"/", "", "/", ""},
        {"/a/b?c=d", "", "/a/b", "c=d"},
        {"/a?", "", "/a", ""},
        {"/a?b?c", "", "/a", "b?c"},
        {"/a?x=http://y/", "", "/a", "x=http://y/"},
        {"/a?m[]=1&n=%5B", "", "/a", "m[]=1&n=%5B"},
        {"//x/y", "", "//x/y", ""},
        {"http://localhost/a", "localhost", "/a", ""},
        {"HTTP://[::1]:80/a?b", "[::1]:80", "/a", "b"},
        {"https://h", "h", "/", ""},
        {"http://h?q", "h", "/", "q"},
        {"http://user:pw@h/a", "user:pw@h", "/a", ""},
    };
    for (const example& one : examples) {
        target_parts out;
        EXPECT_EQ(split_target(one.target, out), refusal{}) << one.target;
        EXPECT_EQ(out.authority, one.authority) << one.target;
        EXPECT_EQ(out.path, one.path) << one.target;
        EXPECT_EQ(out.query, one.query) << one.target;
    }
}

TEST(SplitTarget, RefusesOtherFormsAndBytes)
{
    const std::vector<std::string> examples{
        "",
        "*",
        "localhost:80",
        "a/b",
        "ftp://h/a",
        "http:///a",
        "http://",
        "http:/a",
        "://h/",
        "javascript:x",
        "/a#b",
        "/a?b#c",
        "/a\"b",
        "/a\xff",
        "/a<b",
        "/a>b",
        "/a\\b",
        "/a^b",
        "/a`b",
        "/a{b}",
        "/a|b",
        "/a[b]",
        "/a?b\"",
        "/a?b\\c",
        "/a?%",
        "/a?%1",
        "/a?%zz",
        "/a?b|c",
        "/a?\xc3\xa9",
        "http://h/a#b",
        "file:///etc/passwd",
    };
    for (const std::string& target : examples) {
        target_parts out;
        EXPECT_EQ(split_target(target, out).status, 400U) << target;
    }
}

TEST(CanonicalPath, DecodesOnce)
{
    struct example {
        std::string encoded, path;
    };
    const std::vector<example> examples{
        {"/", "/"},
        {"/a", "/a"},
        {"/a/", "/a/"},
        {"/a/b.c/..d/...", "/a/b.c/..d/..."},
        {"/%61", "/a"},
        {"/a%20b", "/a b"},
        {"/%25%32%66", "/%2f"},
        {"/%252e%252e/", "/%2e%2e/"},
        {"/system.slice/a%5cx2d.service", "/system.slice/a\\x2d.service"},
        {"/%C3%A9%ff", "/\xc3\xa9\xff"},
        {"/a%0a", "/a\n"},
        {"/a+b;c=d", "/a+b;c=d"},
    };
    for (const example& one : examples) {
        std::string out = "left over";
        EXPECT_EQ(canonical_path(one.encoded, out), refusal{}) << one.encoded;
        EXPECT_EQ(out, one.path);
    }
}

// Spellings of /processor/netInfoCollector, and others, that a rule for it would not see.
TEST(CanonicalPath, RefusesEverySecondSpelling)
{
    const std::vector<std::string> examples{
        "",
        "processor/x",
        "//",
        "//processor/x",
        "/processor//x",
        "/processor/x//",
        "/./processor/x",
        "/processor/./x",
        "/processor/x/.",
        "/processor/x/./",
        "/processor/../processor/x",
        "/a/../processor/x",
        "/processor/x/..",
        "/..",
        "/../x",
        "/.",
        "/%2e/processor/x",
        "/%2E/processor/x",
        "/%2e%2e/x",
        "/.%2e/x",
        "/%2e./x",
        "/processor/%2e%2E/processor/x",
        "/processor%2fx",
        "/processor%2Fx",
        "/%2fprocessor/x",
        "/processor/x%2f",
        "/processor/%2f/x",
        "/processor/x%00",
        "/processor/x%00.txt",
        "/%00",
        "/processor/x%",
        "/processor/x%2",
        "/processor/x%zz",
        "/processor/x%2g",
        "/processor/x%%32e",
    };
    for (const std::string& encoded : examples) {
        std::string out;
        EXPECT_EQ(canonical_path(encoded, out).status, 400U) << encoded;
    }
}

TEST(CanonicalPath, AcceptsEachByteOrRefusesIt)
{
    for (int byte = 0; byte < 256; ++byte) {
        char encoded[8];
        std::snprintf(encoded, sizeof(encoded), "/a%%%02xb", byte);
        std::string out;
        const bool legal = byte != 0 && byte != '/';
        EXPECT_EQ(canonical_path(encoded, out).status, legal ? 0U : 400U) << encoded;
        if (legal) {
            EXPECT_EQ(out, std::string("/a") + static_cast<char>(byte) + "b");
        }
    }
}

}  // namespace
}  // namespace nodescope::http
