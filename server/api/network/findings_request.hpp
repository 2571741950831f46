// What a request to /v1/findings asks for.
#pragma once

#include "collectors/findings/finding.hpp"
#include "collectors/questions/net_info.hpp"
#include "core/error.hpp"
#include "server/api/cadvisor/url_query.hpp"

#include <chrono>
#include <optional>

namespace nodescope::api {

struct findings_request {
    findings_request() = default;
    std::optional<net_info_query> whose;  ///< none: the node's and those of all containers
    findings::severity least = findings::severity::info;
    std::optional<std::chrono::milliseconds> interval;  ///< of one network alone
};

/// Whose network, as for /v1/network, or `all`; `severity`: the least that a finding must have, and `interval`: how
/// long counters are watched. failure::invalid with the sentence for anything else.
result<findings_request> parse_findings_request(const url_query& given);

}  // namespace nodescope::api
