#include "netlink/decode/packet_filters.hpp"

#include <netinet/in.h>

#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

namespace nodescope::netlink {

const legacy_entry_layout ipt_layout{sizeof(ipt_entry), offsetof(ipt_entry, target_offset),
                                     offsetof(ipt_entry, next_offset)};
const legacy_entry_layout ip6t_layout{sizeof(ip6t_entry), offsetof(ip6t_entry, target_offset),
                                      offsetof(ip6t_entry, next_offset)};

namespace {

/// At the head of each user-defined chain, and at the end of the table (XT_ERROR_TARGET).
bool is_head_of_chain(byte_span entry, std::size_t target_offset)
{
    constexpr std::size_t name_offset = offsetof(xt_entry_target, u.user.name);
    if (target_offset + name_offset + XT_EXTENSION_MAXNAMELEN > entry.size()) return false;
    return string_payload(entry.subspan(target_offset + name_offset, XT_EXTENSION_MAXNAMELEN)) == XT_ERROR_TARGET;
}

}  // namespace

std::optional<std::uint64_t> count_legacy_rules(byte_span entries, const legacy_entry_layout& layout,
                                                unsigned hooks) noexcept
{
    std::uint64_t all = 0;
    std::uint64_t heads = 0;
    while (!entries.empty()) {
        if (entries.size() < layout.size) return std::nullopt;
        const auto target = read_struct<std::uint16_t>(entries.subspan(layout.target_offset));
        const auto next = read_struct<std::uint16_t>(entries.subspan(layout.next_offset));
        if (!target || !next || *next < layout.size || *next > entries.size()) return std::nullopt;
        ++all;
        heads += is_head_of_chain(entries.first(*next), *target);
        entries = entries.subspan(*next);
    }
    // Built-in chains end with a policy, the others with a return of their own; the last head is the end of the table.
    if (heads == 0) return std::nullopt;
    const std::uint64_t frame = hooks + heads + (heads - 1);
    return all > frame ? all - frame : 0;
}

}  // namespace nodescope::netlink
