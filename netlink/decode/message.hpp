// What decoders share: the frame of a message, and attributes taken into fields. The first of several attributes of one
// kind counts, as in iproute2; a payload too short for its type is left out and counted.
#pragma once

#include "netlink/decode/attributes.hpp"
#include "netlink/model/address.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

namespace nodescope::netlink {

/// Gives the family header of a message of `type` to `begin`, which returns false to refuse it, then each attribute to
/// `take(type, payload)`. The rest is as decode.hpp says of every decoder.
template <class Header, class Begin, class Take>
bool decode_message(std::uint16_t type, byte_span message, std::size_t& damaged, Begin begin, Take take)
{
    const auto frame = read_struct<nlmsghdr>(message);
    if (!frame || frame->nlmsg_len < NLMSG_HDRLEN || frame->nlmsg_len > message.size()) {
        ++damaged;
        return false;
    }
    if (frame->nlmsg_type != type) return false;
    const byte_span payload = after(message.first(frame->nlmsg_len), NLMSG_HDRLEN);
    const auto header = read_struct<Header>(payload);
    if (!header || !begin(*header)) {
        ++damaged;
        return false;
    }
    for_each_attribute(after(payload, sizeof(Header)), damaged, take);
    return true;
}

template <class Number>
void take_number(std::optional<Number>& target, byte_span value, std::size_t& damaged)
{
    if (target) return;
    target = read_struct<Number>(value);
    if (!target) ++damaged;
}

/// For numbers whose absence means zero, or what the header said.
template <class Number>
void take_number(Number& target, byte_span value, std::size_t& damaged)
{
    const auto number = read_struct<Number>(value);
    if (number) target = *number;
    else ++damaged;
}

inline std::string raw_bytes(byte_span value) { return {reinterpret_cast<const char*>(value.data()), value.size()}; }

inline void take_text(std::optional<std::string>& target, byte_span value)
{
    if (!target) target.emplace(string_payload(value));
}

/// Families without a known length (AF_PHONET: one byte) give as many bytes as there are. False, and counted, when
/// there are fewer than an address of `family` has.
inline bool take_address(network_address& target, std::uint8_t family, byte_span value, std::size_t& damaged)
{
    const std::size_t length = family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
    if (value.size() < length) {
        ++damaged;
        return false;
    }
    const std::size_t used = std::min(value.size(), length == 0 ? target.bytes.size() : length);
    if (used > 0) std::memcpy(target.bytes.data(), value.data(), used);
    return true;
}

inline void take_address(std::optional<network_address>& target, std::uint8_t family, byte_span value,
                         std::size_t& damaged)
{
    network_address address;
    if (!target && take_address(address, family, value, damaged)) target = address;
}

}  // namespace nodescope::netlink
