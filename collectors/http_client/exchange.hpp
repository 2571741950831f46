// One request and its answer on a connection.
#pragma once

#include "collectors/http_client/connection.hpp"
#include "collectors/http_client/http_client.hpp"

#include <string>

namespace nodescope::http_client {

/// How it went.
struct exchange_end {
    outcome out;
    bool reusable = false;
    bool closed_unanswered = false;  ///< the peer closed before any byte of the answer
};

/// Sends `bytes`, which are `call` as text, and reads the answer. The caller has set the connection's expiry, and keeps
/// all three until it returns.
task<exchange_end> exchange(connection& on, const std::string& bytes, const request& call, deadline limit);

}  // namespace nodescope::http_client
