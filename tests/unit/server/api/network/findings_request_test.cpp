#include "server/api/network/findings_request.hpp"

#include <gtest/gtest.h>

namespace nodescope::api {
namespace {

result<findings_request> parsed_findings(std::string_view query) { return parse_findings_request(url_query(query)); }

TEST(FindingsRequest, TakesOneTargetAndASeverity)
{
    EXPECT_EQ(parsed_findings("node").value().least, findings::severity::info);
    EXPECT_EQ(parsed_findings("node&severity=info").value().least, findings::severity::info);
    EXPECT_EQ(parsed_findings("pod=default/web&container=app&severity=warning").value().least,
              findings::severity::warning);
    EXPECT_EQ(parsed_findings("severity=error&container=web").value().least, findings::severity::error);
    EXPECT_TRUE(parsed_findings("node").value().whose);
    EXPECT_FALSE(parsed_findings("all").value().whose);
    EXPECT_FALSE(parsed_findings("all=").value().whose);
    EXPECT_EQ(parsed_findings("severity=error&all").value().least, findings::severity::error);
}

TEST(FindingsRequest, TakesAnInterval)
{
    using namespace std::chrono_literals;
    for (const auto& [text, interval] : {std::pair("node", 0ms),
                                         {"node&interval=0", 0ms},
                                         {"node&interval=0s", 0ms},
                                         {"node&interval=250ms", 250ms},
                                         {"node&interval=10s", 10000ms}}) {
        EXPECT_EQ(parsed_findings(text).value().interval.value_or(0ms), interval) << text;
    }
}

TEST(FindingsRequest, RefusesAllElseWithASentence)
{
    const std::pair<std::string, std::string> all[] = {
        {"", "exactly one of"},
        {"severity=info", "exactly one of"},
        {"node&pid=7", "exactly one of"},
        {"node&severity=", "must be info, warning or error"},
        {"node&severity=loud%1b", "severity is \"loud\\x1b\""},
        {"node&severity=info&severity=info", "given twice"},
        {"node&parts=addr", "no parameter \"parts\": use container, pod, pid or node, and all, severity, interval"},
        {"node&interval=", "findings: interval: "},
        {"node&interval=11s", "interval is 11s, and may be 10s at most"},
        {"node&interval=-1s", "findings: interval: "},
        {"all=yes", "all takes no value"},
        {"all&node", "give only severity beside it"},
        {"pid=7&all", "give only severity beside it"},
        {"all&all", "given twice"},
        {"all&severity=info&severity=info", "given twice"},
        {"all&severity=loud", "must be info, warning or error"},
    };
    for (const auto& [query, sentence] : all) {
        const auto got = parsed_findings(query);
        ASSERT_FALSE(got) << query;
        EXPECT_EQ(got.error().kind(), failure::invalid);
        EXPECT_NE(got.error().message().find(sentence), std::string::npos) << got.error().message();
    }
}

}  // namespace
}  // namespace nodescope::api
