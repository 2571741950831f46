#include "collectors/network/node_findings/node_findings.hpp"

#include "collectors/findings/rules.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nodescope {
namespace {

findings::report network_report(std::vector<findings::severity> found)
{
    findings::report made;
    for (const findings::severity weight : found) {
        findings::finding& one = made.findings.emplace_back();
        one.weight = weight;
    }
    for (const findings::rule& rule : findings::all_rules()) made.checked.push_back(rule.name);
    return made;
}

/// The first rule is not asked.
findings::report network_without_first(std::string why)
{
    findings::report made = network_report({});
    made.not_checked.emplace_back(made.checked.front(), std::move(why));
    made.checked.erase(made.checked.begin());
    return made;
}

findings::named_container container_called(std::string id) { return {std::move(id), {}, {}}; }

TEST(NodeFindings, OfNoNetwork)
{
    const node_findings made = node_findings_builder().finish();
    EXPECT_TRUE(made.whole.findings.empty());
    EXPECT_TRUE(made.whole.checked.empty());
    EXPECT_TRUE(made.whole.not_checked.empty());
    EXPECT_EQ(made.networks, 0U);
}

TEST(NodeFindings, TheHeaviestFirstAndWhoseTheyAre)
{
    using findings::severity;
    node_findings_builder builder;
    builder.add(network_report({severity::warning, severity::info}), 1, std::nullopt);
    builder.add(network_report({severity::error}), 2, container_called("a"));
    builder.count_container();
    const node_findings made = builder.finish();
    ASSERT_EQ(made.whole.findings.size(), 3U);
    EXPECT_EQ(made.whole.findings[0].about.container->id, "a");
    EXPECT_EQ(made.whole.findings[1].weight, severity::warning);
    EXPECT_FALSE(made.whole.findings[1].about.container);
    EXPECT_EQ(made.whole.checked.size(), findings::all_rules().size());
    EXPECT_TRUE(made.whole.not_checked.empty());
    EXPECT_EQ(made.networks, 2U);
    EXPECT_EQ(made.containers, 1U);
    EXPECT_EQ(made.all_findings, 3U);
}

TEST(NodeFindings, RulesThatWereAskedAboutNone)
{
    node_findings_builder builder;
    builder.add(network_without_first("switched off"), 1, std::nullopt);
    builder.add(network_without_first("switched off"), 2, container_called("a"));
    const node_findings made = builder.finish();
    const std::string_view name = findings::all_rules().front().name;
    ASSERT_EQ(made.whole.not_checked.size(), 1U);
    EXPECT_EQ(made.whole.not_checked[0].first, name);
    EXPECT_EQ(made.whole.not_checked[0].second, "switched off");
    EXPECT_EQ(made.whole.checked.size() + 1, findings::all_rules().size());
    EXPECT_TRUE(made.differing.empty());
}

TEST(NodeFindings, NetworksThatDiffer)
{
    node_findings_builder builder;
    builder.add(network_report({}), 1, std::nullopt);
    builder.add(network_without_first("links: cut"), 2, container_called("a"));
    const node_findings made = builder.finish();
    ASSERT_EQ(made.whole.not_checked.size(), 1U);
    EXPECT_EQ(made.whole.not_checked[0].second, "in 1 of 2 networks; in the first of them: links: cut");
    ASSERT_EQ(made.differing.size(), 1U);
    EXPECT_EQ(made.differing[0].netns, 2U);
    EXPECT_EQ(made.differing[0].container->id, "a");
    EXPECT_EQ(made.differing[0].not_checked[0].second, "links: cut");
}

TEST(NodeFindings, OneReasonEverywhereIsNotAnother)
{
    node_findings_builder builder;
    builder.add(network_without_first("one"), 1, std::nullopt);
    builder.add(network_without_first("another"), 2, container_called("a"));
    const node_findings made = builder.finish();
    EXPECT_EQ(made.whole.not_checked[0].second, "in 2 of 2 networks; in the first of them: one");
    EXPECT_EQ(made.differing.size(), 2U);
}

TEST(NodeFindings, AllListsAreBounded)
{
    using findings::severity;
    node_findings_builder builder;
    for (std::size_t i = 0; i < 300; ++i) {
        findings::report one = network_without_first(std::to_string(i));
        one.findings.resize(50);
        one.left_out.emplace_back(one.checked.front(), 7);
        builder.add(std::move(one), i, container_called("a"));
        builder.add_unseen(container_called("b"), error(failure::timed_out, "late"));
    }
    builder.add(network_report({severity::error}), 999, std::nullopt);
    const node_findings made = builder.finish();
    EXPECT_EQ(made.whole.findings.size(), node_findings_builder::kept_findings);
    EXPECT_EQ(made.whole.findings[0].weight, severity::error);
    EXPECT_EQ(made.all_findings, 15001U);
    EXPECT_EQ(made.differing.size() + made.differing_left_out, 300U);
    EXPECT_EQ(made.differing.size(), told_one_by_one);
    EXPECT_EQ(made.not_looked_at.size(), told_one_by_one);
    EXPECT_EQ(made.not_looked_at_left_out, 200U);
    ASSERT_EQ(made.whole.left_out.size(), 1U);
    EXPECT_EQ(made.whole.left_out[0].second, 2100U);
}

TEST(NodeFindings, LongReasonsAreNotKept)
{
    node_findings_builder builder;
    builder.add(network_report({}), 1, std::nullopt);
    const std::string why(node_findings_builder::kept_reason_bytes / 2, 'x');
    for (std::uint64_t i = 2; i < 6; ++i) builder.add(network_without_first(why), i, container_called("a"));
    const node_findings made = builder.finish();
    EXPECT_EQ(made.differing.size(), 1U);
    EXPECT_EQ(made.differing_left_out, 3U);
}

}  // namespace
}  // namespace nodescope
