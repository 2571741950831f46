// The counters that earlier questions have read, for the next question about the same network.
#pragma once

#include "collectors/findings/load_model.hpp"
#include "netlink/net_namespace.hpp"

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>

namespace nodescope {

/// A network and the process it was reached through: the number of a namespace that has gone is given to another one.
struct counted_namespace {
    netlink::namespace_identity space;
    pid_t pid = 0;
    std::uint64_t start_ticks = 0;
    friend bool operator==(const counted_namespace&, const counted_namespace&) = default;
};

/// What a reading takes.
std::size_t size_of(const findings::load_counters& reading) noexcept;

/// May be used by several threads.
class counter_memory {
public:
    /// Of all readings; the oldest go first.
    static constexpr std::size_t limit_bytes = 1024UL * 1024UL;
    /// A reading is compared with one that is at least so old, so that a few packets are no rate …
    static constexpr std::chrono::seconds least_age{1};
    /// … and at most so old, so that what is over is not told.
    static constexpr std::chrono::minutes greatest_age{10};

    /// The newest reading of that network that may be compared with `now`, which is kept for those to come.
    std::optional<findings::load_counters> compare(const counted_namespace& whose, const findings::load_counters& now);

    /// How many bytes are kept.
    [[nodiscard]] std::size_t bytes() const;

private:
    /// Two: who asks more often than each second is compared with the older one.
    struct kept {
        counted_namespace whose;
        findings::load_counters newer;
        std::optional<findings::load_counters> older;
        [[nodiscard]] std::size_t bytes() const noexcept;
    };
    void trim(std::chrono::steady_clock::time_point now);

    mutable std::mutex mutex_;
    std::list<kept> readings_;  // those that were asked for last first
};

}  // namespace nodescope
