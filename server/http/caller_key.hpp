// Who counts as one caller, wherever callers are told apart before it is known what they may do.
#pragma once

#include "server/http/gate.hpp"

#include <compare>
#include <cstdint>
#include <string>

namespace nodescope::http {

/// "uid=0" on this machine, where the user is known; "forwarded" for all that comes through a container runtime; else
/// "10.0.0.1", or "2001:db8::/64": one host has a whole /64.
std::string caller_key(const peer_info& peer);

/// The same as a number, so that callers that one attacker may all be lie side by side: an IPv4 address, the first half
/// of an IPv6 address, a user (subordinate ones are a range).
struct caller_number {
    enum class kind : std::uint8_t { other, user, forwarded, v4, v6 };
    kind of = kind::other;
    std::uint64_t number = 0;
    // clang-tidy 14 takes the comparison with 0 in a defaulted <=> for one of a pointer.
    friend auto operator<=>(const caller_number&, const caller_number&) = default;  // NOLINT(modernize-use-nullptr)
};
caller_number number_of(const peer_info& peer);

}  // namespace nodescope::http
