// The parts `sockets` and `sockets_all` of the network of a container or the node.
#pragma once

#include "core/json/writer.hpp"
#include "netlink/model/inet_socket.hpp"

namespace nodescope::netlink {

void write_sockets(json_writer& out, const socket_overview& what);
void write_all_sockets(json_writer& out, const socket_list& what);

}  // namespace nodescope::netlink
