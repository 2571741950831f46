// Whether a route leads to the nameservers of a container, asked of the kernel in its network.
#pragma once

#include "collectors/network/part_source.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace nodescope {

/// Resolvers ask the first three; of more than these nobody asks.
inline constexpr std::size_t asked_nameservers = 16;

/// In the order of `nameservers`, and as many; none where it is not known: beyond the limit, with the name of a link
/// behind the address, or where the kernel could not be asked. No packet is sent. Blocking: for pool threads.
std::vector<std::optional<bool>> blocking_ask_for_routes(part_source& source,
                                                         const std::vector<std::string>& nameservers);

}  // namespace nodescope
