// Reads netlink attributes (struct nlattr) out of bytes that are not trusted: every length is checked before it is
// used, nothing is copied. Pure, without libnl, so that decoders can be tested and fuzzed on plain buffers.
#pragma once

#include <linux/netlink.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

namespace nodescope::netlink {

using byte_span = std::span<const std::byte>;

/// A fixed-size structure at the start of `bytes`, copied out because netlink promises an alignment of 4 only.
template <class T>
requires std::is_trivially_copyable_v<T> std::optional<T> read_struct(byte_span bytes)
noexcept
{
    if (bytes.size() < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
}

/// What follows the first `size` bytes, which are padded to netlink's alignment; empty when there is nothing.
inline byte_span after(byte_span bytes, std::size_t size) noexcept
{
    const std::size_t padded = NLMSG_ALIGN(size);
    return padded < bytes.size() ? bytes.subspan(padded) : byte_span{};
}

/// Calls `visit(type, payload)` for each attribute; the type comes without NLA_F_NESTED and NLA_F_NET_BYTEORDER.
/// Stops at the first attribute whose length does not fit and counts it: what follows cannot be trusted.
template <class Visit>
void for_each_attribute(byte_span attributes, std::size_t& damaged, Visit visit)
{
    while (!attributes.empty()) {
        const auto header = read_struct<nlattr>(attributes);
        if (!header || header->nla_len < sizeof(nlattr) || header->nla_len > attributes.size()) {
            ++damaged;
            return;
        }
        visit(static_cast<std::uint16_t>(header->nla_type & NLA_TYPE_MASK),
              attributes.subspan(sizeof(nlattr), header->nla_len - sizeof(nlattr)));
        attributes = after(attributes, header->nla_len);
    }
}

/// The text of a string attribute: up to its NUL, or all of it.
inline std::string_view string_payload(byte_span payload) noexcept
{
    const std::string_view text(reinterpret_cast<const char*>(payload.data()), payload.size());
    return text.substr(0, text.find('\0'));
}

/// The whole of a message that is known to be valid netlink, header included.
inline byte_span bytes_of(const nlmsghdr& message) noexcept
{
    return {reinterpret_cast<const std::byte*>(&message), message.nlmsg_len};
}

}  // namespace nodescope::netlink
