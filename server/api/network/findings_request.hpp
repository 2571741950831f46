// What a request to /v1/findings asks for.
#pragma once

#include "collectors/network/findings_collector.hpp"
#include "core/error.hpp"
#include "server/api/cadvisor/url_query.hpp"

namespace nodescope::api {

/// Whose network, as for /v1/network, `severity`: the least that a finding must have, and `interval`: how long counters
/// are watched. failure::invalid with the sentence for anything else.
result<findings_query> parse_findings_request(const url_query& given);

}  // namespace nodescope::api
