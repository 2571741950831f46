// How access control learns who connects from this machine.
#pragma once

#include "server/auth/local_peer.hpp"

#include <string>

namespace nodescope {

/// By the owner of the socket (sock_diag), and by the processes of the node, which are seen below `root`.
auth::local_recognition recognise_by_sockets(const std::string& root);

}  // namespace nodescope
