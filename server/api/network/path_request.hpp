// What a request to /v1/path asks for.
#pragma once

#include "collectors/network/path/path_collector.hpp"
#include "core/error.hpp"
#include "server/api/cadvisor/url_query.hpp"

namespace nodescope::api {

/// Whose network, as for /v1/network; `to`, an address of IPv4 or IPv6; `port` and `protocol` (tcp, udp). A port
/// without a protocol is one of tcp. failure::invalid with the sentence for anything else.
result<path_query> parse_path_request(const url_query& given);

}  // namespace nodescope::api
