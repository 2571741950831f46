#include "server/api/network/findings_request.hpp"

#include <gtest/gtest.h>

namespace nodescope::api {
namespace {

result<findings_query> parsed_findings(std::string_view query) { return parse_findings_request(url_query(query)); }

TEST(FindingsRequest, TakesOneTargetAndASeverity)
{
    EXPECT_EQ(parsed_findings("node").value().least, findings::severity::info);
    EXPECT_EQ(parsed_findings("node&severity=info").value().least, findings::severity::info);
    EXPECT_EQ(parsed_findings("pod=default/web&container=app&severity=warning").value().least,
              findings::severity::warning);
    EXPECT_EQ(parsed_findings("severity=error&container=web").value().least, findings::severity::error);
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
        {"node&parts=addr", "no parameter \"parts\": use container, pod, pid or node, and severity"},
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
