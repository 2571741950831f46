#include "netlink/read/packet_filters.hpp"

#include "netlink/read/legacy_tables.hpp"
#include "tests/unit/netlink/read/in_namespace.hpp"

#include <string>

namespace nodescope::netlink {
namespace {

class ReadFilters : public testing::in_namespace {
protected:
    [[nodiscard]] result<packet_filters> read(filters_limits limits = {}) const
    {
        return blocking_read_filters(*home_, *target_, process_.get(), limits, limit_, abandoned_);
    }
};

TEST_F(ReadFilters, RulesAreCountedWhereTheyAre)
{
    run("nft add table ip a; nft add table ip b; nft add chain ip a c; nft add chain ip b c;"
        "nft add rule ip a c drop; nft add rule ip b c accept; nft add rule ip b c drop");
    const auto found = read();
    ASSERT_TRUE(found) << found.error();
    ASSERT_TRUE(found->nft);
    ASSERT_EQ(found->nft->size(), 2U);
    EXPECT_EQ((*found->nft)[0].rules, 1U);
    EXPECT_EQ((*found->nft)[1].rules, 2U);
    EXPECT_EQ((*found->nft)[1].chains, 1U);
    EXPECT_TRUE((*found->nft)[1].base_chains.empty());
    EXPECT_EQ(found->note, "");
}

TEST_F(ReadFilters, WhatIsBeyondALimitIsSaid)
{
    run("nft add table ip a; nft add table ip b; nft add chain ip a c; nft add chain ip a d;"
        "nft add rule ip a c drop; nft add rule ip a c accept");
    const auto found = read({.tables = 1, .chains = 1, .rules = 1});
    ASSERT_TRUE(found) << found.error();
    ASSERT_EQ(found->nft->size(), 1U);
    EXPECT_EQ(found->nft->front().rules, 1U);
    EXPECT_EQ(found->note,
              "more than 1 tables: the others are left out; not all chains of nf_tables were counted; not all rules of "
              "nf_tables were counted");
}

TEST_F(ReadFilters, ALargeLegacyTableIsNotHeld)
{
    run("iptables-legacy -A INPUT -j ACCEPT");
    const auto whole = blocking_read_legacy_tables(*home_, *target_, process_.get(), 1U << 20U);
    ASSERT_TRUE(whole) << whole.error();
    ASSERT_EQ(whole->size(), 1U);
    EXPECT_EQ(whole->front().rules, std::optional<std::uint64_t>(1));
    const auto small = blocking_read_legacy_tables(*home_, *target_, process_.get(), 100);
    ASSERT_TRUE(small) << small.error();
    ASSERT_EQ(small->size(), 1U);
    EXPECT_EQ(small->front().rules, std::nullopt);
    EXPECT_NE(small->front().hooks, 0U);
}

TEST_F(ReadFilters, OfAProcessThatHasEnded)
{
    child_->stop();
    const auto found = read();
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind(), failure::gone);
}

TEST_F(ReadFilters, NobodyWaitsOrTheTimeIsOver)
{
    const abandon_flag never;
    const auto late = blocking_read_filters(*home_, *target_, process_.get(), {}, deadline::in({}), never);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().kind(), failure::timed_out);
    abandoned_.raise();
    EXPECT_EQ(read().error().kind(), failure::cancelled);
}

}  // namespace
}  // namespace nodescope::netlink
