// Which packet filters a network namespace has: tables, where packets come into them, and how many rules they have.
#pragma once

#include "netlink/model/nat_tables.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::netlink {

/// "ip", "inet", "bridge", … as nft(8) calls families; a number that has no name is "family 99".
std::string nft_family_name(std::uint8_t family);
/// "prerouting", "ingress", … of that family; empty for a number that it does not have.
std::string_view nft_hook_name(std::uint8_t family, std::uint32_t number) noexcept;

struct nft_table_summary {
    nft_table table;
    std::uint64_t chains = 0;
    std::uint64_t rules = 0;
    std::vector<nft_chain> base_chains;  ///< those with a hook
};

/// A table of the legacy iptables, which all packets of a namespace come through.
struct legacy_table_summary {
    std::string family;  ///< "ipv4", "ipv6", "arp"
    std::string name;
    std::uint32_t hooks = 0;             ///< a bit for each of NF_INET_*
    std::optional<std::uint64_t> rules;  ///< not known: those of arptables, or without CAP_NET_ADMIN
};

struct packet_filters {
    packet_filters() = default;
    std::optional<std::vector<nft_table_summary>> nft;        ///< none: it could not be asked, or there is no nf_tables
    std::optional<std::vector<legacy_table_summary>> legacy;  ///< none: only root may read the list
    bool lacks_nft = false;                                   ///< this kernel has no nf_tables
    std::string note;
};

}  // namespace nodescope::netlink
