#include "collectors/network/load/counter_memory.hpp"

#include <algorithm>
#include <utility>

namespace nodescope {

std::size_t size_of(const findings::load_counters& reading) noexcept
{
    return sizeof reading + reading.links.capacity() * sizeof(findings::counted_link) +
           reading.neighbour_tables.capacity() * sizeof(netlink::neighbour_table);
}

std::size_t counter_memory::kept::bytes() const noexcept
{
    return sizeof(kept) + size_of(newer) + (older ? size_of(*older) : 0);
}

std::optional<findings::load_counters> counter_memory::compare(const counted_namespace& whose,
                                                               const findings::load_counters& now)
{
    const auto fits = [&](const findings::load_counters& one) {
        return now.at - one.at >= least_age && now.at - one.at <= greatest_age;
    };
    const std::lock_guard lock(mutex_);
    const auto known = std::ranges::find(readings_, whose, &kept::whose);
    std::optional<findings::load_counters> before;
    if (known == readings_.end()) {
        readings_.push_front({whose, now, std::nullopt});
    } else {
        readings_.splice(readings_.begin(), readings_, known);
        kept& entry = readings_.front();
        if (fits(entry.newer)) before = entry.newer;
        else if (entry.older && fits(*entry.older)) before = entry.older;
        // One that is younger stays the newer one: else who asks without a pause would never find an old one.
        if (now.at - entry.newer.at >= least_age) {
            entry.older = std::move(entry.newer);
            entry.newer = now;
        }
    }
    trim(now.at);
    return before;
}

void counter_memory::trim(std::chrono::steady_clock::time_point now)
{
    std::size_t left = limit_bytes;
    bool full = false;
    std::erase_if(readings_, [&](const kept& one) {
        full = full || one.bytes() > left;
        if (!full) left -= one.bytes();
        return full || now - one.newer.at > greatest_age;
    });
}

std::size_t counter_memory::bytes() const
{
    const std::lock_guard lock(mutex_);
    std::size_t sum = 0;
    for (const kept& one : readings_) sum += one.bytes();
    return sum;
}

}  // namespace nodescope
