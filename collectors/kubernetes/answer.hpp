// Turns the outcome of a round trip to the API server or the kubelet into the body or an error. Pure functions.
#pragma once

#include "collectors/http_client/http_client.hpp"
#include "core/error.hpp"

#include <string>
#include <string_view>

namespace nodescope::kubernetes {

/// How error messages name a call.
struct call_names {
    call_names(std::string called, std::string asked) : what(std::move(called)), peer(std::move(asked)) {}
    std::string what;  ///< "kubernetes: GET /api/v1/pods"
    std::string peer;  ///< "the API server at https://10.0.0.1:443"
    std::string hint;  ///< what to do where it says 403; or empty
};

/// The body of a 200, else an error: 404 and 410 are gone, 401 and 403 denied, 502-504 unavailable, anything else
/// failed. 429 is failed too, because `overloaded` is for limits of our own, and so is a redirect, because none is
/// followed. The message includes the peer's own; if that repeats `token`, the token is removed.
result<std::string> body_of(const call_names& names, http_client::outcome outcome, std::string_view token);

/// For an answer that arrived but is not what was asked for: the same error with the call in front of its sentence.
error about_answer(const call_names& names, const error& reason);

}  // namespace nodescope::kubernetes
