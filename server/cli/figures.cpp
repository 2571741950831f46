#include "server/cli/figures.hpp"

#include "core/rfc3339.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>

namespace nodescope::cli {

namespace {

std::optional<double> per_second(const json_value& before, const json_value& now, std::string_view path, double seconds)
{
    const auto was = before.at(path).number();
    const auto is = now.at(path).number();
    if (!was || !is || *is < *was || seconds <= 0) return std::nullopt;
    return (*is - *was) / seconds;
}

}  // namespace

std::string bytes_text(double bytes)
{
    constexpr std::array<std::string_view, 6> units{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    constexpr double step = 1024;
    std::size_t unit = 0;
    while (bytes >= step && unit + 1 < units.size()) {
        bytes /= step;
        ++unit;
    }
    constexpr double long_enough = 100;
    return unit == 0 || bytes >= long_enough ? fmt::format("{:.0f} {}", bytes, units.at(unit))
                                             : fmt::format("{:.1f} {}", bytes, units.at(unit));
}

std::string cores_text(double cores)
{
    constexpr double thousandths = 1000;
    if (cores * thousandths < 0.5) return "0";
    return cores < 1 ? fmt::format("{:.0f}m", cores * thousandths) : fmt::format("{:.2f}", cores);
}

std::string age_text(const std::string& since, std::int64_t now_s)
{
    const auto began = parse_exact_rfc3339(since);
    if (!began) return {};
    const auto seconds = now_s - std::chrono::floor<std::chrono::seconds>(*began).time_since_epoch().count();
    if (seconds < 0) return "0s";
    constexpr std::int64_t minute = 60;
    constexpr std::int64_t hour = 60 * minute;
    constexpr std::int64_t day = 24 * hour;
    // As kubectl does: two minutes and two hours are still told by the smaller unit.
    if (seconds < 2 * minute) return fmt::format("{}s", seconds);
    if (seconds < 2 * hour) return fmt::format("{}m", seconds / minute);
    return seconds < 2 * day ? fmt::format("{}h", seconds / hour) : fmt::format("{}d", seconds / day);
}

usage_rates rates_between(const json_value& before, const json_value& now)
{
    constexpr double nanoseconds = 1e9;
    usage_rates made;
    const auto was = parse_exact_rfc3339(before["measured"].text());
    const auto is = parse_exact_rfc3339(now["measured"].text());
    if (!was || !is) return made;
    const double seconds = static_cast<double>((*is - *was).count()) / nanoseconds;
    const auto used = per_second(before, now, "cpu/usage_ns", seconds);
    if (used) made.cores = *used / nanoseconds;
    made.received = per_second(before, now, "network/rx_bytes", seconds);
    made.sent = per_second(before, now, "network/tx_bytes", seconds);
    made.read = per_second(before, now, "io/read_bytes", seconds);
    made.written = per_second(before, now, "io/write_bytes", seconds);
    return made;
}

std::map<std::string, json_value> containers_by_id(const json_value& answer)
{
    std::map<std::string, json_value> all;
    for (const json_value& one : answer["containers"].elements()) all.emplace(one["id"].text(), one);
    return all;
}

std::string pod_text(const json_value& container)
{
    const json_value pod = container["pod"];
    return pod ? fmt::format("{}/{}", pod["namespace"].text(), pod["name"].text()) : std::string();
}

std::string name_text(const json_value& container)
{
    std::string name = container.at("pod/container").text();
    if (name.empty()) name = container["name"].text();
    const std::string id = container["id"].text();
    return name.empty() || name == id ? id.substr(0, short_id_length) : name;
}

std::string image_text(const json_value& container)
{
    const std::string image = container["image"].text();
    const std::size_t slash = image.find('/');
    const std::string_view first = std::string_view(image).substr(0, slash == std::string::npos ? 0 : slash);
    // A registry has a dot or a port in its name, or is localhost: else it is a user of the default one.
    const bool registry = first.find_first_of(".:") != std::string_view::npos || first == "localhost";
    return registry ? image.substr(slash + 1) : image;
}

}  // namespace nodescope::cli
