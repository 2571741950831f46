// How counters have grown between two readings.
#pragma once

#include "collectors/findings/load_model.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace nodescope::findings {

/// A counter that is smaller than before has begun again at 0, as those of a link that was
/// made again: it has not grown.
constexpr std::uint64_t grown(std::uint64_t before, std::uint64_t now) noexcept
{
    return now > before ? now - before : 0;
}

constexpr std::uint64_t grown(std::optional<std::uint64_t> before, std::optional<std::uint64_t> now) noexcept
{
    return before && now ? grown(*before, *now) : 0;
}

/// Whole seconds between the two readings, at least one: what is said of less would look like more than it is.
inline std::uint64_t seconds_between(const load_counters& before, const load_counters& now)
{
    const auto passed = std::chrono::duration_cast<std::chrono::seconds>(now.at - before.at).count();
    return static_cast<std::uint64_t>(std::max<std::int64_t>(passed, 1));
}

/// Whether `part` is more than this percentage of `whole`.
constexpr bool is_over_percent(std::uint64_t part, std::uint64_t whole, std::uint64_t percent) noexcept
{
    constexpr std::uint64_t all = 100;
    return part > whole / all * percent + whole % all * percent / all;
}

}  // namespace nodescope::findings
