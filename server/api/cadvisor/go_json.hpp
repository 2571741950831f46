// JSON as Go's encoding/json spells it, for answers that clients of cAdvisor compare or parse: core's writer with Go's
// strings, and times.
#pragma once

#include "core/json/writer.hpp"

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace nodescope::api {

class go_json : public json_writer {
public:
    using time_point = std::chrono::sys_time<std::chrono::nanoseconds>;
    enum class zone { utc, local };

    /// `out` outlives the writer; what it holds already is kept.
    explicit go_json(std::string& out) noexcept : json_writer(out, json_spelling::go) {}

    /// RFC 3339 with as many digits of fraction as there are; "0001-01-01T00:00:00Z" for a time that is not known.
    /// The local zone is the process's, `Z` when that is UTC.
    void time_member(std::string_view name, const std::optional<time_point>& when, zone shown = zone::local);

private:
    void prepare_minute(std::chrono::sys_time<std::chrono::minutes> minute, zone shown);

    // The times of an answer are mostly of the same few minutes: what stands before and behind the seconds is kept.
    std::optional<std::chrono::sys_time<std::chrono::minutes>> minute_;
    zone minute_zone_ = zone::utc;
    std::string before_seconds_;
    std::string after_fraction_;
    std::string time_;
};

/// An object of figures that are all 0. For what cAdvisor counts and we do not: such an object is in every sample, so
/// its text is made once and kept.
std::string zeros(std::span<const std::string_view> figures);

}  // namespace nodescope::api
