// Answers in gzip (RFC 1952) for clients that take it (RFC 9110, 12.5.3). Only for long texts that a worker puts
// together: nothing here belongs on the reactor.
#pragma once

#include "core/worker_pool.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace nodescope::http {

/// Whether the value of an Accept-Encoding field allows gzip.
bool accepts_gzip(std::string_view accept_encoding) noexcept;

/// Nothing once `abandoned` is raised. Blocking: 20 ms for a megabyte of metrics, which becomes 40 KB.
std::optional<std::string> blocking_gzip(std::string_view plain, const abandon_flag& abandoned);

/// What was compressed by blocking_gzip() or while the service was built, for clients that do not take it; nothing if
/// it is damaged. Optional fields of a header are not known to it. Less than a millisecond for 100 KB.
std::optional<std::string> gunzip(std::string_view coded);

}  // namespace nodescope::http
