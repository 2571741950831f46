#include "collectors/findings/report.hpp"
#include "tests/unit/collectors/findings/made_wiring.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace nodescope::findings {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

std::vector<std::string_view> names_of_all()
{
    std::vector<std::string_view> names;
    for (const rule& one : all_rules()) names.push_back(one.name);
    return names;
}

std::vector<std::string_view> speaking(const report& made)
{
    std::vector<std::string_view> names;
    for (const finding& one : made.findings) names.push_back(one.rule);
    return names;
}

TEST(Report, HasNothingToSayOfAnOrdinaryContainer)
{
    made_model model;
    model.counters.before = model.counters.now;
    const report made = check(model, rule_choice());
    EXPECT_THAT(speaking(made), IsEmpty());
    EXPECT_EQ(made.checked, names_of_all());
    EXPECT_THAT(made.not_checked, IsEmpty());
    EXPECT_THAT(made.left_out, IsEmpty());
    EXPECT_THAT(made.notes, IsEmpty());
    // Nor of nothing at all.
    EXPECT_THAT(speaking(check(network_model(), rule_choice())), IsEmpty());
}

TEST(Report, FillsInWhatIsTheRules)
{
    made_model model;
    model.eth0().flags = 0;
    const report made = check(model, rule_choice());
    ASSERT_THAT(speaking(made), ElementsAre("link-down"));
    EXPECT_EQ(made.findings[0].weight, severity::error);
    EXPECT_EQ(made.findings[0].hint, find_rule("link-down")->hint);
    EXPECT_EQ(made.findings[0].about.netns, 99U);
}

TEST(Report, TellsTheWorstFirst)
{
    made_model model;
    model.route("192.0.2.0/24", "10.0.0.1", 77);   // info
    model.default_route().destination_length = 8;  // warning
    model.links.items[0].flags = IFF_LOOPBACK;     // error
    EXPECT_THAT(speaking(check(model, rule_choice())), ElementsAre("link-down", "no-default-route", "unused-table"));
    rule_choice choice;
    choice.least = severity::warning;
    const report made = check(model, choice);
    EXPECT_THAT(speaking(made), ElementsAre("link-down", "no-default-route"));
    EXPECT_THAT(made.checked, ::testing::Not(::testing::Contains("unused-table")));
    EXPECT_THAT(made.not_checked, ::testing::SizeIs(2));
}

TEST(Report, SaysWhyARuleWasNotAsked)
{
    made_model model;
    model.eth0().flags = 0;
    model.rules.missing = "rules: late";
    rule_choice choice;
    choice.off = {"link-down", "nothing"};
    const report made = check(model, choice);
    EXPECT_THAT(speaking(made), IsEmpty());
    EXPECT_THAT(
        made.not_checked,
        ElementsAre(
            Pair("link-down", "switched off: --finding-off"), Pair("no-default-route", "rules: late"),
            Pair("blackhole-default", "rules: late"), Pair("shadowed-route", "rules: late"),
            Pair("unused-table", "rules: late"),
            Pair("retransmits", "needs two readings: ask again after a second, or about one network with interval=1s"),
            Pair("drops", "needs two readings: ask again after a second, or about one network with interval=1s"),
            Pair("runtime-disagrees", "rules: late")));
    EXPECT_EQ(made.checked.size() + made.not_checked.size(), all_rules().size());
}

TEST(Report, AsksNoRuleForWhatIsMissing)
{
    network_model model;
    model.links.missing = model.addresses.missing = model.routes.missing = model.rules.missing =
        model.neighbours.missing = model.filters.missing = model.sides.missing = model.tcp.missing =
            model.conntrack.missing = model.counters.missing = model.tasks.missing = model.resolver.missing =
                model.runtimes.missing = "gone";
    const report made = check(model, rule_choice());
    EXPECT_THAT(made.checked, IsEmpty());
    EXPECT_EQ(made.not_checked.size(), all_rules().size());
}

TEST(Report, NeedsFiltersOfRulesThatLookAtThem)
{
    rule_choice choice;
    EXPECT_NE(needed_inputs(choice) & filters_input, 0U);
    choice.off = {"forward-policy-drop", "bridge-nf-off"};
    EXPECT_NE(needed_inputs(choice) & filters_input, 0U);
    choice.off.emplace_back("two-iptables-backends");
    EXPECT_EQ(needed_inputs(choice) & filters_input, 0U);
    EXPECT_NE(needed_inputs(choice) & wiring_input, 0U);
    rule_choice errors;
    errors.least = severity::error;
    errors.off = {"forward-policy-drop"};
    EXPECT_EQ(needed_inputs(errors) & filters_input, 0U);
}

TEST(Report, AFindingMayBeAboutTheNodesSide)
{
    wired_container model;
    model.bridge().flags = 0;
    const report made = check(model, rule_choice());
    ASSERT_THAT(speaking(made), ElementsAre("bridge-down"));
    EXPECT_EQ(made.findings[0].about.netns, node_netns);
}

TEST(Report, CountsWhatIsLeftOut)
{
    made_model model;
    for (std::uint32_t table = 1000; table < 1300; ++table) model.route("192.0.2.0/24", "10.0.0.1", table);
    const report made = check(model, rule_choice());
    EXPECT_EQ(made.findings.size(), finding_list::most);
    EXPECT_THAT(made.left_out, ElementsAre(Pair("unused-table", 200U)));
}

TEST(Report, SaysWhatWasNotCompared)
{
    made_model model;
    model.notes.emplace_back("sockets", "by files");
    const std::string sentence =
        "whether its counters grow was not looked at: that needs two readings: ask again after a second, or "
        "about one network with interval=1s";
    EXPECT_THAT(check(model, rule_choice()).notes,
                ElementsAre(Pair("sockets", "by files"), Pair("conntrack-full", sentence),
                            Pair("neighbour-overflow", sentence), Pair("listen-overflow", sentence)));
    model.counters.missing = "gone";
    const report made = check(model, rule_choice());
    EXPECT_THAT(made.notes, ElementsAre(Pair("sockets", "by files"), Pair("conntrack-full", "gone"),
                                        Pair("listen-overflow", "gone")));
    EXPECT_THAT(made.not_checked, ::testing::Contains(Pair("neighbour-overflow", "gone")));
}

TEST(Report, NeedsWhatTheRulesThatAreAskedLookAt)
{
    rule_choice choice;
    unsigned all = 0;
    for (const rule& one : all_rules()) all |= one.needs | one.uses;
    EXPECT_EQ(needed_inputs(choice), all);
    choice.off = {"hung-tasks"};
    EXPECT_EQ(needed_inputs(choice), all & ~static_cast<unsigned>(tasks_input));
    choice.off = {"ports-exhausted", "listen-overflow", "loopback-only-listener"};
    EXPECT_EQ(needed_inputs(choice) & sockets_input, 0U);
    // Warnings alone look at these.
    choice.least = severity::error;
    EXPECT_EQ(needed_inputs(choice) & (conntrack_input | rates_input | tasks_input), 0U);
    for (const rule& one : all_rules()) choice.off.emplace_back(one.name);
    EXPECT_EQ(needed_inputs(choice), 0U);
}

TEST(Rules, HaveNamesOfTheirOwnAndSentences)
{
    const std::vector<std::string_view> names = names_of_all();
    EXPECT_EQ(std::set(names.begin(), names.end()).size(), names.size());
    for (const rule& one : all_rules()) {
        EXPECT_EQ(find_rule(one.name), &one);
        EXPECT_FALSE(one.means.empty());
        EXPECT_FALSE(one.hint.empty());
        EXPECT_NE(one.needs, 0U);
    }
    EXPECT_EQ(find_rule("nothing"), nullptr);
    for (const char* const name : {"hung-tasks", "resolver-limits", "resolver-unreachable"})
        EXPECT_TRUE(is_about_container(name)) << name;
    EXPECT_FALSE(is_about_container("drops"));
    EXPECT_FALSE(is_about_container("nothing"));
    EXPECT_EQ(severity_called("warning"), severity::warning);
    EXPECT_EQ(severity_called("loud"), std::nullopt);
}

}  // namespace
}  // namespace nodescope::findings
