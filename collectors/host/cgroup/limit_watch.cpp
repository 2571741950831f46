#include "collectors/host/cgroup/limit_watch.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <sys/inotify.h>
#include <unistd.h>

namespace nodescope::host {

namespace {

constexpr std::string_view handed_down = "cgroup.subtree_control";

/// Not what moves processes, nor what the kernel changes itself (kernfs_notify()), which may come often.
bool is_setting(std::string_view file) noexcept
{
    return !file.starts_with("cgroup.") && file != "tasks" && !file.ends_with(".events") &&
           !file.ends_with(".events.local") && !file.ends_with(".pressure");
}

}  // namespace

watched_limits::~watched_limits() { by_.forget(*this); }

limit_watch::limit_watch() : inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {}

void limit_watch::blocking_look()
{
    if (!inotify_) return;
    const std::scoped_lock mine(busy_);
    // As many as the kernel keeps by default (fs.inotify.max_queued_events); beyond that, it is told faster than read.
    constexpr int most_reads = 128;
    alignas(inotify_event) std::array<char, 4096> notices;
    for (int reads = 0; reads < most_reads; ++reads) {
        const ssize_t got = ::read(inotify_.get(), notices.data(), notices.size());
        if (got < 0 && errno == EAGAIN) return;
        if (got <= 0) break;
        for (std::size_t at = 0; at + sizeof(inotify_event) <= static_cast<std::size_t>(got);) {
            inotify_event one{};
            std::memcpy(&one, notices.data() + at, sizeof(one));
            const char* const name = notices.data() + at + sizeof(one);
            if ((one.mask & IN_Q_OVERFLOW) != 0) note_all();
            else if ((one.mask & IN_IGNORED) != 0) note_end(one.wd);
            else note(one.wd, {name, ::strnlen(name, one.len)});
            at += sizeof(one) + one.len;
        }
    }
    note_all();
}

void limit_watch::note(int number, std::string_view file)
{
    const bool of_above = file == handed_down;
    if (!of_above && !is_setting(file)) return;
    const auto [begin, end] = watches_.equal_range(number);
    for (auto at = begin; at != end; ++at) {
        if (at->second.is_above == of_above) at->second.of->news_ = true;
    }
}

// The directory is gone, and another may be there by the same path.
void limit_watch::note_end(int number)
{
    const auto [begin, end] = watches_.equal_range(number);
    for (auto at = begin; at != end; ++at) at->second.of->over_ = true;
}

void limit_watch::note_all()
{
    for (const auto& [number, one] : watches_) one.of->news_ = true;
}

std::unique_ptr<watched_limits> limit_watch::blocking_watch(const std::vector<std::string>& directories,
                                                            const std::string& above)
{
    if (!inotify_) return nullptr;
    auto watched = std::make_unique<watched_limits>(*this);
    bool all = !directories.empty();
    {
        const std::scoped_lock mine(busy_);
        if (steady_clock::now() < rests_until_) return nullptr;
        for (const std::string& directory : directories) all = all && add(*watched, directory, false);
        if (!above.empty()) all = all && add(*watched, above, true);
    }
    return all ? std::move(watched) : nullptr;
}

bool limit_watch::add(watched_limits& to, const std::string& directory, bool is_above)
{
    if (watches_.size() >= watches_limit) return false;
    // The same number again where another reader has that directory.
    const int number = ::inotify_add_watch(inotify_.get(), directory.c_str(), IN_MODIFY | IN_ONLYDIR);
    if (number < 0) {
        if (errno == ENOSPC) rests_until_ = steady_clock::now() + rest;
        return false;
    }
    watches_.emplace(number, watch{&to, is_above});
    to.numbers_.push_back(number);
    return true;
}

void limit_watch::forget(const watched_limits& gone)
{
    const std::scoped_lock mine(busy_);
    for (const int number : gone.numbers_) {
        const auto [begin, end] = watches_.equal_range(number);
        const auto found = std::find_if(begin, end, [&](const auto& at) { return at.second.of == &gone; });
        if (found != end) watches_.erase(found);
        // The kernel has dropped it already where the directory was removed.
        if (!watches_.contains(number)) ::inotify_rm_watch(inotify_.get(), number);
    }
}

}  // namespace nodescope::host
