#include "collectors/findings/facts/wiring_facts.hpp"
#include "collectors/findings/facts/setting_facts.hpp"
#include "tests/unit/collectors/findings/made_wiring.hpp"

#include <gtest/gtest.h>

namespace nodescope::findings {
namespace {

TEST(SameBeginning, LooksAtSoManyBits)
{
    const auto same = [](const std::string& one, const std::string& other, unsigned bits) {
        return same_beginning(said_prefix(one).address, said_prefix(other).address, bits);
    };
    EXPECT_TRUE(same("10.0.0.0", "11.0.0.0", 0));
    EXPECT_TRUE(same("10.0.0.0", "11.0.0.0", 7));
    EXPECT_FALSE(same("10.0.0.0", "11.0.0.0", 8));
    EXPECT_FALSE(same("10.0.0.0", "11.0.0.0", 32));
    EXPECT_TRUE(same("10.0.0.1", "10.0.0.1", 32));
    EXPECT_TRUE(same("fd00::1", "fd00::1", 128));
    EXPECT_FALSE(same("fd00::1", "fd00::2", 128));
    EXPECT_TRUE(same("fd00::1", "fd00::1", 255));
}

TEST(SourceFilter, TheLargerOfTheTwoCounts)
{
    netlink::network_settings settings = made_settings();
    const auto strict = [&](std::int32_t of_link, std::int64_t of_all) {
        settings.links[0].rp_filter = of_link;
        set(settings, "ipv4/conf/all/rp_filter", of_all);
        return source_filter_of(settings, 10).is_strict();
    };
    EXPECT_FALSE(strict(0, 0));
    EXPECT_TRUE(strict(1, 0));
    EXPECT_TRUE(strict(0, 1));
    EXPECT_FALSE(strict(2, 1));
    EXPECT_FALSE(strict(1, 2));
    set(settings, "ipv4/conf/all/rp_filter", 1);
    EXPECT_TRUE(source_filter_of(settings, 99).is_strict());  // of a link that is not known
    EXPECT_FALSE(source_filter_of(netlink::network_settings(), 10).is_strict());
}

TEST(ProxiesArp, OneOfTheTwoIsEnough)
{
    netlink::network_settings settings = made_settings();
    EXPECT_FALSE(proxies_arp(settings, 10));
    settings.links[0].proxy_arp = 1;
    EXPECT_TRUE(proxies_arp(settings, 10));
    EXPECT_FALSE(proxies_arp(settings, 11));
    settings.files.push_back({"ipv4/conf/all/proxy_arp", {1}});
    EXPECT_TRUE(proxies_arp(settings, 11));
}

}  // namespace
}  // namespace nodescope::findings
