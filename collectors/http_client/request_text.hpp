// A request as the bytes that go onto the wire. Pure: no I/O.
#pragma once

#include "collectors/http_client/http_client.hpp"

#include <string>

namespace nodescope::http_client {

/// failure::invalid when a part holds a byte that would end it early (a space in the target, CR or LF in a header).
result<std::string> request_text(const request& call);

/// A safe method may be sent twice without changing anything.
bool is_repeatable(const request& call) noexcept;

}  // namespace nodescope::http_client
