// The parts `sockets` and `sockets_all` of the network of a container or the node.
#pragma once

#include "core/json/writer.hpp"
#include "netlink/model/inet_socket.hpp"

namespace nodescope::netlink {

void write_sockets(json_writer& out, const socket_overview& what);
/// One of write_all_sockets().
void write_socket(json_writer& out, const inet_socket& one);
void write_all_sockets(json_writer& out, const socket_list& what);

}  // namespace nodescope::netlink
