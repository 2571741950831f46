// Where a network namespace has tables called "nat".
#pragma once

#include "core/error.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace nodescope::netlink {

enum class ip_family { ipv4, ipv6 };

/// A table of nf_tables.
struct nft_table {
    std::uint8_t family = 0;  ///< NFPROTO_*
    std::string name;
    bool dormant = false;  ///< it is there, and no packet sees it
};

/// Where packets come into a chain.
struct nft_hook {
    std::uint32_t number = 0;  ///< NF_INET_*; what it means depends on the family
    std::int32_t priority = 0;
    std::string device;  ///< the first one, of a hook of certain devices
};

/// A chain of nf_tables.
struct nft_chain {
    std::uint8_t family = 0;  ///< NFPROTO_*
    std::string table;
    std::string type;  ///< "nat", "filter", …; empty for one that no hook calls
    std::string name;
    std::optional<nft_hook> hook;
    std::optional<std::uint32_t> policy;  ///< NF_DROP, NF_ACCEPT
};

/// Which variants have a nat table of one family in a namespace.
struct nat_tables {
    nat_tables() = default;
    bool nft = false;
    std::size_t nft_rules = 0;  ///< in the nf_tables one, or as many as were counted; 0 when they could not be
    bool legacy = false;
    std::optional<error> nft_failure;  ///< why nf_tables could not be asked
    /// Why it is not known whether there are legacy tables: only root may read that.
    std::optional<error> legacy_failure;
    /// Tables of nf_tables with NAT in them that iptables-save does not show: those called otherwise, and of other
    /// families. As a person writes them, "ip kube-proxy, inet fw4"; of IPv4 alone, for both.
    std::string elsewhere;
    /// It is known that there is nothing to read.
    [[nodiscard]] bool none() const noexcept
    {
        return !nft && !legacy && !nft_failure && !legacy_failure && elsewhere.empty();
    }
};

struct nat_findings {
    nat_findings(result<nat_tables> four, result<nat_tables> six) : ipv4(std::move(four)), ipv6(std::move(six)) {}
    result<nat_tables> ipv4;
    result<nat_tables> ipv6;
};

}  // namespace nodescope::netlink
