#include "collectors/network/path/rule_check.hpp"

#include <gtest/gtest.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include <string>
#include <vector>

namespace nodescope::paths {
namespace {

class CheckRules : public ::testing::Test {
protected:
    CheckRules()
    {
        what_.family = AF_INET;
        what_.destination = parse_prefix("10.96.0.1")->address;
        what_.source = parse_prefix("10.0.0.2")->address;
        what_.protocol = IPPROTO_TCP;
        what_.port = 80;
    }
    static std::vector<rule_table> table(const std::string& name, const std::string& lines)
    {
        return parse_iptables_save("*" + name + "\n" + lines, "iptables-save");
    }
    [[nodiscard]] translations translated(const std::string& lines, bool to_here = false) const
    {
        passing at(what_, "prerouting");
        at.input = "br0";
        at.to_here = to_here;
        return look_for_translation(table("nat", ":PREROUTING ACCEPT\n:A -\n:B -\n" + lines), at);
    }
    [[nodiscard]] hook_rules forwarded(const std::string& lines, const std::string& policy = "ACCEPT") const
    {
        passing at(what_, "forward");
        at.input = "br0";
        at.output = "eth0";
        return look_at_hook(table("filter", ":FORWARD " + policy + "\n:A -\n:B -\n" + lines), at);
    }
    static std::string dropped(const hook_rules& found) { return found.may_drop ? found.may_drop->text : ""; }

    packet what_;
};

TEST_F(CheckRules, OneAddressIsFollowed)
{
    const auto found = translated(
        "-A PREROUTING -j A\n-A A -d 10.96.0.2/32 -j DNAT --to-destination 10.0.0.8\n"
        "-A A -d 10.96.0.1/32 -p tcp --dport 80 -j B\n-A B -p tcp -j DNAT --to-destination 10.0.0.9:8080\n"
        "-A PREROUTING -j DNAT --to-destination 10.0.0.7\n");
    ASSERT_EQ(found.found.size(), 1U);
    EXPECT_TRUE(found.found[0].certain);
    EXPECT_EQ(found.found[0].to.destination, parse_prefix("10.0.0.9")->address);
    EXPECT_EQ(found.found[0].to.port, 8080);
    EXPECT_EQ(found.found[0].by.text, "-A B -p tcp -j DNAT --to-destination 10.0.0.9:8080");
    EXPECT_FALSE(found.unclear);
}

TEST_F(CheckRules, SeveralAddressesAreNot)
{
    const auto found = translated(
        "-A PREROUTING -m statistic --mode random -j DNAT --to-destination 10.0.0.8\n"
        "-A PREROUTING -j DNAT --to-destination 10.0.0.9\n");
    ASSERT_EQ(found.found.size(), 2U);
    EXPECT_FALSE(found.found[0].certain);
    EXPECT_TRUE(translated("-A PREROUTING -j DNAT --to-destination 10.0.0.1-10.0.0.9\n").unclear);
    EXPECT_TRUE(translated("-A PREROUTING -j REDIRECT\n").unclear);
}

TEST_F(CheckRules, WhatTheKernelWouldPassOver)
{
    for (const std::string rule :
         {"-d 10.96.0.2/32", "! -d 10.96.0.1/32", "-s 10.1.0.0/16", "-p udp", "--dport 81", "! --dports 80,90",
          "-i br1", "! -i br0", "! -i br+", "-m addrtype --dst-type LOCAL", "-m conntrack --ctstate ESTABLISHED"}) {
        EXPECT_TRUE(translated("-A PREROUTING " + rule + " -j DNAT --to-destination 10.0.0.9\n").found.empty()) << rule;
    }
    EXPECT_EQ(
        translated("-A PREROUTING -m addrtype --dst-type LOCAL -j DNAT --to-destination 10.0.0.9\n", true).found.size(),
        1U);
    EXPECT_TRUE(translated("-A PREROUTING -j ACCEPT\n-A PREROUTING -j DNAT --to-destination 10.0.0.9\n").found.empty());
    EXPECT_TRUE(
        translated("-A PREROUTING -j A\n-A A -j RETURN\n-A A -j DNAT --to-destination 10.0.0.9\n").found.empty());
}

TEST_F(CheckRules, ARuleThatMayDropIsNamed)
{
    EXPECT_EQ(dropped(forwarded("-A FORWARD -j DROP\n")), "-A FORWARD -j DROP");
    EXPECT_EQ(dropped(forwarded("-A FORWARD -j ACCEPT\n-A FORWARD -j DROP\n")), "");
    EXPECT_EQ(dropped(forwarded("-A FORWARD -m set --match-set x dst -j ACCEPT\n-A FORWARD -j DROP\n")),
              "-A FORWARD -j DROP");
    EXPECT_EQ(dropped(forwarded("-A FORWARD -m set --match-set x dst -j DROP\n-A FORWARD -j ACCEPT\n")),
              "-A FORWARD -m set --match-set x dst -j DROP");
    EXPECT_EQ(dropped(forwarded("", "DROP")), "policy drop");
    EXPECT_EQ(dropped(forwarded("-A FORWARD -i br0 -o eth+ -j ACCEPT\n", "DROP")), "");
    EXPECT_EQ(dropped(forwarded("-A FORWARD -o eth1 -j ACCEPT\n", "DROP")), "policy drop");
    EXPECT_EQ(dropped(forwarded("-A FORWARD -j A\n-A A -m mark --mark 1 -j RETURN\n-A A -j ACCEPT\n", "DROP")),
              "policy drop");
}

TEST_F(CheckRules, QuotesWhatNamesThePacket)
{
    const auto found = forwarded(
        "-A FORWARD -d 10.96.0.0/16\n-A FORWARD -j LOG\n-A FORWARD -i br0\n-A FORWARD -p tcp --dport 80\n"
        "-A FORWARD -d 10.97.0.0/16\n-A FORWARD -o eth0 -j A\n-A A -d 0.0.0.0/0\n");
    std::vector<std::string> texts;
    for (const quoted_rule& one : found.quoted) texts.push_back(one.text);
    EXPECT_EQ(texts, (std::vector<std::string>{"-A FORWARD -d 10.96.0.0/16", "-A FORWARD -i br0",
                                               "-A FORWARD -p tcp --dport 80", "-A FORWARD -o eth0 -j A"}));
    EXPECT_EQ(found.quoted[0].hook, "forward");
    EXPECT_EQ(found.quoted[0].table, "filter");
}

TEST_F(CheckRules, ChainsThatLeadToEachOtherEnd)
{
    std::string rules = "-A FORWARD -j A\n";
    for (int i = 0; i < 20; ++i) rules += "-A A -j B\n-A B -j A\n";
    rules += "-A B -m mark --mark 1 -j DROP\n";
    EXPECT_EQ(dropped(forwarded(rules)), "-A B -m mark --mark 1 -j DROP");
}

TEST_F(CheckRules, QuotesAreBounded)
{
    std::string rules;
    for (int i = 0; i < 100; ++i)
        rules += "-A FORWARD -d 10.96.0.1/32 -m comment --comment " + std::string(2000, 'a') + std::to_string(i) + "\n";
    for (int i = 0; i < 100; ++i) rules += "-A FORWARD -d 10.96.0.1/32 -p tcp --sport " + std::to_string(i) + "\n";
    const auto found = forwarded(rules);
    EXPECT_LE(found.quoted.size(), quoted_limit);
    for (const quoted_rule& one : found.quoted) EXPECT_LE(one.text.size(), quoted_bytes + 8);
}

}  // namespace
}  // namespace nodescope::paths
