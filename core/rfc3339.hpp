// Points in time as RFC 3339 text, for JSON and as Docker writes them.
#pragma once

#include "core/error.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace nodescope {

using utc_time = std::chrono::sys_time<std::chrono::milliseconds>;
using exact_time = std::chrono::sys_time<std::chrono::nanoseconds>;

/// "2026-11-21T01:38:42.17Z": UTC, with the hundredths only when there are any (/proc counts in hundredths).
std::string rfc3339(utc_time when);
/// "2026-11-21T01:38:42.000000170Z": UTC, with all nine digits.
std::string rfc3339(exact_time when);

/// "2026-11-21T01:38:42".
std::string date_and_time(std::chrono::sys_seconds when);

/// Reads "2026-11-21T01:38:42.123456789Z" or with an offset like +01:00; digits beyond the millisecond are dropped.
/// failure::malformed otherwise.
result<utc_time> parse_rfc3339(std::string_view text);

/// The same to the nanosecond. Years before 1678 and after 2261 are failure::malformed too: Docker's year 1 is "never".
result<exact_time> parse_exact_rfc3339(std::string_view text);

}  // namespace nodescope
