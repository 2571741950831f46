// The network of a container as the processor contract writes it: texts under fixed keys, and what went wrong with
// the rest beside them.
#pragma once

#include "collectors/questions/net_info.hpp"
#include "core/error.hpp"

#include <cstddef>
#include <string>

namespace nodescope::api {

/// The body member that asks for the node's own NAT table too.
inline constexpr const char* node_nat_parameter = "param.collector.kubernetes.net_info.node_nat";

/// The answer's body, at most `max_reply_bytes` long; long texts are cut at a line and the Errors member says so. When
/// nothing but the pid is known: the reasons in one sentence, with the kind of the first.
result<std::string> net_info_reply(const net_info& found, std::size_t max_reply_bytes);

}  // namespace nodescope::api
