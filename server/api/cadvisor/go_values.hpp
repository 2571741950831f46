// Values in requests and messages as Go's standard library reads and writes them: clients of cAdvisor send the one and
// look for the other.
#pragma once

#include "core/error.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace nodescope::api {

/// time.ParseDuration: "10s", "1m30s", "1.5h", "-2us", "0". failure::invalid with Go's own message.
result<std::chrono::nanoseconds> parse_go_duration(std::string_view text);

/// strconv.ParseBool, but what it does not know is false.
bool is_go_true(std::string_view text) noexcept;

/// time.Parse(time.RFC3339): nothing when it is no such time, or none that nanoseconds since 1970 can say.
std::optional<std::chrono::sys_time<std::chrono::nanoseconds>> parse_go_time(std::string_view text);

}  // namespace nodescope::api
