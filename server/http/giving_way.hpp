// Who gives way to a newcomer where all places are taken. Addresses are cheap for some, so places are shared among
// networks first, in each among smaller ones, and at last among callers: an attacker with thousands of addresses
// displaces its own connections, not one of somebody else. Pure.
#pragma once

#include "core/deadline.hpp"
#include "server/http/caller_key.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace nodescope::http {

/// A connection of which no request has passed the gate yet.
struct place_holder {
    place_holder() = default;
    caller_number who;
    std::uint64_t turn = 0;          ///< the lower, the earlier it came
    steady_clock::time_point since;  ///< it came
    bool greeted = false;            ///< its TLS handshake is over
    bool admitted = false;           ///< its caller is known to be allowed before it asks
};

/// A caller that has all it can have displaces its own connections only after this long, and is refused before: who
/// renews connections as fast as it can costs no more than the look at them.
inline constexpr std::chrono::milliseconds own_patience{1'000};

/// Of those that give way, one part in so many is for connections that are not greeted: as long as they have that much,
/// they displace each other. Who has gone through a handshake has proven its address, and is not displaced by a flood
/// of connections that have not.
inline constexpr std::size_t ungreeted_part = 4;

/// Which of `holders` gives way: the oldest one of the caller that has most, in the network that has most; the newcomer
/// counts with its own. One that is admitted only to another, and if there is nobody else. None: the newcomer is to be
/// refused. The holders lie in the order of `who`, and of `turn` where it is the same.
std::optional<std::size_t> choose_to_give_way(std::span<const place_holder> holders, const place_holder& newcomer);

}  // namespace nodescope::http
