// What became of the containers that are there no more, remembered for as long as events are. Reactor thread only.
#pragma once

#include "collectors/cadvisor/model.hpp"
#include "core/byte_budget.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

namespace nodescope::cadvisor {

class ended_containers {
public:
    /// Of a container that a pod starts again under another id, and of one that ends again, only the last end is kept.
    void add(ended_container one);
    /// In the order in which they ended, without those that ended a day before `now`.
    [[nodiscard]] ended_list list(time_point now);
    /// Ends that were dropped because there was no room for them.
    [[nodiscard]] std::uint64_t left_out() const noexcept { return bytes_.left_out(); }

    /// Of a thousand containers of Kubernetes. The oldest goes first.
    static constexpr std::size_t ends_limit_bytes = 512U << 10U;

private:
    struct kept {
        std::string key;
        std::shared_ptr<const ended_container> one;
        std::size_t bytes = 0;
    };
    std::deque<kept> ends_;
    byte_budget bytes_{ends_limit_bytes};
};

}  // namespace nodescope::cadvisor
