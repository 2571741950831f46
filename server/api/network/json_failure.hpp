// Failures of /v1 as JSON, with the plain status codes.
#pragma once

#include "core/error.hpp"
#include "core/json/writer.hpp"
#include "server/http/message.hpp"

#include <cstddef>

namespace nodescope::api {

/// {"kind":…,"message":…}, the message escaped and at most `limit_bytes` long.
void write_error(json_writer& json, const error& why, std::size_t limit_bytes);

/// {"error":{"kind":…,"message":…}}: 400 for a wrong parameter, 404 for what is not there, 409 for what cannot answer,
/// 502 for a peer that answers nonsense, 503 with Retry-After, 504.
http::reply json_failure(const error& why);

}  // namespace nodescope::api
