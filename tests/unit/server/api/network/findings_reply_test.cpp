#include "server/api/network/findings_reply.hpp"

#include "core/json/strict.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace nodescope::api {
namespace {

findings::finding made_finding(std::string ifname)
{
    findings::finding one;
    one.rule = "link-down";
    one.weight = findings::severity::error;
    one.about.netns = 99;
    one.about.ifname = std::move(ifname);
    one.summary = "it is \"down\"\x1b";
    one.seen.add("address", "10.0.0.2/24").add("routes", 7);
    one.hint = "look";
    return one;
}

TEST(FindingsReply, WritesFindingsAndRules)
{
    findings::report made;
    made.findings.push_back(made_finding("e\"0"));
    made.findings.push_back(made_finding(""));
    made.findings[1].seen = {};
    made.findings[1].about.container = {"abc", "web", "docker"};
    made.checked = {"link-down"};
    made.not_checked = {{"no-carrier", "late\n"}};
    made.left_out = {{"link-down", 3}, {"drops", 4}};
    made.notes = {{"sockets", "by\nfiles"}, {"drops", "few"}};
    EXPECT_EQ(findings_reply(made, 100000).value(),
              R"({"findings":[{"rule":"link-down","severity":"error","subject":{"netns":99,"ifname":"e\"0",)"
              R"("container":null},"summary":"it is \"down\"\u001b","evidence":{"address":"10.0.0.2/24","routes":7},)"
              R"("hint":"look"},{"rule":"link-down","severity":"error","subject":{"netns":99,"ifname":null,)"
              R"("container":{"id":"abc","name":"web","runtime":"docker"}},"summary":"it is \"down\"\u001b",)"
              R"("evidence":{},"hint":"look"}],"checked":["link-down"],"not_checked":{"no-carrier":"late\\n"},)"
              R"("notes":{"sockets":"by\\nfiles","drops":"few; cut after 100 findings: there are 4 more",)"
              R"("link-down":"cut after 100 findings: there are 3 more"}})"
              "\n");
    EXPECT_EQ(findings_reply({}, 1000).value(), R"({"findings":[],"checked":[],"not_checked":{},"notes":{}})"
                                                "\n");
}

TEST(FindingsReply, KeepsWithinAnyLimit)
{
    findings::report made;
    for (int i = 0; i < 30; ++i) made.findings.push_back(made_finding("eth0"));
    std::size_t least = SIZE_MAX;
    std::size_t most = 0;
    for (std::size_t limit = 0; limit < 8000; ++limit) {
        const auto body = findings_reply(made, limit);
        if (!body) {
            EXPECT_EQ(body.error().kind(), failure::too_large);
            EXPECT_LT(limit, 300U);
            continue;
        }
        EXPECT_LE(body->size(), limit);
        EXPECT_TRUE(strict_json_document(*body, {32, 10000})) << *body;
        std::size_t count = 0;
        for (std::size_t at = 0; (at = body->find("\"rule\":", at)) != std::string::npos; ++at) ++count;
        least = std::min(least, count);
        most = std::max(most, count);
        const std::string note = fmt::format("cut after {} of 30 findings: the answer would be too long", count);
        EXPECT_EQ(body->find(note) != std::string::npos, count < 30) << *body;
    }
    EXPECT_EQ(least, 0U);
    EXPECT_EQ(most, 30U);
}

TEST(FindingsReply, ListsTheRules)
{
    const std::string body = findings_rules_reply({"link-down"});
    EXPECT_TRUE(strict_json_document(body, {32, 10000}));
    EXPECT_TRUE(body.starts_with(R"({"rules":[{"rule":"link-down","severity":"error","means":")")) << body;
    for (const findings::rule& one : findings::all_rules()) {
        EXPECT_NE(body.find(fmt::format(R"("rule":"{}")", one.name)), std::string::npos);
    }
    std::size_t disabled = 0;
    for (std::size_t at = 0; (at = body.find("\"enabled\":false", at)) != std::string::npos; ++at) ++disabled;
    EXPECT_EQ(disabled, 1U);
}

}  // namespace
}  // namespace nodescope::api
