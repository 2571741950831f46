#include "netlink/read/network_settings.hpp"

#include "netlink/read/conntrack.hpp"
#include "netlink/read/sysctl_files.hpp"
#include "tests/unit/netlink/read/in_namespace.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::netlink {
namespace {

class ReadSettings : public testing::in_namespace {
protected:
    [[nodiscard]] result<network_settings> read(settings_limits limits = {}) const
    {
        return blocking_read_settings(*home_, *target_, limits, limit_, abandoned_);
    }
    /// The numbers of one file.
    static std::vector<std::int64_t> of(const network_settings& all, std::string_view path)
    {
        const auto found = std::ranges::find(all.files, path, &network_setting::path);
        return found == all.files.end() ? std::vector<std::int64_t>{-1} : found->numbers;
    }
};

TEST_F(ReadSettings, AreThoseOfTheNamespace)
{
    run("echo 1 > /proc/sys/net/ipv4/conf/lo/proxy_arp; echo 77 > /proc/sys/net/core/somaxconn");
    const auto found = read();
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(of(*found, "core/somaxconn"), (std::vector<std::int64_t>{77}));
    EXPECT_EQ(of(*found, "ipv4/ip_local_port_range").size(), 2U);
    ASSERT_FALSE(found->links.empty());
    EXPECT_EQ(found->links.front().name, "lo");
    EXPECT_EQ(found->links.front().proxy_arp, 1);
    EXPECT_EQ(found->links.front().disable_ipv6, 0);
}

TEST_F(ReadSettings, LinksHaveALimit)
{
    run("for i in 1 2 3; do ip link add b$i type bridge; done");
    const auto found = read({.links = 2});
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->links.size(), 2U);
    EXPECT_TRUE(found->note.ends_with("more than 2 links: the others are left out")) << found->note;
}

TEST_F(ReadSettings, OnlyTheFilesThatAreAskedFor)
{
    run("echo 77 > /proc/sys/net/core/somaxconn");
    constexpr std::array<std::string_view, 2> asked_for{"core/somaxconn", "core/no_such_file"};
    settings_limits limits;
    limits.files = asked_for;
    const auto found = read(limits);
    ASSERT_TRUE(found) << found.error();
    ASSERT_EQ(found->files.size(), 2U);
    EXPECT_EQ(of(*found, "core/somaxconn"), (std::vector<std::int64_t>{77}));
    EXPECT_TRUE(found->files.back().numbers.empty());
    EXPECT_EQ(found->note, "not in this namespace: core/no_such_file");
    EXPECT_FALSE(found->links.empty());
}

TEST_F(ReadSettings, NobodyWaitsOrTheTimeIsOver)
{
    const abandon_flag never;
    const auto late = blocking_read_settings(*home_, *target_, {}, deadline::in({}), never);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().kind(), failure::timed_out);
    abandoned_.raise();
    EXPECT_EQ(read().error().kind(), failure::cancelled);
    EXPECT_EQ(blocking_read_conntrack(*home_, *target_, process_.get(), limit_, abandoned_).error().kind(),
              failure::cancelled);
}

TEST_F(ReadSettings, WhatIsNotThereIsLeftOutAndTheThreadIsBackHome)
{
    constexpr std::array<std::string_view, 3> paths{"core/somaxconn", "core/no_such", "core"};
    const auto texts = blocking_read_sysctls(*home_, *target_, paths);
    ASSERT_TRUE(texts) << texts.error();
    EXPECT_TRUE((*texts)[0]);
    EXPECT_FALSE((*texts)[1]);
    EXPECT_FALSE((*texts)[2]);
    EXPECT_EQ(net_namespace::of_this_thread()->identity(), home_->identity());
    const std::vector<std::string_view> many(65, "core/somaxconn");
    EXPECT_FALSE(blocking_read_sysctls(*home_, *target_, many));
}

TEST_F(ReadSettings, ConntrackIsEmptyInANewNamespaceOrNotThereAtAll)
{
    const auto found = blocking_read_conntrack(*home_, *target_, process_.get(), limit_, abandoned_);
    ASSERT_TRUE(found) << found.error();
    if (!found->statistics) {
        EXPECT_EQ(found->note, "this kernel tracks no connections (nf_conntrack)");
        return;
    }
    EXPECT_EQ(found->statistics->count, std::optional<std::uint64_t>(0));
    EXPECT_GT(found->statistics->max.value_or(0), 0U);
}

}  // namespace
}  // namespace nodescope::netlink
