#include "netlink/nat/filter_texts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <linux/netfilter.h>

#include <string>
#include <vector>

namespace nodescope::netlink {
namespace {

nft_table_summary nft(std::uint8_t family, std::string name, std::uint64_t rules = 0)
{
    nft_table_summary made;
    made.table.family = family;
    made.table.name = std::move(name);
    made.rules = rules;
    return made;
}

legacy_table_summary legacy(std::string family, std::string name)
{
    legacy_table_summary made;
    made.family = std::move(family);
    made.name = std::move(name);
    return made;
}

/// "iptables-legacy-save -t nat", …
std::vector<std::string> commands_of(const packet_filters& found)
{
    std::vector<std::string> all;
    for (const filter_text_plan& plan : plan_of_texts(found)) {
        for (const filter_program& one : plan.programs) {
            std::string& line = all.emplace_back(one.name);
            for (const std::string& word : one.arguments) line += " " + word;
        }
    }
    return all;
}

TEST(PlanOfTexts, NothingIsRunWhereThereIsNothing)
{
    packet_filters found;
    EXPECT_THAT(commands_of(found), ::testing::IsEmpty());
    found.nft.emplace();
    found.legacy.emplace();
    EXPECT_THAT(commands_of(found), ::testing::IsEmpty());
}

TEST(PlanOfTexts, RunsWhatHasTablesToShow)
{
    packet_filters found;
    found.nft = {nft(NFPROTO_IPV4, "filter", 3), nft(NFPROTO_IPV4, "nat", 4), nft(NFPROTO_INET, "filter", 50)};
    found.legacy = {legacy("ipv4", "nat"), legacy("ipv4", "raw"), legacy("ipv6", "mangle"), legacy("arp", "filter")};
    EXPECT_EQ(commands_of(found), (std::vector<std::string>{"iptables-nft-save", "iptables-legacy-save -t nat",
                                                            "iptables-legacy-save -t raw",
                                                            "ip6tables-legacy-save -t mangle", "nft -j list ruleset"}));
    const auto plans = plan_of_texts(found);
    EXPECT_EQ(plans.front().rules, 7U);
    EXPECT_EQ(plans.front().programs.front().variant, filter_variant::nft);
    EXPECT_EQ(plans[1].programs.front().variant, filter_variant::legacy);
    EXPECT_FALSE(plans.back().of_lines);
    EXPECT_EQ(plans.back().rules, 0U);
}

/// A name from a list is a word of a command, and asking for a table that is not there would make it.
TEST(PlanOfTexts, OnlyTablesOfIptablesAreAskedFor)
{
    packet_filters found;
    found.nft = {nft(NFPROTO_IPV4, "kube-proxy", 3), nft(NFPROTO_IPV6, "filter2")};
    found.legacy = {legacy("ipv4", "-x"), legacy("ipv6", "")};
    EXPECT_EQ(commands_of(found), (std::vector<std::string>{"nft -j list ruleset"}));
}

filter_text text(std::string of, bool of_lines, bool truncated = false)
{
    filter_text made;
    made.program = of_lines ? "lines" : "one line";
    made.text = std::move(of);
    made.of_lines = of_lines;
    made.truncated = truncated;
    return made;
}

std::string written(const filter_texts& what)
{
    std::string out;
    json_writer json(out);
    write_filter_texts(json, what);
    return out;
}

TEST(WriteFilterTexts, WhatIsNotThereIsNull)
{
    EXPECT_EQ(
        written(filter_texts()),
        R"({"iptables_nft":null,"ip6tables_nft":null,"iptables_legacy":null,"ip6tables_legacy":null,"nft":null})");
    filter_texts some;
    some.ip6tables_legacy = text("# \x01\n", true);
    some.nft = text("{\"a\"}", false);
    EXPECT_EQ(written(some), R"({"iptables_nft":null,"ip6tables_nft":null,"iptables_legacy":null,)"
                             R"("ip6tables_legacy":"# \u0001\n","nft":"{\"a\"}"})");
}

TEST(FitFilterTexts, WhatFitsIsLeftAsItIs)
{
    filter_texts texts;
    texts.iptables_nft = text("a\nb", true);
    texts.nft = text(std::string(80, 'x'), false);
    fit_filter_texts(texts, 200);
    EXPECT_EQ(texts.iptables_nft->text, "a\nb");
    EXPECT_EQ(texts.nft->text.size(), 80U);
    EXPECT_EQ(texts.note, "");
}

TEST(FitFilterTexts, TheLongestAreCutAndTold)
{
    filter_texts texts;
    texts.iptables_nft = text("short\n", true);
    std::string lines;
    for (int i = 0; i < 1000; ++i) lines += "-A INPUT\n";
    texts.iptables_legacy = text(lines, true);
    texts.nft = text(std::string(10'000, '"'), false);
    fit_filter_texts(texts, 4000);
    EXPECT_EQ(texts.iptables_nft->text, "short\n");
    EXPECT_TRUE(texts.iptables_legacy->text.ends_with("-A INPUT\n"));
    EXPECT_GT(texts.iptables_legacy->text.size(), 900U);
    EXPECT_GT(texts.nft->text.size(), 200U);
    EXPECT_LE(written(texts).size(), 4000U + 120U);
    EXPECT_THAT(texts.note, ::testing::HasSubstr("lines is cut after "));
    EXPECT_THAT(texts.note, ::testing::HasSubstr("of 10000 bytes"));
}

TEST(FitFilterTexts, AProgramThatWasStoppedLosesItsLastLine)
{
    filter_texts texts;
    texts.iptables_nft = text("*nat\n-A PRE", true, true);
    fit_filter_texts(texts, 1000);
    EXPECT_EQ(texts.iptables_nft->text, "*nat\n");
    EXPECT_EQ(texts.note, "lines is cut after 5 of more than 11 bytes");
    texts = filter_texts();
    texts.iptables_nft = text("no end", true, true);
    fit_filter_texts(texts, 0);
    EXPECT_EQ(texts.iptables_nft->text, "");
}

}  // namespace
}  // namespace nodescope::netlink
