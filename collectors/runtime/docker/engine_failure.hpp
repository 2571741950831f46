// The sentences of failed calls of an engine, each made once. An operation is called as operation_name() does.
#pragma once

#include "collectors/http_client/http_client.hpp"
#include "collectors/runtime/docker/docker_client.hpp"
#include "core/error.hpp"

#include <string>
#include <string_view>

namespace nodescope::docker {

/// No answer: where the call died and of what.
error failed_round_trip(engine_kind of, const http_client::server_address& where, std::string_view operation,
                        const http_client::round_trip_failure& why);

/// An answer other than 200, with the daemon's own message. Redirects are never followed.
error failed_answer(std::string_view operation, unsigned status, std::string_view body);

/// A 200 whose body is not what it must be.
error malformed_answer(std::string_view operation, std::string_view why);

}  // namespace nodescope::docker
