// Rules of packet filters, as far as they say whose packets they accept or send to another chain. Pure.
#pragma once

#include "netlink/decode/attributes.hpp"
#include "netlink/decode/packet_filters.hpp"
#include "netlink/model/forward_filters.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nodescope::netlink {

/// A rule of nf_tables (NFT_MSG_NEWRULE). None for another message, one that is cut, and a rule that neither accepts
/// nor jumps.
std::optional<filter_rule> decode_nft_rule(byte_span message);

/// What a rule takes in memory, about.
std::size_t size_of(const filter_rule& rule);

struct legacy_rules {
    std::vector<filter_rule> rules;   ///< those that accept or jump
    std::vector<std::string> chains;  ///< user-defined ones
    bool forward_drops = false;       ///< the policy of FORWARD, whose rules have that as `chain`
};

/// The entries that IPT_SO_GET_ENTRIES gives. `forward` and `forward_end`: where FORWARD begins and where its policy
/// stands (ipt_getinfo), or -1 for a table without it. None when the entries do not follow each other to their end.
/// `most_bytes`: what the rules may take in memory, about; none when it is more.
std::optional<legacy_rules> decode_legacy_rules(byte_span entries, const legacy_entry_layout& layout,
                                                std::int64_t forward, std::int64_t forward_end, std::size_t most_bytes);

}  // namespace nodescope::netlink
