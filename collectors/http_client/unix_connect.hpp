// Connecting a Unix socket by hand. Asio 1.81 takes the EAGAIN of a full accept queue for "in progress" and reports
// success; the first write then fails with ENOTCONN. connect() on a non-blocking Unix socket never waits, so nothing
// is lost by calling it directly, and its errno is the truth.
#pragma once

#include "core/unique_fd.hpp"

#include <string>
#include <utility>

namespace nodescope::http_client {

/// The connected non-blocking descriptor and 0, or an errno. EAGAIN: the peer's accept queue is full, try again later.
std::pair<unique_fd, int> connect_unix(const std::string& path) noexcept;

}  // namespace nodescope::http_client
