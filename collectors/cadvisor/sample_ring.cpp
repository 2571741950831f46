#include "collectors/cadvisor/sample_ring.hpp"

#include <algorithm>
#include <utility>

namespace nodescope::cadvisor {

namespace {

template <class Group>
void share(std::shared_ptr<const Group>& newer, const std::shared_ptr<const Group>& older)
{
    if (newer && older && *newer == *older) newer = older;
}

}  // namespace

bool sample_ring::add(sample newest)
{
    if (!samples_.empty()) {
        if (newest.timestamp < samples_.back().timestamp - clock_tolerance) samples_.clear();
    }
    if (!samples_.empty()) {
        const sample& before = samples_.back();
        if (newest.timestamp <= before.timestamp) return false;
        share(newest.cpu, before.cpu);
        share(newest.memory, before.memory);
        share(newest.io, before.io);
        share(newest.network, before.network);
        share(newest.processes, before.processes);
        share(newest.filesystems, before.filesystems);
        share(newest.pressures, before.pressures);
    }
    const time_point oldest = newest.timestamp - history;
    samples_.push_back(std::move(newest));
    while (samples_.front().timestamp < oldest || samples_.size() > sample_limit) samples_.pop_front();
    return true;
}

std::vector<sample> sample_ring::newest(std::int64_t count) const
{
    const std::size_t wanted = count < 0 ? samples_.size() : std::min(samples_.size(), static_cast<std::size_t>(count));
    return {samples_.end() - static_cast<std::ptrdiff_t>(wanted), samples_.end()};
}

}  // namespace nodescope::cadvisor
