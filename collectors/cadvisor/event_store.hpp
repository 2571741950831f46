// What happened to containers, remembered for a day and told to whoever listens, as cAdvisor's `events` does. Reactor
// thread only.
#pragma once

#include "collectors/cadvisor/containers.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

namespace nodescope::cadvisor {

/// Whether a filter lets an event through, its bounds in time and number aside.
bool passes(const event_filter& filter, const event& happened);

class event_store {
public:
    explicit event_store(std::size_t limit_per_kind);
    event_store(const event_store&) = delete;
    event_store& operator=(const event_store&) = delete;
    ~event_store();

    /// Remembers it and tells every stream whose filter lets it through.
    void add(event happened);
    /// Remembers it without telling the streams, because it is not new.
    void remember(event happened);

    /// Sorted by time; not copied.
    [[nodiscard]] event_list history(const event_filter& filter) const;

    /// failure::overloaded beyond stream_limit.
    result<std::unique_ptr<event_stream>> watch(event_filter filter);
    /// Events that were dropped because there was no room for them.
    [[nodiscard]] std::uint64_t left_out() const noexcept { return left_out_; }
    /// Open ones.
    [[nodiscard]] std::size_t streams() const;

    static constexpr std::chrono::hours lifetime{24};
    static constexpr std::size_t stream_limit = 64;
    /// Events that wait for a slow reader of one stream.
    static constexpr std::size_t queue_limit = 1024;
    /// Of those.
    static constexpr std::size_t queue_limit_bytes = 256U << 10U;
    /// Of all streams together: the one with the most then loses all that waits for it.
    static constexpr std::size_t queues_limit_bytes = 4U << 20U;
    /// What the events of one kind may take: 6,000 of containers of Kubernetes.
    static constexpr std::size_t kind_limit_bytes = 2U << 20U;

    struct feed;

private:
    class stream;
    static constexpr std::size_t kinds = 4;
    using shared_event = std::shared_ptr<const event>;

    struct kept {
        std::deque<shared_event> events;  // sorted by time
        std::size_t bytes = 0;
    };
    static void drop_oldest(kept& of);
    void tell(const shared_event& happened);
    void keep(shared_event happened);
    void bound_waiting();

    std::size_t limit_;

    std::array<kept, kinds> by_kind_;
    std::uint64_t left_out_ = 0;
    // Shared with the streams, which may outlive the store by the time a cancelled session needs to unwind.
    std::vector<std::shared_ptr<feed>> feeds_;
};

}  // namespace nodescope::cadvisor
