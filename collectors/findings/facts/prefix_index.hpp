// Finds, for an address or a prefix of one family, the longest of many prefixes that covers it.
#pragma once

#include "netlink/model/address.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

namespace nodescope::findings {

template <class T>
class prefix_index {
public:
    /// The first of equal ones stays. What is longer than an address is left out.
    void add(const netlink::network_address& prefix, unsigned length, T what)
    {
        if (length > most_bits) return;
        lengths_.set(length);
        entries_.emplace(key(prefix, length), std::move(what));
    }
    /// What covers all addresses that begin with the first `length` bits. Null: nothing.
    [[nodiscard]] const T* covering(const netlink::network_address& prefix, unsigned length) const
    {
        for (unsigned tried = std::min(length, most_bits) + 1; tried-- > 0;) {
            if (!lengths_.test(tried)) continue;
            const auto found = entries_.find(key(prefix, tried));
            if (found != entries_.end()) return &found->second;
        }
        return nullptr;
    }

private:
    using prefix_key = std::pair<unsigned, std::array<std::uint8_t, 16>>;
    static constexpr unsigned most_bits = 128;
    static constexpr unsigned bits_of_byte = 8;

    static prefix_key key(const netlink::network_address& address, unsigned length)
    {
        prefix_key made{length, {}};
        const std::size_t whole = length / bits_of_byte;
        for (std::size_t i = 0; i < whole; ++i) made.second[i] = address.bytes[i];
        const unsigned rest = length % bits_of_byte;
        if (rest != 0) {
            made.second[whole] = static_cast<std::uint8_t>(address.bytes[whole] & (0xFFU << (bits_of_byte - rest)));
        }
        return made;
    }

    std::bitset<most_bits + 1> lengths_;
    std::map<prefix_key, T> entries_;
};

}  // namespace nodescope::findings
