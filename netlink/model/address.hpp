// Network addresses and the links they belong to, as the kernel reports them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace nodescope::netlink {

/// An address of any family; IPv4 uses the first 4 bytes.
struct network_address {
    std::array<std::uint8_t, 16> bytes{};
    friend bool operator==(const network_address&, const network_address&) = default;
};

/// Seconds until an address goes away; `forever` if it stays.
struct address_lifetime {
    std::uint32_t preferred = 0;
    std::uint32_t valid = 0;
    static constexpr std::uint32_t forever = 0xFFFFFFFF;
    friend bool operator==(const address_lifetime&, const address_lifetime&) = default;
};

/// One address of a link. What is not set was not in the message.
struct link_address {
    int link_index = 0;
    std::uint8_t family = 0;
    std::uint8_t prefix_length = 0;
    std::uint8_t scope = 0;   ///< RT_SCOPE_*
    std::uint32_t flags = 0;  ///< IFA_F_*, all 32 bits
    /// The link's own address. The kernel gives only `peer` where both are the same; `decode` then fills both.
    std::optional<network_address> local;
    std::optional<network_address> peer;
    std::optional<network_address> broadcast;
    std::optional<network_address> anycast;
    std::optional<std::string> label;
    std::optional<std::uint32_t> metric;
    std::optional<address_lifetime> lifetime;
};

}  // namespace nodescope::netlink
