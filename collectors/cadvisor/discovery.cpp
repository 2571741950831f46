// How node_containers finds what is there and what it is called.
#include "collectors/cadvisor/node_containers.hpp"
#include "collectors/host/cgroup/container_cgroup.hpp"

#include <algorithm>
#include <utility>

namespace nodescope::cadvisor {

using standing = container_directory::standing;

namespace {

time_point wall_clock()
{
    return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
}

/// The kernel's coarse clock, by which cgroups are dated, may be that late (HZ=100).
constexpr std::chrono::milliseconds clock_tick{10};
/// How long an exit code is waited for before a deletion is told without.
constexpr std::chrono::seconds exit_code_limit{2};

}  // namespace

void node_containers::open_tree()
{
    if (!tree_) {
        tree_ = std::make_shared<opened_tree>();
        tree_opened_ = wall_clock();
        pass_needed_ = true;
    }
    // Whatever becomes of the question: the sampler is who lets the tree go.
    keep_sampling();
}

task<result<void>> node_containers::discover(deadline limit)
{
    open_tree();
    if (tree_->watch.changed() || steady_clock::now() - last_pass_ > regular_pass) pass_needed_ = true;
    // Once more where the pass that was joined had begun before the change.
    for (int passes = 0; passes < 2 && (pass_needed_ || passes_.in_flight() > 0); ++passes) {
        const auto begin = [this](deadline own) { return pass_over_tree(own); };
        auto joining = passes_.join("cgroups", limit, begin);
        const auto passed = co_await std::move(joining);
        if (!passed) co_return passed.error();
    }
    ask_names();
    co_await names_.settle(limit);
    announce();
    co_return result<void>();
}

task<result<node_containers::tree_pass>> node_containers::pass_over_tree(deadline limit)
{
    std::set<std::string> known;
    for (const auto& one : records_) known.insert(one.first);
    pass_needed_ = false;
    auto work = [where = tree_, root = options_.root, known = std::move(known), limit](const abandon_flag& abandoned) {
        return blocking_discover(*where, root, known, limit, abandoned);
    };
    auto looking = pool_.run("cgroups", limit, std::move(work));
    auto seen = co_await std::move(looking);
    if (!seen) {
        pass_needed_ = true;
        co_return seen.error();
    }
    last_pass_ = steady_clock::now();
    apply(std::move(*seen));
    co_return tree_pass::done;
}

void node_containers::apply(discovery&& seen)
{
    node_ = seen.node;
    const auto& present = seen.found.paths;
    std::vector<std::string> gone;
    for (const auto& one : records_) {
        if (!std::binary_search(present.begin(), present.end(), one.first)) gone.push_back(one.first);
    }
    if (!seen.found.truncated) {
        for (const std::string& path : gone) drop(path);
    }
    for (auto& [path, created] : seen.created) {
        auto fresh = std::make_shared<record>();
        fresh->path = path;
        fresh->id = host::container_id_of_path(path);
        fresh->created = created;
        fresh->was_there = created < tree_opened_ - clock_tick;
        records_.try_emplace(path, std::move(fresh));
        roster_ = {};
    }
    // What was measured as gone while the tree was looked at may have come back.
    if (records_.size() < present.size()) pass_needed_ = true;
}

void node_containers::ask_names()
{
    for (const auto& one : current_roster().unnamed) names_.want(one->id);
}

void node_containers::announce()
{
    const auto now = steady_clock::now();
    for (const auto& one : current_roster().untold) {
        if (one->told) continue;
        if (!one->id.empty() && names_.look(one->id).says == standing::unknown && !names_.unwell() &&
            now - one->seen < longest_silence) {
            continue;
        }
        tell_creation(*one);
        roster_.stale = true;
    }
}

void node_containers::tell_creation(record& of)
{
    of.told = true;
    event creation;
    creation.container_name = of.path;
    creation.timestamp = spec_of(of)->creation_time.value_or(of.created);
    creation.type = event::kind::creation;
    if (of.was_there) {
        events_.remember(std::move(creation));
    } else {
        events_.add(std::move(creation));
    }
}

void node_containers::drop(const std::string& path)
{
    const auto found = records_.find(path);
    if (found == records_.end()) return;
    const std::shared_ptr<record> dropped = found->second;
    records_.erase(found);
    roster_ = {};
    out_of_memory_.erase(path);
    if (!dropped->told) tell_creation(*dropped);
    const bool foreign = names_.look(dropped->id).says == standing::foreign;
    names_.forget(dropped->id);
    group_.spawn("telling of a container's end", tell_deletion(path, foreign ? "" : dropped->id, wall_clock()));
}

task<> node_containers::tell_deletion(std::string path, std::string id, time_point when)
{
    event deletion;
    deletion.container_name = std::move(path);
    deletion.timestamp = when;
    deletion.type = event::kind::deletion;
    if (!id.empty()) {
        auto asking = names_.exit_code(std::move(id), deadline::in(exit_code_limit));
        deletion.exit_code = co_await std::move(asking);
    }
    events_.add(std::move(deletion));
}

measuring_order node_containers::order_for(const record& of) const
{
    measuring_order order;
    order.path = of.path;
    order.id = of.id;
    order.opened = of.opened;
    if (of.path == "/") {
        order.pid = 1;
        return order;
    }
    const auto said = names_.look(of.id);
    if (!said.state || said.state->shares_network) return order;
    const auto pid = static_cast<pid_t>(said.state->pid);
    if (pid != of.dead_process) order.pid = pid;
    return order;
}

}  // namespace nodescope::cadvisor
