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

node_findings made_of_node()
{
    node_findings made;
    made.whole.findings.push_back(made_finding("eth0"));
    made.all_findings = 1;
    made.whole.checked = {"link-down"};
    made.whole.not_checked = {{"no-carrier", "in 1 of 2 networks; in the first of them: late"}};
    made.networks = 2;
    made.containers = 3;
    made.differing.push_back({77, findings::named_container{"abc", "web", "docker"}, {{"no-carrier", "late\n"}}});
    made.not_looked_at.push_back({findings::named_container{"def", "", ""}, error(failure::denied, "no\x1b")});
    made.not_looked_at.push_back({std::nullopt, error(failure::timed_out, "late")});
    made.note = "cut";
    return made;
}

TEST(NodeFindingsReply, WritesWhatDiffersAndWhatCouldNotBeLookedAt)
{
    const std::string body = node_findings_reply(made_of_node(), 100000).value();
    const std::string_view end =
        R"("checked":["link-down"],"not_checked":{"no-carrier":"in 1 of 2 networks; in the first of them: late"},)"
        R"("networks":2,"containers":3,"not_checked_in":[{"netns":77,"container":{"id":"abc","name":"web",)"
        R"("runtime":"docker"},"not_checked":{"no-carrier":"late\\n"}}],"not_looked_at":[{"container":{"id":"def",)"
        R"("name":"","runtime":""},"error":{"kind":"denied","message":"no\\x1b"}},{"container":null,)"
        R"("error":{"kind":"timed_out","message":"late"}}],"notes":{"containers":"cut"}})"
        "\n";
    EXPECT_EQ(body.substr(body.size() - end.size()), end);
    EXPECT_EQ(node_findings_reply({}, 1000).value(),
              R"({"findings":[],"checked":[],"not_checked":{},"networks":0,"containers":0,"not_checked_in":[],)"
              R"("not_looked_at":[],"notes":{}})"
              "\n");
}

TEST(NodeFindingsReply, KeepsWithinAnyLimit)
{
    node_findings made = made_of_node();
    for (int i = 0; i < 20; ++i) {
        made.whole.findings.push_back(made_finding("\x1b"));
        made.not_looked_at.push_back(made.not_looked_at.front());
        made.differing.push_back(made.differing.front());
    }
    made.all_findings = 500;
    made.differing_left_out = 5;
    std::size_t failed = 0;
    for (std::size_t limit = 0; limit < 16000; limit += 7) {
        const auto body = node_findings_reply(made, limit);
        if (!body) {
            EXPECT_EQ(body.error().kind(), failure::too_large);
            ++failed;
            continue;
        }
        EXPECT_LE(body->size(), limit);
        EXPECT_TRUE(strict_json_document(*body, {32, 10000})) << *body;
        EXPECT_NE(body->find(" of 500 findings"), std::string::npos);
        EXPECT_NE(body->find(R"("not_checked_in":"cut after )"), std::string::npos);
    }
    EXPECT_GT(failed, 20U);
    EXPECT_LT(failed, 150U);
}

}  // namespace
}  // namespace nodescope::api
