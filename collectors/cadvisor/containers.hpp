// The facade of everything that is known about the node's containers: what they were given, what they used, what
// happened to them. server/api renders it and knows nothing of cgroups, Docker or sampling. Reactor thread only.
#pragma once

#include "collectors/cadvisor/model.hpp"
#include "core/deadline.hpp"
#include "core/task.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace nodescope::cadvisor {

/// Which events. Without any kind set it finds nothing.
struct event_filter {
    event_filter() = default;
    std::string container_name = "/";  ///< cgroup path, unknown ones included
    bool subcontainers = false;        ///< also those below the path; for "/" all
    bool oom = false;
    bool oom_kill = false;
    bool creation = false;
    bool deletion = false;
    std::int64_t max_events = 10;  ///< the newest; per kind before the filter by container, then of all; negative: all
    std::optional<time_point> start_time;  ///< inclusive
    std::optional<time_point> end_time;    ///< inclusive
};

/// Events from the moment it was made. While it exists, the node is watched for them. It must not outlive the facade.
class event_stream {
public:
    virtual ~event_stream() = default;

    /// The next event that the filter lets through, or nothing when none came within `limit` (so that a session can
    /// look after its connection, then ask again). failure::overloaded when the reader was too slow and events were
    /// lost: the stream is over. failure::cancelled when the caller is cancelled.
    virtual task<result<std::optional<event>>> next(deadline limit) = 0;
};

class containers {
public:
    virtual ~containers() = default;

    /// The containers asked for, sorted by name, each with spec and the newest `asked.count` samples, or as many as
    /// share_samples() leaves of them. The first asker gets a sample measured now. The kernel is asked whatever Docker
    /// does; a daemon that is away or hangs costs names, labels and image, and no more than a part of `limit`. The
    /// messages are cAdvisor's, word for word: failure::gone (`unknown container "/x"`, `unable to find Docker
    /// container "x"`), failure::conflict (not unique), failure::invalid; failure::timed_out when the kernel did not
    /// answer; failure::cancelled.
    virtual task<result<std::vector<container_view>>> find(query asked, deadline limit) = 0;

    /// What happened in the last 24 hours, sorted by time. Finds containers that have come or gone since the last look.
    /// Failures as above, but an unknown container is not a failure.
    virtual task<result<event_list>> history(event_filter filter, deadline limit) = 0;

    /// `filter.max_events` and the times are not looked at. failure::overloaded beyond a number of streams.
    virtual result<std::unique_ptr<event_stream>> watch(event_filter filter) = 0;

    /// The containers whose end was seen in the last 24 hours, of each the last one; the newest of them where there are
    /// too many.
    [[nodiscard]] virtual ended_list ended() { return {}; }

    /// Cgroups that were seen at the last look and that there was no room for.
    [[nodiscard]] virtual std::uint64_t cgroups_left_out() const noexcept { return 0; }
};

/// What /metrics asks for: every container with its newest sample, until the next scrape.
inline query everything()
{
    query all;
    all.recursive = true;
    all.count = 1;
    all.follow = false;
    return all;
}

}  // namespace nodescope::cadvisor
