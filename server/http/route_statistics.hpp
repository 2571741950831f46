// How the requests to each route ended and how long they took, counted for metrics. What they are
// counted by comes from the table of routes, never from a request.
#pragma once

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

    /// `status` as logged: 499 for a client that went away.
    void count(unsigned status) noexcept;
    void count_duration(std::chrono::steady_clock::duration taken) noexcept;

    std::string path;  ///< of the route; empty for what has none
    std::array<std::uint64_t, outcome_count> by_outcome{};
    /// Index i: at most duration_bounds[i], and longer than the bound before; the last: longer than all.
    std::array<std::uint64_t, duration_bounds.size() + 1> by_duration{};
    std::chrono::microseconds total_duration{0};
};

}  // namespace nodescope::http
