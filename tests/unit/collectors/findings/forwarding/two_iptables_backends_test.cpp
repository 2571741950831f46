#include "collectors/findings/rules.hpp"
#include "tests/unit/collectors/findings/made_wiring.hpp"

#include <gtest/gtest.h>

namespace nodescope::findings {
namespace {

void add_nft(netlink::packet_filters& to, std::uint8_t family, std::string name, std::uint64_t rules)
{
    if (!to.nft) to.nft.emplace();
    netlink::nft_table_summary& made = to.nft->emplace_back();
    made.table.family = family;
    made.table.name = std::move(name);
    made.rules = rules;
}

constexpr std::uint8_t ip = 2;
constexpr std::uint8_t ip6 = 10;

TEST(TwoIptablesBackends, SpeaksOfRulesInBoth)
{
    wired_container model;
    netlink::packet_filters& tables = model.filters.items[0].filters.tables;
    add_nft(tables, ip, "nat", 1);
    add_nft(tables, ip, "filter", 4);
    tables.legacy = {{"ipv4", "filter", 0, 0}, {"ipv4", "nat", 0, 3}};
    const finding_list found = look_for_two_iptables_backends(model);
    EXPECT_EQ(placed_evidence_of(found), "0  family=IPv4 legacy_table=nat legacy_rules=3 nft_table=filter nft_rules=4");
    EXPECT_EQ(found.items()[0].summary,
              "IPv4 rules are in both variants of iptables: 3 in the legacy table nat, 4 in the "
              "table filter of nf_tables");
}

TEST(TwoIptablesBackends, IsSilentOfOneOfThem)
{
    wired_container model;
    netlink::packet_filters& tables = model.filters.items[0].filters.tables;
    EXPECT_EQ(evidence_of(look_for_two_iptables_backends(model)), "0 findings");
    tables.legacy = {{"ipv4", "nat", 0, 3}, {"ipv6", "nat", 0, {}}, {"arp", "filter", 0, 3}};
    add_nft(tables, ip6, "nat", 3);        // of the other family
    add_nft(tables, ip, "filter", 0);      // made by looking
    add_nft(tables, ip, "kube-proxy", 9);  // none of iptables
    EXPECT_EQ(evidence_of(look_for_two_iptables_backends(model)), "0 findings");
    // What is wrong on the node is told there.
    tables = {};
    add_nft(model.node_filters().tables, ip, "nat", 1);
    model.node_filters().tables.legacy = {{"ipv4", "nat", 0, 3}};
    EXPECT_EQ(evidence_of(look_for_two_iptables_backends(model)), "0 findings");
}

}  // namespace
}  // namespace nodescope::findings
