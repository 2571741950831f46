// Counts how many local ports are used towards each destination, while the sockets of a namespace pass by.
#pragma once

#include "netlink/model/inet_socket.hpp"
#include "netlink/model/port_use.hpp"

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace nodescope::netlink {

/// Of connections from local ports in a range. What was accepted is left out, where its listener was given first, as
/// the kernel does (inet_diag_dump_icsk in net/ipv4/inet_diag.c): those share the listener's port.
class port_use_counter {
public:
    static constexpr std::size_t uses_limit_bytes = 4UL * 1024UL * 1024UL;
    /// More destinations are not told apart: at most 128 bytes each.
    static constexpr std::size_t most_destinations = uses_limit_bytes / 128;
    /// So many are shown, those with the most ports.
    static constexpr std::size_t most_shown = 128;

    /// Both included; 0 and 0: nothing is counted.
    port_use_counter(std::uint16_t first, std::uint16_t last) : first_(first), last_(last) {}

    [[nodiscard]] bool counts() const noexcept { return last_ != 0; }
    void clear();
    void add(const inet_socket& one);
    /// False: there were more destinations than are told apart, and those beyond are not counted.
    [[nodiscard]] bool complete() const noexcept { return complete_; }
    [[nodiscard]] std::vector<port_use> most_used() const;

private:
    /// Two addresses, a port and a family.
    using key = std::array<char, 35>;
    struct hash_of_key {
        std::size_t operator()(const key& one) const noexcept
        {
            return std::hash<std::string_view>()(std::string_view(one.data(), one.size()));
        }
    };

    std::uint16_t first_;
    std::uint16_t last_;
    bool complete_ = true;
    std::bitset<65536> listening_;
    std::unordered_map<key, std::uint32_t, hash_of_key> ports_;
};

}  // namespace nodescope::netlink
