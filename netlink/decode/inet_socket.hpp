// Messages of sock_diag about sockets of TCP and UDP. As decode.hpp says of every decoder.
#pragma once

#include "netlink/decode/attributes.hpp"
#include "netlink/model/inet_socket.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace nodescope::netlink {

bool decode(byte_span message, inet_socket& to, std::size_t& damaged);

/// The state alone, for whoever only counts a hundred thousand of them. None for a message that is no socket's, or cut.
std::optional<std::uint8_t> state_of_socket(byte_span message) noexcept;

/// A line of net/tcp, net/udp and the same of IPv6 (get_tcp4_sock in net/ipv4/tcp_ipv4.c), which say neither the limit
/// of a listener's queue nor the interface nor only_ipv6. None for the headings, and what is not in that form.
std::optional<inet_socket> parse_socket_line(std::string_view line, std::uint8_t family);

}  // namespace nodescope::netlink
