#include "netlink/decode/filter_rules.hpp"
#include "tests/support/guarded_bytes.hpp"

#include <gtest/gtest.h>

#include <netinet/in.h>  // before the kernel's

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <sys/socket.h>

#include <cstring>
#include <string>

namespace nodescope::netlink {
namespace {

constexpr std::size_t target_head = sizeof(xt_entry_target);

/// An entry of IPv4: its match, then a target with a verdict, or the head of a chain.
struct said_entry {
    ipt_ip ip{};
    std::string matches;
    std::string target;  ///< "": the standard one
    std::int32_t verdict = 0;
    std::string chain;  ///< of a head

    [[nodiscard]] std::string bytes() const
    {
        const std::size_t data = chain.empty() ? sizeof verdict + 4 : XT_FUNCTION_MAXNAMELEN + 2;
        std::string made(ipt_layout.size + matches.size() + target_head + data, '\0');
        std::memcpy(made.data(), &ip, sizeof ip);
        std::memcpy(made.data() + ipt_layout.size, matches.data(), matches.size());
        const auto at = static_cast<std::uint16_t>(ipt_layout.size + matches.size());
        const auto next = static_cast<std::uint16_t>(made.size());
        std::memcpy(made.data() + ipt_layout.target_offset, &at, sizeof at);
        std::memcpy(made.data() + ipt_layout.next_offset, &next, sizeof next);
        std::memcpy(made.data() + at + 2, target.data(), target.size());
        if (chain.empty()) std::memcpy(made.data() + at + target_head, &verdict, sizeof verdict);
        else std::memcpy(made.data() + at + target_head, chain.data(), chain.size());
        return made;
    }
};

constexpr std::int32_t accepting = -NF_ACCEPT - 1;
constexpr std::int32_t dropping = -NF_DROP - 1;

said_entry with_verdict(std::int32_t verdict)
{
    said_entry made;
    made.verdict = verdict;
    return made;
}

said_entry head(std::string name)
{
    said_entry made;
    made.target = XT_ERROR_TARGET;
    made.chain = std::move(name);
    return made;
}

std::string match_called(std::string_view name)
{
    std::string made(sizeof(xt_entry_match) + 8, '\0');
    const auto size = static_cast<std::uint16_t>(made.size());
    std::memcpy(made.data(), &size, sizeof size);
    std::memcpy(made.data() + 2, name.data(), name.size());
    return made;
}

void set_interface(char (&name)[IFNAMSIZ], unsigned char (&mask)[IFNAMSIZ], std::string_view said, bool is_beginning)
{
    std::memcpy(&name[0], said.data(), said.size());
    std::memset(&mask[0], 0xFF, said.size() + (is_beginning ? 0 : 1));
}

std::optional<legacy_rules> decoded(const std::string& entries, std::int64_t forward, std::int64_t end,
                                    std::size_t most = 100'000)
{
    const testing::guarded_bytes guarded(entries);
    return decode_legacy_rules({reinterpret_cast<const std::byte*>(guarded.view().data()), entries.size()}, ipt_layout,
                               forward, end, most);
}

/// INPUT with a rule, FORWARD with two, then a chain CNI with one; FORWARD drops.
struct said_table {
    said_table()
    {
        entries = with_verdict(accepting).bytes() + with_verdict(accepting).bytes();
        forward = static_cast<std::int64_t>(entries.size());
        said_entry named;
        set_interface(named.ip.iniface, named.ip.iniface_mask, "br0", false);
        set_interface(named.ip.outiface, named.ip.outiface_mask, "eth", true);
        named.ip.invflags = IPT_INV_VIA_OUT;
        named.ip.src.s_addr = htonl(0x0A580000);
        named.ip.smsk.s_addr = htonl(0xFFFF0000);
        named.matches = match_called("comment");
        named.verdict = accepting;
        entries += named.bytes();
        const std::string jump_size = with_verdict(0).bytes();
        const std::string policy = with_verdict(dropping).bytes();
        const std::string chain = head("CNI").bytes();
        said_entry jump =
            with_verdict(static_cast<std::int32_t>(entries.size() + jump_size.size() + policy.size() + chain.size()));
        jump.ip.proto = IPPROTO_TCP;
        entries += jump.bytes();
        forward_end = static_cast<std::int64_t>(entries.size());
        entries += policy + chain;
        said_entry limited = with_verdict(accepting);
        limited.matches = match_called("conntrack");
        entries += limited.bytes() + with_verdict(dropping).bytes() + with_verdict(-5).bytes() + head("ERROR").bytes();
    }
    std::string entries;
    std::int64_t forward = 0;
    std::int64_t forward_end = 0;
};

TEST(DecodeLegacyRules, ReadsWhatForwardDoes)
{
    const said_table table;
    const auto read = decoded(table.entries, table.forward, table.forward_end);
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->forward_drops);
    EXPECT_EQ(read->chains, std::vector<std::string>{"CNI"});
    ASSERT_EQ(read->rules.size(), 3U);
    const filter_rule& named = read->rules[0];
    EXPECT_EQ(named.chain, "FORWARD");
    EXPECT_EQ(named.verdict, filter_verdict::accept);
    EXPECT_FALSE(named.has_conditions);
    ASSERT_EQ(named.interfaces.size(), 2U);
    EXPECT_EQ(named.interfaces[0].name, "br0");
    EXPECT_FALSE(named.interfaces[0].is_beginning || named.interfaces[0].outgoing || named.interfaces[0].negated);
    EXPECT_EQ(named.interfaces[1].name, "eth");
    EXPECT_TRUE(named.interfaces[1].is_beginning && named.interfaces[1].outgoing && named.interfaces[1].negated);
    ASSERT_EQ(named.addresses.size(), 1U);
    EXPECT_EQ(named.addresses[0].prefix_length, 16);
    EXPECT_EQ(named.addresses[0].address.bytes[1], 0x58);
    EXPECT_FALSE(named.addresses[0].is_destination || named.addresses[0].negated);
    EXPECT_EQ(read->rules[1].verdict, filter_verdict::jump);
    EXPECT_EQ(read->rules[1].target, "CNI");
    EXPECT_TRUE(read->rules[1].has_conditions);
    EXPECT_EQ(read->rules[2].chain, "CNI");
    EXPECT_TRUE(read->rules[2].has_conditions);
}

TEST(DecodeLegacyRules, KnowsOtherPoliciesAndTables)
{
    const said_table table;
    const auto without = decoded(table.entries, -1, -1);
    ASSERT_TRUE(without);
    EXPECT_FALSE(without->forward_drops);
    EXPECT_EQ(without->rules.size(), 1U);  // that of CNI
    const std::string open = with_verdict(accepting).bytes() + head("ERROR").bytes();
    const auto accepts = decoded(open, 0, 0);
    ASSERT_TRUE(accepts);
    EXPECT_FALSE(accepts->forward_drops);
    EXPECT_TRUE(accepts->rules.empty());
}

TEST(DecodeLegacyRules, OddMasksAreConditions)
{
    said_entry odd = with_verdict(accepting);
    odd.ip.smsk.s_addr = htonl(0xFF00FF00);
    const std::string entries = odd.bytes() + with_verdict(dropping).bytes() + head("ERROR").bytes();
    const auto read = decoded(entries, 0, static_cast<std::int64_t>(odd.bytes().size()));
    ASSERT_TRUE(read);
    ASSERT_EQ(read->rules.size(), 1U);
    EXPECT_TRUE(read->rules[0].has_conditions);
    EXPECT_TRUE(read->rules[0].addresses.empty());
}

TEST(DecodeLegacyRules, StopsAtALimit)
{
    const said_table table;
    const auto all = decoded(table.entries, table.forward, table.forward_end);
    ASSERT_TRUE(all);
    std::size_t size = 0;
    for (const filter_rule& one : all->rules) size += size_of(one);
    EXPECT_TRUE(decoded(table.entries, table.forward, table.forward_end, size));
    EXPECT_FALSE(decoded(table.entries, table.forward, table.forward_end, size - 1));
}

TEST(DecodeLegacyRules, SurvivesDamage)
{
    const said_table table;
    EXPECT_TRUE(decoded("", 0, 0));
    for (std::size_t size = 1; size < table.entries.size(); ++size) {
        (void)decoded(table.entries.substr(0, size), table.forward, table.forward_end);
    }
    for (std::size_t at = 0; at < table.entries.size(); ++at) {
        for (const char value : {'\0', '\x01', '\x7f', '\x80', '\xff'}) {
            std::string changed = table.entries;
            changed[at] = value;
            (void)decoded(changed, table.forward, table.forward_end);
        }
    }
}

TEST(DecodeLegacyRules, ReadsIpv6)
{
    ip6t_ip6 ip{};
    set_interface(ip.iniface, ip.iniface_mask, "br0", false);
    ip.src.s6_addr[0] = 0xFD;
    std::memset(&ip.smsk, 0xFF, 8);
    std::string entry(ip6t_layout.size + target_head + 8, '\0');
    std::memcpy(entry.data(), &ip, sizeof ip);
    const auto at = static_cast<std::uint16_t>(ip6t_layout.size);
    const auto next = static_cast<std::uint16_t>(entry.size());
    std::memcpy(entry.data() + ip6t_layout.target_offset, &at, sizeof at);
    std::memcpy(entry.data() + ip6t_layout.next_offset, &next, sizeof next);
    std::string policy = entry;
    std::memcpy(entry.data() + at + target_head, &accepting, sizeof accepting);
    std::memcpy(policy.data() + at + target_head, &dropping, sizeof dropping);
    const std::string all = entry + policy;
    const auto read = decode_legacy_rules({reinterpret_cast<const std::byte*>(all.data()), all.size()}, ip6t_layout, 0,
                                          static_cast<std::int64_t>(entry.size()), 10'000);
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->forward_drops);
    ASSERT_EQ(read->rules.size(), 1U);
    ASSERT_EQ(read->rules[0].addresses.size(), 1U);
    EXPECT_EQ(read->rules[0].addresses[0].family, AF_INET6);
    EXPECT_EQ(read->rules[0].addresses[0].prefix_length, 64);
}

}  // namespace
}  // namespace nodescope::netlink
