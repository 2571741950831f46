#include "collectors/findings/facts/filter_facts.hpp"
#include "tests/unit/collectors/findings/made_wiring.hpp"

#include <gtest/gtest.h>

namespace nodescope::findings {
namespace {

using netlink::filter_rule;

filter_rule accepting(std::string chain = "FORWARD")
{
    filter_rule made;
    made.chain = std::move(chain);
    return made;
}
filter_rule jump(std::string from, std::string to)
{
    filter_rule made = accepting(std::move(from));
    made.verdict = netlink::filter_verdict::jump;
    made.target = std::move(to);
    return made;
}
filter_rule in(filter_rule rule, std::string name, bool is_beginning = false, bool negated = false)
{
    rule.interfaces.push_back({std::move(name), is_beginning, 0, false, negated});
    return rule;
}
filter_rule out(filter_rule rule, std::string name, bool negated = false)
{
    rule.interfaces.push_back({std::move(name), false, 0, true, negated});
    return rule;
}
filter_rule from(filter_rule rule, const std::string& prefix, bool negated = false)
{
    const said_prefix said(prefix);
    rule.addresses.push_back({said.family, said.length, said.address, false, negated});
    return rule;
}
filter_rule with_condition(filter_rule rule)
{
    rule.has_conditions = true;
    return rule;
}

bool accepts(std::vector<filter_rule> rules)
{
    netlink::dropping_chain chain;
    chain.name = "FORWARD";
    chain.rules = std::make_shared<const std::vector<filter_rule>>(std::move(rules));
    return dropping_filter(chain).accepts_some(made_bridge(), AF_INET);
}

TEST(AcceptsSome, WhatNamesNothingAcceptsEverything)
{
    EXPECT_FALSE(accepts({}));
    EXPECT_TRUE(accepts({accepting()}));
    EXPECT_FALSE(accepts({with_condition(accepting())}));
    EXPECT_FALSE(accepts({accepting("INPUT")}));
    filter_rule six = accepting();
    six.family = AF_INET6;
    EXPECT_FALSE(accepts({six}));
}

TEST(AcceptsSome, WhatNamesTheBridgeOrItsNetwork)
{
    EXPECT_TRUE(accepts({in(accepting(), "br0")}));
    EXPECT_TRUE(accepts({in(accepting(), "br", true)}));
    EXPECT_TRUE(accepts({with_condition(out(accepting(), "br0"))}));
    EXPECT_TRUE(accepts({out(in(accepting(), "eth0"), "br0")}));
    EXPECT_FALSE(accepts({in(accepting(), "br")}));
    EXPECT_FALSE(accepts({in(accepting(), "docker0")}));
    EXPECT_FALSE(accepts({out(in(accepting(), "eth0"), "eth1")}));
    EXPECT_TRUE(accepts({from(accepting(), "10.0.0.0/8")}));
    EXPECT_TRUE(accepts({from(accepting(), "10.0.0.77/32")}));
    EXPECT_FALSE(accepts({from(accepting(), "10.0.1.0/24")}));
    EXPECT_FALSE(accepts({from(accepting(), "2001:db8::/32")}));
    filter_rule index = accepting();
    index.interfaces.push_back({"", false, 10, false, false});
    EXPECT_TRUE(accepts({index}));
    index.interfaces[0].index = 11;
    EXPECT_FALSE(accepts({index}));
}

TEST(AcceptsSome, AllButAnotherIsItToo)
{
    EXPECT_TRUE(accepts({in(accepting(), "eth0", false, true)}));
    EXPECT_FALSE(accepts({in(accepting(), "br0", false, true)}));
    EXPECT_TRUE(accepts({from(accepting(), "192.0.2.0/24", true)}));
    EXPECT_FALSE(accepts({from(accepting(), "10.0.0.0/8", true)}));
    // As Docker writes it: from the bridge to all others.
    EXPECT_TRUE(accepts({out(in(accepting(), "br0"), "br0", true)}));
}

TEST(AcceptsSome, FollowsJumps)
{
    EXPECT_TRUE(accepts({jump("FORWARD", "A"), jump("A", "B"), accepting("B")}));
    EXPECT_TRUE(accepts({jump("FORWARD", "A"), in(accepting("A"), "br0")}));
    EXPECT_TRUE(accepts({out(jump("FORWARD", "DOCKER"), "br0"), with_condition(accepting("DOCKER"))}));
    EXPECT_FALSE(accepts({in(jump("FORWARD", "A"), "eth0"), accepting("A")}));
    EXPECT_FALSE(accepts({with_condition(jump("FORWARD", "A")), accepting("A")}));
    EXPECT_FALSE(accepts({accepting("A")}));
    // The same chain may be led to in two ways.
    EXPECT_TRUE(accepts({in(jump("FORWARD", "A"), "eth0"), jump("FORWARD", "A"), accepting("A")}));
}

TEST(AcceptsSome, ARoundEnds)
{
    EXPECT_FALSE(accepts({jump("FORWARD", "A"), jump("A", "FORWARD"), jump("A", "A")}));
    std::vector<filter_rule> many;
    for (int number = 0; number < 3000; ++number) {
        const std::string chain = number == 0 ? "FORWARD" : "c" + std::to_string(number);
        for (const int target : {1, 2, 3}) many.push_back(jump(chain, "c" + std::to_string((number + target) % 3000)));
    }
    EXPECT_FALSE(accepts(many));
}

TEST(AcceptsSome, ASetMayHaveIt)
{
    filter_rule set = accepting();
    set.looks_in_set = true;
    EXPECT_TRUE(accepts({set}));
    EXPECT_TRUE(accepts({with_condition(set)}));
    EXPECT_TRUE(accepts({in(set, "eth0")}));  // to it, then
}

}  // namespace
}  // namespace nodescope::findings
