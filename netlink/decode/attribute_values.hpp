// Steps of decoders: each takes one attribute's payload into an optional field. The first of several attributes of one
// kind counts, as in iproute2; a payload too short for its type is left out and counted.
#pragma once

#include "netlink/decode/attributes.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace nodescope::netlink {

template <class Number>
void take_number(std::optional<Number>& target, byte_span value, std::size_t& malformed)
{
    if (target) return;
    target = read_struct<Number>(value);
    if (!target) ++malformed;
}

inline void take_text(std::optional<std::string>& target, byte_span value)
{
    if (!target) target.emplace(string_payload(value));
}

}  // namespace nodescope::netlink
