// Reads what the rules about a network look at.
#pragma once

#include "collectors/findings/network_model.hpp"
#include "collectors/questions/namespace_reader.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"
#include "netlink/net_namespace.hpp"

namespace nodescope {

/// All lists over one socket. One that cannot be read, or not to its end, is missing from the model, and the others are
/// there; the failure of the first where all fail. Blocking: for pool threads.
result<findings::network_model> blocking_read_model(const netlink::net_namespace& home, const opened_namespace& where,
                                                    deadline limit, const abandon_flag& abandoned);

}  // namespace nodescope
