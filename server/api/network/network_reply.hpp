// The answer of /v1/network, and failures of /v1 as JSON.
#pragma once

#include "collectors/network/network_collector.hpp"
#include "core/error.hpp"
#include "server/http/message.hpp"

#include <cstddef>
#include <string>

namespace nodescope::api {

/// {"target":{…},"PART":…,"errors":{…},"notes":{…}}, at most `limit_bytes` long: of the parts that are lists the
/// longest are cut, all to the same length, and `notes` says so. The failure of the first part where there is none.
result<std::string> network_reply(const network_reading& found, std::size_t limit_bytes);

/// {"error":{"kind":…,"message":…}} with the plain status codes: 400 for a wrong parameter, 404 for what is not there,
/// 409 for what cannot answer, 502 for a peer that answers nonsense, 503 with Retry-After, 504.
http::reply json_failure(const error& why);

}  // namespace nodescope::api
