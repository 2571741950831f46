// Figures as people read them, and what a container used between two answers of /v1/containers.
#pragma once

#include "server/cli/json_value.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace nodescope::cli {

/// Digits of an id, as runtimes show it.
inline constexpr std::size_t short_id_length = 12;

/// "512 B", "1.5 MiB".
std::string bytes_text(double bytes);
/// Cores: "0", "12m" (thousandths), "1.25".
std::string cores_text(double cores);
/// "45s", "12m", "3h", "5d": since an RFC 3339 time, as seen at `now_s` (seconds since 1970). Empty where it is no
/// time.
std::string age_text(const std::string& since, std::int64_t now_s);

/// For each second between two readings of one container; nothing where a counter is missing, began again, or no time
/// has passed.
struct usage_rates {
    std::optional<double> cores;
    std::optional<double> received;  ///< bytes
    std::optional<double> sent;
    std::optional<double> read;
    std::optional<double> written;
};
usage_rates rates_between(const json_value& before, const json_value& now);

/// The containers of an answer by their ids; they point into its text.
std::map<std::string, json_value> containers_by_id(const json_value& answer);

/// "default/web-0", or nothing.
std::string pod_text(const json_value& container);
/// What people call it: its name in the pod, else its name, else the beginning of its id.
std::string name_text(const json_value& container);
/// The registry's part of an image name is seldom read.
std::string image_text(const json_value& container);

}  // namespace nodescope::cli
