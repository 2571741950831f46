// What happened to containers, remembered for a day and told to whoever listens, as cAdvisor's `events` does. Reactor
// thread only.
#pragma once

#include "collectors/cadvisor/containers.hpp"

#include <array>
#include <cstddef>
#include <deque>
#include <memory>
#include <vector>

namespace nodescope::cadvisor {

/// Whether a filter lets an event through, its bounds in time and number aside.
bool passes(const event_filter& filter, const event& happened);

class event_store {
public:
    /// `limit_per_kind`: see default_limit.
    explicit event_store(std::size_t limit_per_kind = default_limit);
    event_store(const event_store&) = delete;
    event_store& operator=(const event_store&) = delete;
    ~event_store();

    /// Remembers it and tells every stream whose filter lets it through.
    void add(event happened);
    /// Remembers what is no news: streams are not told.
    void remember(event happened);

    /// Sorted by time.
    [[nodiscard]] std::vector<event> history(const event_filter& filter) const;

    /// failure::overloaded beyond stream_limit.
    result<std::unique_ptr<event_stream>> watch(event_filter filter);
    /// Open ones.
    [[nodiscard]] std::size_t streams() const;

    /// cAdvisor keeps 100,000 of each kind, which is 100 MB of a node that is sick already: an event of a pod is about
    /// 250 bytes. This is at most 10 MB, and a container that restarts every 9 seconds for a day.
    static constexpr std::size_t default_limit = 10'000;
    static constexpr std::chrono::hours lifetime{24};
    static constexpr std::size_t stream_limit = 64;
    /// Events that wait for a slow reader of one stream.
    static constexpr std::size_t queue_limit = 1024;

    struct feed;

private:
    class stream;
    static constexpr std::size_t kinds = 4;

    std::size_t limit_;
    std::array<std::deque<event>, kinds> by_kind_;  // each sorted by time
    // Shared with the streams, which may outlive the store by the time a cancelled session needs to unwind.
    std::vector<std::shared_ptr<feed>> feeds_;
};

}  // namespace nodescope::cadvisor
