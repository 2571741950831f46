#include "collectors/cadvisor/ended_containers.hpp"

#include "collectors/cadvisor/event_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace nodescope::cadvisor {

namespace {

std::string key_of(const ended_container& one)
{
    // Names in Kubernetes have no slash, and paths of cgroups begin with one.
    if (one.pod.container.empty()) return one.path;
    return fmt::format("{}/{}", one.pod.uid, one.pod.container);
}

std::size_t bytes_of(const ended_container& one, const std::string& key)
{
    const pod_of_container& pod = one.pod;
    return sizeof(one) + key.size() + one.path.size() + one.name.size() + one.image.size() + pod.name.size() +
           pod.name_space.size() + pod.uid.size() + pod.container.size();
}

}  // namespace

void ended_containers::add(ended_container one)
{
    kept fresh;
    fresh.key = key_of(one);
    fresh.bytes = bytes_of(one, fresh.key);
    const auto before =
        std::find_if(ends_.begin(), ends_.end(), [&](const kept& other) { return other.key == fresh.key; });
    if (before != ends_.end()) {
        bytes_.give_back(before->bytes);
        ends_.erase(before);
    }
    while (!ends_.empty() && fresh.bytes > bytes_.left()) {
        bytes_.give_back(ends_.front().bytes);
        bytes_.leave_out();
        ends_.pop_front();
    }
    if (!bytes_.charge(fresh.bytes)) return;
    fresh.one = std::make_shared<const ended_container>(std::move(one));
    ends_.push_back(std::move(fresh));
}

ended_list ended_containers::list(time_point now)
{
    // When one ended is its runtime's word, so that they need not be in the order of these times.
    std::erase_if(ends_, [this, now](const kept& each) {
        if (now - each.one->finished <= event_store::lifetime) return false;
        bytes_.give_back(each.bytes);
        return true;
    });
    ended_list all;
    all.reserve(ends_.size());
    for (const kept& each : ends_) all.push_back(each.one);
    return all;
}

}  // namespace nodescope::cadvisor
