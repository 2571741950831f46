// What a request to /v1/network asks for.
#pragma once

#include "collectors/network/network_collector.hpp"
#include "core/error.hpp"
#include "server/api/cadvisor/url_query.hpp"

namespace nodescope::api {

/// Exactly one of `container`, `pod` (with `container` as a name in it), `pid` and `node`; `parts` separated by commas.
/// failure::invalid with the sentence for anything else, for an unknown parameter too.
result<network_query> parse_network_request(const url_query& given);

}  // namespace nodescope::api
