// How the requests to each route ended and how long they took, counted for metrics. What they are
// counted by comes from the table of routes, never from a request.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace nodescope::http {

enum class outcome : std::uint8_t {
    answered,   ///< 1xx to 3xx
    refused,    ///< 4xx: the request was wrong
    failed,     ///< 5xx
    abandoned,  ///< the client went away first
};
inline constexpr std::size_t outcome_count = 4;

/// What nginx logs for a client that went away before its answer; never sent.
inline constexpr unsigned client_closed_request = 499;

constexpr outcome outcome_of(unsigned status) noexcept
{
    if (status == client_closed_request) return outcome::abandoned;
    if (status < 400) return outcome::answered;
    return status < 500 ? outcome::refused : outcome::failed;
}

struct route_statistics {
    /// From a health probe to an answer that meets the longest deadline.
    static constexpr std::array<std::chrono::microseconds, 9> duration_bounds{{
        std::chrono::microseconds(500),
        std::chrono::milliseconds(1),
        std::chrono::milliseconds(5),
        std::chrono::milliseconds(25),
        std::chrono::milliseconds(100),
        std::chrono::milliseconds(500),
        std::chrono::seconds(2),
        std::chrono::seconds(10),
        std::chrono::seconds(30),
    }};

    void count(unsigned status) noexcept { ++by_outcome[static_cast<std::size_t>(outcome_of(status))]; }
    void count_duration(std::chrono::steady_clock::duration taken) noexcept
    {
        const auto bucket = std::lower_bound(duration_bounds.begin(), duration_bounds.end(), taken);
        ++by_duration[static_cast<std::size_t>(bucket - duration_bounds.begin())];
        total_duration += std::chrono::duration_cast<std::chrono::microseconds>(taken);
    }

    std::string path;  ///< of the route; empty for what has none
    std::array<std::uint64_t, outcome_count> by_outcome{};
    /// Index i: at most duration_bounds[i], and longer than the bound before; the last: longer than all.
    std::array<std::uint64_t, duration_bounds.size() + 1> by_duration{};
    std::chrono::microseconds total_duration{0};
};

}  // namespace nodescope::http
