// Messages of sock_diag about sockets of TCP and UDP. As decode.hpp says of every decoder.
#pragma once

#include "netlink/decode/attributes.hpp"
#include "netlink/model/inet_socket.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace nodescope::netlink {

bool decode(byte_span message, inet_socket& to, std::size_t& damaged);

/// The state alone, for whoever only counts a hundred thousand of them. None for a message that is no socket's, or cut.
std::optional<std::uint8_t> state_of_socket(byte_span message) noexcept;

}  // namespace nodescope::netlink
