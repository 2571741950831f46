// Out-of-memory kills. The kernel's counters say how many there were; its log says who it was. The log alone
// proves nothing: the names of cgroups in it are whatever their makers like. It only says which counters to look at,
// and those are read at once, also while nobody asks; nothing else is.
#include "collectors/cadvisor/node_containers.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

namespace nodescope::cadvisor {

namespace asio = boost::asio;

namespace {

/// Lines that wait for a counter: each waits for one reading of it.
constexpr std::size_t told_kills_limit = 256;
/// What a container in `earlier_kills_` takes beside its path.
constexpr std::size_t earlier_kills_cost = 96;
/// Whoever has processes killed without end does not keep a worker busy.
constexpr std::chrono::milliseconds pause_between_looks{20};
/// Events for one reading of a counter: the pids of more are of no use to anybody.
constexpr std::uint64_t events_at_once = 64;

}  // namespace

void node_containers::tell_out_of_memory(const oom_kill& kill, time_point when)
{
    const auto found = records_.find(kill.victim_cgroup);
    if (found != records_.end() && found->second->untold_kills > 0) {
        --found->second->untold_kills;
        add_kill(kill.victim_cgroup, kill, when);
        return;
    }
    if (kill.victim_cgroup.size() > host::cgroup_path_limit) {
        ++kills_not_counted_;
        return;
    }
    if (told_kills_.size() >= told_kills_limit) {
        told_kills_.pop_front();
        ++kills_not_counted_;
    }
    told_kills_.push_back({kill, when, ++told_number_});
    if (looking_.expired()) group_.spawn("counters of kills", look_for_kills());
}

task<> node_containers::look_for_kills()
{
    const std::shared_ptr<void> running = std::make_shared<int>();
    if (!looking_.expired()) co_return;
    looking_ = running;
    asio::steady_timer pause(co_await asio::this_coro::executor);
    std::shared_ptr<host::cgroup_tree> tree;  // for this while only: nobody may be asking
    while (!told_kills_.empty()) {
        const std::uint64_t newest = told_number_;
        std::set<std::string> paths;
        for (const told_kill& told : told_kills_) paths.insert(told.kill.victim_cgroup);
        if (tree_ && tree_->tree) tree = tree_->tree;
        const deadline limit = deadline::in(options_.timeout);
        auto work = [tree, root = options_.root, paths = std::move(paths),
                     limit](const abandon_flag& abandoned) -> result<kill_counters> {
            return blocking_read_kill_counters(tree, root, paths, limit, abandoned);
        };
        auto seen = co_await pool_.run("counters of kills", limit, std::move(work));
        if (seen) {
            tree = std::move(seen->tree);
            if (!kernel_counts_kills_) kernel_counts_kills_ = seen->kernel_counts;
            for (const auto& [path, named] : seen->of) take_named(path, named);
        }
        drop_told_kills(newest, seen.has_value());
        pause.expires_after(pause_between_looks);
        co_await pause.async_wait(asio::use_awaitable);
    }
}

void node_containers::take_named(const std::string& path, const named_cgroup& named)
{
    auto found = records_.find(path);
    if (found == records_.end()) {
        if (records_.size() >= host::cgroup_limit) return;
        found = records_.emplace(path, new_record(path, named.delegated, named.created)).first;
        roster_ = {};
        bearers_stale_ = true;
        pass_needed_ = true;
    }
    if (named.kills) take_kills(*found->second, *named.kills);
}

void node_containers::drop_told_kills(std::uint64_t newest, bool looked)
{
    while (!told_kills_.empty() && told_kills_.front().number <= newest) {
        const told_kill told = std::move(told_kills_.front());
        told_kills_.pop_front();
        // Kernels before 4.13 count nothing, and there is only their word.
        if (!looked || kernel_counts_kills_.value_or(false)) {
            ++kills_not_counted_;
        } else {
            add_kill(told.kill.victim_cgroup, told.kill, told.when);
        }
    }
}

void node_containers::take_kills(record& of, const host::oom_kill_counts& counted)
{
    if (!counted.counted) {
        if (!kernel_counts_kills_) kernel_counts_kills_ = false;
        return;
    }
    kernel_counts_kills_ = true;
    // Those that the log has not told since they were counted.
    for (; of.untold_kills > 0; --of.untold_kills) add_kill(of.path, {}, std::chrono::system_clock::now());
    // What was there before us has its kills in its counter, and they are no news.
    if (!of.kills) of.kills = of.kills_are_news ? host::oom_kill_counts() : counted;
    // Made again under its name while nobody looked.
    if (counted.all < of.kills->all || counted.here < of.kills->here) {
        keep_kills_of(of);
        of.kills = host::oom_kill_counts();
    }
    std::uint64_t fresh = std::min(counted.here - of.kills->here, events_at_once);
    of.kills = counted;
    for (auto told = told_kills_.begin(); fresh > 0 && told != told_kills_.end();) {
        if (told->kill.victim_cgroup != of.path) {
            ++told;
            continue;
        }
        add_kill(of.path, told->kill, told->when);
        told = told_kills_.erase(told);
        --fresh;
    }
    of.untold_kills = fresh;
}

void node_containers::keep_kills_of(const record& dropped)
{
    for (std::uint64_t i = 0; i < dropped.untold_kills; ++i) {
        add_kill(dropped.path, {}, std::chrono::system_clock::now());
    }
    // A container that is started again goes on counting. Anybody can make plain cgroups and have processes killed.
    const bool of_a_container = !dropped.id.empty() || (!dropped.named_id.empty() && !dropped.delegated);
    if (!of_a_container || !dropped.kills || dropped.kills->all == 0) return;
    if (earlier_kills_.contains(dropped.path) ||
        earlier_kills_bytes_.charge(dropped.path.size() + earlier_kills_cost)) {
        earlier_kills_[dropped.path] += dropped.kills->all;
    }
}

std::optional<std::uint64_t> node_containers::kills_of(const record& of) const
{
    if (!of.kills) return std::nullopt;
    const auto earlier = earlier_kills_.find(of.path);
    return of.kills->all + (earlier == earlier_kills_.end() ? 0 : earlier->second);
}

void node_containers::add_kill(const std::string& path, const oom_kill& kill, time_point when)
{
    event oom;
    oom.container_name = path;
    oom.timestamp = when;
    oom.type = event::kind::oom;
    events_.add(oom);
    // Whose limit it was: the killed one's, or that of one above it. Any other is only a name in the log.
    const bool above = kill.limit_cgroup == "/" || path.starts_with(kill.limit_cgroup + "/");
    if (kill.pid != 0 && above) oom.container_name = kill.limit_cgroup;
    oom.type = event::kind::oom_kill;
    oom.pid = kill.pid;
    oom.process_name = kill.process_name;
    oom.constraint = kill.constraint;
    events_.add(std::move(oom));
}

}  // namespace nodescope::cadvisor
