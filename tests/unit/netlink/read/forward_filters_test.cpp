#include "netlink/read/forward_filters.hpp"

#include "tests/unit/netlink/read/in_namespace.hpp"

#include <sys/socket.h>

#include <string>

namespace nodescope::netlink {
namespace {

class ReadForwardFilters : public testing::in_namespace {
protected:
    [[nodiscard]] result<forward_filters> read(forward_limits limits = {}) const
    {
        return blocking_read_forward_filters(*home_, *target_, process_.get(), limits, limit_, abandoned_);
    }
    /// "variant table chain: rule rule", each rule as its chain, verdict and the links that it names.
    static std::string shown(const dropping_chain& chain)
    {
        std::string text = fmt::format("{} {} {}:", chain.variant, chain.table, chain.name);
        for (const filter_rule& rule : *chain.rules) {
            text += fmt::format(" {}>{}{}", rule.chain, rule.verdict == filter_verdict::accept ? "ACCEPT" : rule.target,
                                rule.has_conditions ? "?" : "");
            for (const interface_condition& one : rule.interfaces) {
                text += fmt::format(",{}{}{}{}", one.negated ? "!" : "", one.outgoing ? "o:" : "i:", one.name,
                                    one.is_beginning ? "*" : "");
            }
            for (const address_condition& one : rule.addresses) {
                text +=
                    fmt::format(",{}{}/{}", one.negated ? "!" : "", one.is_destination ? "d" : "s", one.prefix_length);
            }
        }
        return text;
    }
    /// The same rules, whichever program writes them.
    static std::string as_docker_writes_them(const std::string& program)
    {
        return fmt::format(
            "{0} -P FORWARD DROP; {0} -N DOCKER; {0} -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED "
            "-j "
            "ACCEPT; {0} -A FORWARD -o docker0 -j DOCKER; {0} -A FORWARD -i docker0 ! -o docker0 -j ACCEPT; {0} -A "
            "FORWARD "
            "-i br-+ -m comment --comment x -j ACCEPT; {0} -A DOCKER -d 172.17.0.2/32 -j ACCEPT; {0} -A FORWARD ! -s "
            "10.0.0.0/20 -j ACCEPT; {0} -A FORWARD -j DROP; {0} -A INPUT -j ACCEPT",
            program);
    }
};

const std::string of_docker =
    "FORWARD>ACCEPT?,o:docker0 FORWARD>DOCKER,o:docker0 FORWARD>ACCEPT,i:docker0,!o:docker0 FORWARD>ACCEPT,i:br-* "
    "FORWARD>ACCEPT,!s/20 DOCKER>ACCEPT,d/32";

TEST_F(ReadForwardFilters, OfTheLegacyVariant)
{
    run(as_docker_writes_them("iptables-legacy"));
    const auto found = read();
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->missing, "");
    ASSERT_EQ(found->dropping.size(), 1U);
    EXPECT_EQ(found->dropping[0].family, AF_INET);
    EXPECT_EQ(shown(found->dropping[0]), "legacy filter FORWARD: " + of_docker);
    EXPECT_EQ(found->service_chains, std::vector<std::string>{"DOCKER"});
}

TEST_F(ReadForwardFilters, OfTheNftVariant)
{
    run(as_docker_writes_them("iptables-nft"));
    const auto found = read();
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->missing, "");
    ASSERT_EQ(found->dropping.size(), 1U);
    std::string all = shown(found->dropping[0]);
    // All chains of the table come; that of INPUT is not led to.
    if (const std::size_t at = all.find(" INPUT>ACCEPT"); at != std::string::npos) all.erase(at, 13);
    // In the order of the chains.
    EXPECT_TRUE(all == "nf_tables filter FORWARD: " + of_docker ||
                all == "nf_tables filter FORWARD: DOCKER>ACCEPT,d/32 " + of_docker.substr(0, of_docker.size() - 19))
        << all;
    EXPECT_EQ(found->service_chains, std::vector<std::string>{"DOCKER"});
}

TEST_F(ReadForwardFilters, OfIpv6AndOfPlainTables)
{
    run("ip6tables-legacy -P FORWARD DROP; ip6tables-legacy -A FORWARD -s 2001:db8::/32 -j ACCEPT;"
        "nft \"add table inet fw; add chain inet fw passing { type filter hook forward priority 0; policy drop; };"
        "add chain inet fw open { type filter hook forward priority 1; policy accept; };"
        "add rule inet fw passing iifname br0 accept; add rule inet fw passing ip6 daddr 2001:db8:1::/48 accept;"
        "add rule inet fw passing iifname { br1, br2 } accept\"; nft add table ip kube-proxy");
    const auto found = read();
    ASSERT_TRUE(found) << found.error();
    ASSERT_EQ(found->dropping.size(), 2U);
    EXPECT_EQ(found->dropping[0].family, 0);
    EXPECT_EQ(shown(found->dropping[0]),
              "nf_tables fw passing: passing>ACCEPT,i:br0 passing>ACCEPT,d/48 passing>ACCEPT");
    EXPECT_EQ(found->dropping[0].rules->at(1).family, AF_INET6);
    EXPECT_TRUE(found->dropping[0].rules->at(2).looks_in_set);
    EXPECT_EQ(found->dropping[1].family, AF_INET6);
    EXPECT_EQ(shown(found->dropping[1]), "legacy filter FORWARD: FORWARD>ACCEPT,s/32");
    EXPECT_EQ(found->service_chains, std::vector<std::string>{"kube-proxy"});
}

TEST_F(ReadForwardFilters, OfNothing)
{
    run("iptables-nft -A FORWARD -j ACCEPT; nft \"add table ip t; add chain ip t f { type filter hook forward priority "
        "0; "
        "policy drop; }; add table ip t { flags dormant; }\"");
    const auto found = read();
    ASSERT_TRUE(found) << found.error();
    EXPECT_TRUE(found->dropping.empty() && found->service_chains.empty());
}

TEST_F(ReadForwardFilters, WhatIsBeyondALimitIsSaid)
{
    run("iptables-nft -P FORWARD DROP; iptables-nft -A FORWARD -j ACCEPT; iptables-nft -A FORWARD -i a -j ACCEPT;"
        "iptables-legacy -A FORWARD -j ACCEPT; iptables-legacy -A FORWARD -i a -j ACCEPT");
    forward_limits limits;
    limits.kept_bytes = sizeof(filter_rule) + 10;
    const auto found = read(limits);
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->missing,
              "not all rules of the table filter were read; the legacy table filter has more rules than are read, or "
              "none that follow "
              "each other");
}

TEST_F(ReadForwardFilters, NobodyWaitsOrTheTimeIsOver)
{
    const abandon_flag never;
    EXPECT_EQ(
        blocking_read_forward_filters(*home_, *target_, process_.get(), {}, deadline::in({}), never).error().kind(),
        failure::timed_out);
    abandoned_.raise();
    EXPECT_EQ(read().error().kind(), failure::cancelled);
    child_->stop();
}

}  // namespace
}  // namespace nodescope::netlink
