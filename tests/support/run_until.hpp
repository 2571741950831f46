// Waiting for what something else does: the one way in which the C++ tests wait. A hang becomes a failure.
#pragma once

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <thread>

namespace nodescope::testing {

/// Longer than any deadline a test sets: it only turns a hang into a failure.
inline constexpr std::chrono::seconds hang_limit{20};

/// How long a reactor with nothing to do is left alone before the condition is looked at again.
inline constexpr std::chrono::milliseconds look_interval{5};

/// Until `holds()`, for what another thread or process does; false when that takes forever.
template <class Condition>
[[nodiscard]] bool wait_until(Condition&& holds)
{
    const auto give_up = std::chrono::steady_clock::now() + hang_limit;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > give_up) return false;
        std::this_thread::yield();
    }
    return true;
}

/// Turns the reactor until `holds()`; false when that takes forever.
template <class Condition>
[[nodiscard]] bool run_until(boost::asio::io_context& reactor, Condition&& holds)
{
    return wait_until([&] {
        if (holds()) return true;
        reactor.restart();
        reactor.run_one_for(look_interval);
        return false;
    });
}

}  // namespace nodescope::testing
