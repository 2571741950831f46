#include "server/http/origin_rules.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nodescope::http {
namespace {

TEST(CheckHost, AcceptsLiteralsLocalhostAndConfiguredNames)
{
    const origin_rules rules({"node-7", "agent.example.com"}, {});
    for (const std::string host :
         {"127.0.0.1", "127.0.0.1:8095", "10.1.2.3:80", "[::1]", "[::1]:8095", "[2001:db8::7]:1", "[::ffff:10.0.0.1]",
          "localhost", "LocalHost:8095", "node-7", "NODE-7:1", "agent.example.com:65535", "0.0.0.0:0"}) {
        EXPECT_EQ(rules.check_host(host), refusal{}) << host;
    }
}

TEST(CheckHost, SendsOtherNamesAway)
{
    const origin_rules rules({"node-7"}, {});
    for (const std::string host :
         {"evil.example", "evil.example:8095", "localhost.evil.example", "127.0.0.1.evil.example", "node-70", "node-",
          "localhost.", "127.1", "2130706433", "0x7f000001", "127.0.0.1.", "256.0.0.1", "a_b"}) {
        EXPECT_EQ(rules.check_host(host).status, 421U) << host;
    }
}

TEST(CheckHost, RefusesMalformedValues)
{
    const origin_rules rules({}, {});
    const std::vector<std::string> examples{
        "",
        ":80",
        "localhost:",
        "localhost:x",
        "localhost:65536",
        "localhost:-1",
        "localhost:080808",
        "localhost:80:80",
        "::1",
        "[::1",
        "[::1]x",
        "[]",
        "[localhost]",
        "[fe80::1%25eth0]",
        "user@localhost",
        "localhost/x",
        "local host",
        "localhost,evil",
        "localhost, localhost",
        "http://localhost",
        "loc%61lhost",
        "loc\xc3\xa4lhost",
        "localhost?",
        "localhost#",
        std::string(254, 'a'),
    };
    for (const std::string& host : examples) EXPECT_EQ(rules.check_host(host).status, 400U) << host;
}

// Twelve shapes in which a browser sends what a page asks for.
TEST(CheckOrigin, RefusesWhatBrowsersSendForOtherSites)
{
    const origin_rules rules({}, {});
    struct example {
        std::optional<std::string_view> origin, site;
    };
    const std::vector<example> examples{
        {"http://evil.example", {}},
        {"null", {}},
        {"", {}},
        {"http://127.0.0.1:8095", {}},
        {"http://localhost", "same-origin"},
        {"file://", {}},
        {{}, "cross-site"},
        {{}, "same-site"},
        {{}, ""},
        {{}, "None"},
        {"https://evil.example", "cross-site"},
        {{}, "none, cross-site"},
    };
    for (const example& one : examples) {
        request_head head;
        head.origin = one.origin;
        head.sec_fetch_site = one.site;
        EXPECT_EQ(rules.check_origin(head, "http").status, 403U)
            << one.origin.value_or("-") << " " << one.site.value_or("-");
    }
}

TEST(CheckOrigin, LetsOtherClientsAndListedOriginsPass)
{
    const origin_rules rules({}, {"https://panel.example"});
    request_head head;
    EXPECT_EQ(rules.check_origin(head, "http"), refusal{});
    head.sec_fetch_site = "none";
    EXPECT_EQ(rules.check_origin(head, "http"), refusal{});
    head.origin = "https://panel.example";
    head.sec_fetch_site = "same-origin";
    EXPECT_EQ(rules.check_origin(head, "http"), refusal{});
    head.origin = "https://panel.example.evil.example";
    EXPECT_EQ(rules.check_origin(head, "http").status, 403U);
}

TEST(CheckOrigin, LetsItsOwnPagesAsk)
{
    const origin_rules rules({}, {});
    struct example {
        std::string_view scheme, host;
        std::string_view origin;
    };
    const auto status_of = [&rules](const example& one, std::string_view site) {
        request_head head;
        head.host = one.host;
        head.origin = one.origin;
        head.sec_fetch_site = site;
        return rules.check_origin(head, one.scheme).status;
    };
    for (const example& own :
         {example{"http", "127.0.0.1:8095", "http://127.0.0.1:8095"},
          example{"https", "127.0.0.1:8095", "https://127.0.0.1:8095"},
          example{"http", "[::1]:8095", "http://[::1]:8095"}, example{"https", "localhost", "https://localhost"},
          example{"http", "LocalHost:80", "http://localhost:80"}}) {
        EXPECT_EQ(status_of(own, "same-origin"), 0U) << own.origin;
        EXPECT_EQ(status_of(own, "same-site"), 403U) << own.origin;
        EXPECT_EQ(status_of(own, "cross-site"), 403U) << own.origin;
    }
    for (const example& other :
         {example{"http", "127.0.0.1:8095", "https://127.0.0.1:8095"},
          example{"https", "127.0.0.1:8095", "http://127.0.0.1:8095"},
          example{"http", "127.0.0.1:8095", "http://127.0.0.1:8096"},
          example{"http", "127.0.0.1:8095", "http://127.0.0.1"}, example{"http", "127.0.0.1", "http://127.0.0.1:8095"},
          example{"http", "127.0.0.1:8095", "http://localhost:8095"},
          example{"http", "127.0.0.1:8095", "http://evil.example"},
          example{"http", "127.0.0.1:8095", "http://127.0.0.1:8095/"},
          example{"http", "127.0.0.1:8095", "http://127.0.0.1:8095.evil.example"},
          example{"http", "127.0.0.1:8095", "http:/127.0.0.1:8095"},
          example{"http", "127.0.0.1:8095", "127.0.0.1:8095"}, example{"http", "127.0.0.1:8095", "null"},
          example{"http", "null", "null"}, example{"http", "127.0.0.1:8095", ""}}) {
        EXPECT_EQ(status_of(other, "same-origin"), 403U) << other.host << " " << other.origin;
    }
}

TEST(IsJsonContentType, IgnoresCaseAndParameters)
{
    for (const std::string value : {"application/json", "Application/JSON", "application/json; charset=utf-8",
                                    "application/json ;x=y", "application/json;"}) {
        EXPECT_TRUE(is_json_content_type(value)) << value;
    }
    for (const std::string value : {"", "text/plain", "application/jsonx", "application/json, text/plain", "json",
                                    "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"}) {
        EXPECT_FALSE(is_json_content_type(value)) << value;
    }
}

}  // namespace
}  // namespace nodescope::http
