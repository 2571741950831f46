#include "server/http/route_statistics.hpp"

#include <algorithm>

namespace nodescope::http {

namespace {

constexpr unsigned client_closed_request = 499;

outcome outcome_of(unsigned status) noexcept
{
    if (status == client_closed_request) return outcome::abandoned;
    if (status < 400) return outcome::answered;
    return status < 500 ? outcome::refused : outcome::failed;
}

}  // namespace

void route_statistics::count(unsigned status) noexcept { ++by_outcome[static_cast<std::size_t>(outcome_of(status))]; }

void route_statistics::count_duration(std::chrono::steady_clock::duration taken) noexcept
{
    const auto bucket = std::lower_bound(duration_bounds.begin(), duration_bounds.end(), taken);
    ++by_duration[static_cast<std::size_t>(bucket - duration_bounds.begin())];
    total_duration += std::chrono::duration_cast<std::chrono::microseconds>(taken);
}

}  // namespace nodescope::http
