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

/// What the allocator and the count of owners take of each group.
constexpr std::size_t around_group_bytes = 48;

std::size_t list_bytes(const host::cpu_usage& group) { return group.per_cpu.capacity() * sizeof(group.per_cpu[0]); }
std::size_t list_bytes(const host::io_usage& group) { return group.capacity() * sizeof(group[0]); }
std::size_t list_bytes(const host::network_usage& group)
{
    return group.interfaces.capacity() * sizeof(group.interfaces[0]);
}
std::size_t list_bytes(const std::vector<host::filesystem_usage>& group)
{
    std::size_t bytes = group.capacity() * sizeof(group[0]);
    for (const auto& one : group) bytes += one.device.capacity();
    return bytes;
}
template <class Group>
std::size_t list_bytes(const Group&)
{
    return 0;
}

/// 0 where `before` has the same.
template <class Group>
std::size_t bytes_of(const std::shared_ptr<const Group>& group, const std::shared_ptr<const Group>* before)
{
    if (!group || (before != nullptr && *before == group)) return 0;
    return around_group_bytes + sizeof(Group) + list_bytes(*group);
}

/// Without what `before` has too.
std::size_t bytes_of(const sample& one, const sample* before)
{
    const auto member = [&](auto sample::*group) {
        return bytes_of(one.*group, before == nullptr ? nullptr : &(before->*group));
    };
    return sizeof(sample) + member(&sample::cpu) + member(&sample::memory) + member(&sample::io) +
           member(&sample::network) + member(&sample::processes) + member(&sample::filesystems) +
           member(&sample::pressures);
}

}  // namespace

void sample_ring::drop_oldest()
{
    bytes_ -= bytes_of(samples_.front(), nullptr);
    if (samples_.size() > 1) {
        const sample& next = samples_[1];
        bytes_ += bytes_of(next, nullptr) - bytes_of(next, &samples_.front());
    }
    samples_.pop_front();
}

bool sample_ring::add(sample newest, std::size_t limit_bytes)
{
    if (!samples_.empty() && newest.timestamp < samples_.back().timestamp - clock_tolerance) clear();
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
    bytes_ += bytes_of(newest, last());
    samples_.push_back(std::move(newest));
    while (samples_.front().timestamp < oldest || samples_.size() > sample_limit) drop_oldest();
    for (; bytes_ > limit_bytes && samples_.size() > 1; ++left_out_) drop_oldest();
    return true;
}

std::vector<sample> sample_ring::newest(std::int64_t count) const
{
    return {samples_.end() - static_cast<std::ptrdiff_t>(this->count(count)), samples_.end()};
}

std::size_t sample_ring::count(std::int64_t wanted) const noexcept
{
    return wanted < 0 ? samples_.size() : std::min(samples_.size(), static_cast<std::size_t>(wanted));
}

}  // namespace nodescope::cadvisor
