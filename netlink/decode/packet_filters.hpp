// What is counted of packet filters without keeping their rules.
#pragma once

#include "netlink/decode/attributes.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace nodescope::netlink {

/// The table that a rule of nf_tables is in. The name points into the message.
struct nft_rule_place {
    std::uint8_t family = 0;
    std::string_view table;
};

/// None for a message that is no rule, or cut before it says where it belongs.
std::optional<nft_rule_place> place_of_rule(byte_span message) noexcept;

/// Where the two variants of legacy tables have what is looked at in an entry.
struct legacy_entry_layout {
    std::size_t size;           ///< of an entry without its matches
    std::size_t target_offset;  ///< of the field that says where the target is
    std::size_t next_offset;    ///< of the field that says where the next entry is
};
extern const legacy_entry_layout ipt_layout;
extern const legacy_entry_layout ip6t_layout;

/// The rules among the entries that IPT_SO_GET_ENTRIES gives: not the policies of the `hooks` built-in chains, nor what
/// begins and ends a chain and the table. None when the entries do not follow each other to their end.
std::optional<std::uint64_t> count_legacy_rules(byte_span entries, const legacy_entry_layout& layout,
                                                unsigned hooks) noexcept;

}  // namespace nodescope::netlink
