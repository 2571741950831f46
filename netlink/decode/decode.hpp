// All decoders: one netlink message in, one struct out. No I/O.
//
// `message` is a whole message, its nlmsghdr included, and is not trusted. True: `to`, which must be new, has what the
// message says. False: the message is of another type, or too short for its own headers, and `to` must not be used.
// `damaged` grows by one for each message and each attribute (or list of them) that was skipped because its
// length is wrong.
#pragma once

#include "netlink/decode/attributes.hpp"
#include "netlink/model/address.hpp"
#include "netlink/model/link.hpp"
#include "netlink/model/link_details.hpp"
#include "netlink/model/nat_tables.hpp"
#include "netlink/model/neighbour.hpp"
#include "netlink/model/neighbour_table.hpp"
#include "netlink/model/queue_discipline.hpp"
#include "netlink/model/route.hpp"
#include "netlink/model/route_details.hpp"
#include "netlink/model/rule.hpp"
#include "netlink/model/tcp_socket.hpp"

#include <cstddef>

namespace nodescope::netlink {

bool decode(byte_span message, link& to, std::size_t& damaged);
bool decode(byte_span message, detailed_link& to, std::size_t& damaged);
bool decode(byte_span message, interface_name& to, std::size_t& damaged);
bool decode(byte_span message, link_address& to, std::size_t& damaged);
bool decode(byte_span message, route& to, std::size_t& damaged);
bool decode(byte_span message, detailed_route& to, std::size_t& damaged);
bool decode(byte_span message, nexthop_object& to, std::size_t& damaged);
bool decode(byte_span message, detailed_nexthop& to, std::size_t& damaged);
bool decode(byte_span message, routing_rule& to, std::size_t& damaged);
bool decode(byte_span message, detailed_rule& to, std::size_t& damaged);
bool decode(byte_span message, neighbour& to, std::size_t& damaged);
bool decode(byte_span message, neighbour_table& to, std::size_t& damaged);
bool decode(byte_span message, queue_discipline& to, std::size_t& damaged);
bool decode(byte_span message, nft_table& to, std::size_t& damaged);
bool decode(byte_span message, nft_chain& to, std::size_t& damaged);
bool decode(byte_span message, tcp_socket& to, std::size_t& damaged);

}  // namespace nodescope::netlink
