// What a round trip to the API server or the kubelet means: the body, or an error with its sentence. Pure functions.
#pragma once

#include "collectors/http_client/http_client.hpp"
#include "core/error.hpp"

#include <string>
#include <string_view>

namespace nodescope::kubernetes {

/// A call as its sentences name it.
struct call_names {
    call_names(std::string called, std::string peer) : what(std::move(called)), whom(std::move(peer)) {}
    std::string what;  ///< "kubernetes: GET /api/v1/pods"
    std::string whom;  ///< "the API server at https://10.0.0.1:443"
};

/// The body of a 200, else the error: 404 and 410 are gone, 401 and 403 denied, 502-504 unavailable, anything
/// else failed, 429 too, because `overloaded` is for limits of our own (redirects are never followed, operations.md
/// I3). The peer's own message is part of the sentence; should it repeat `token`, that is taken out (operations.md A9).
result<std::string> body_of(const call_names& names, http_client::outcome outcome, std::string_view token);

/// For an answer that arrived but is not what was asked for: the same error with the call in front of its sentence.
error about_answer(const call_names& names, const error& reason);

}  // namespace nodescope::kubernetes
