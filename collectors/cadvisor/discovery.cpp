// How node_containers finds what is there and what it is called.
#include "collectors/cadvisor/name_spaces.hpp"
#include "collectors/cadvisor/node_containers.hpp"
#include "collectors/host/cgroup/container_cgroup.hpp"
#include "core/rfc3339.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

namespace nodescope::cadvisor {

namespace {

/// Of when a process began: of it and of the boot time only whole seconds are told.
constexpr std::chrono::seconds start_time_error{2};
/// The kernel's coarse clock, by which cgroups are dated, may be that late (HZ=100).
constexpr std::chrono::milliseconds clock_tick{10};
/// How long a runtime may take to say how a container ended, before its deletion is told without.
constexpr std::chrono::seconds last_state_limit{2};

}  // namespace

void node_containers::open_tree()
{
    if (!tree_) {
        tree_ = std::make_shared<opened_tree>();
        tree_opened_ = std::chrono::system_clock::now();
        pass_needed_ = true;
        first_pass_ = true;
    }
    // The sampler lets the tree go, whatever becomes of the request.
    keep_sampling();
}

task<result<void>> node_containers::discover(deadline limit)
{
    open_tree();
    if (tree_->watch.changed() || steady_clock::now() - last_pass_ > regular_pass) pass_needed_ = true;
    // Once more where the pass that was joined had begun before the change.
    for (int passes = 0; passes < 2 && (pass_needed_ || passes_.in_flight() > 0); ++passes) {
        const auto begin = [this](deadline own) { return pass_over_tree(own); };
        const auto passed = co_await passes_.join("cgroups", limit, begin);
        if (!passed) co_return passed.error();
    }
    for (const auto& one : current_roster().unnamed) names_.want(one->id, one->delegated);
    co_await names_.settle(limit);
    co_await prove_containers(limit);
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
    auto seen = co_await pool_.run("cgroups", limit, std::move(work));
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
    for (const std::string& path : seen.gone) drop(path);
    // Without an event: they are still there.
    for (const std::string& path : seen.displaced) {
        if (records_.size() + seen.created.size() <= host::cgroup_limit) break;
        if (const auto found = records_.extract(path)) close_later(*found.mapped());
    }
    close_files();
    tell_left_out(seen.found.left_out);
    tell_unwatched(seen.unwatched);
    for (auto& [path, created] : seen.created) {
        auto fresh = new_record(path, seen.found.is_delegated(path), created);
        // Of an old cgroup the kernel may have no better time than that of this look.
        fresh->kills_are_news = fresh->kills_are_news && !first_pass_;
        const auto used = seen.in_use.find(path);
        if (used != seen.in_use.end() && used->second + start_time_error < created) fresh->there_by = used->second;
        records_.try_emplace(path, std::move(fresh));
        roster_ = {};
    }
    first_pass_ = false;
    roster_ = {};
    bearers_stale_ = true;
    // What was measured as gone while the tree was looked at may have come back.
    if (records_.size() < present.size()) pass_needed_ = true;
}

std::shared_ptr<node_containers::record> node_containers::new_record(const std::string& path, bool delegated,
                                                                     time_point created) const
{
    auto fresh = std::make_shared<record>();
    fresh->path = path;
    fresh->named_id = host::container_id_of_path(path);
    fresh->delegated = delegated;
    fresh->created = fresh->there_by = created;
    fresh->was_there = !tree_ || created < tree_opened_ - clock_tick;
    fresh->kills_are_news = created >= started_ - clock_tick;
    return fresh;
}

void node_containers::tell_left_out(std::uint64_t count)
{
    if (count > 0 && left_out_ == 0) {
        log_.write(log_level::warning, "there are more cgroups than are looked at",
                   {{"limit", std::to_string(host::cgroup_limit)}, {"left_out", std::to_string(count)}});
    }
    left_out_ = count;
}

void node_containers::tell_unwatched(int code)
{
    if (code != 0 && unwatched_ == 0) {
        log_.write(log_level::warning, "cgroups cannot be watched: every question looks at the whole tree",
                   {{"reason", std::generic_category().message(code)}});
    }
    unwatched_ = code;
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
    bearers_stale_ = true;
    if (!dropped->told) tell_creation(*dropped);
    keep_kills_of(*dropped);
    close_later(*dropped);
    event deletion;
    deletion.container_name = path;
    deletion.timestamp = std::chrono::system_clock::now();
    deletion.type = event::kind::deletion;
    auto end = end_of(*dropped);
    const standing said = names_.look(dropped->id).says;
    const bool known = said == standing::named || (said == standing::unknown && !dropped->delegated);
    runtime* const of = names_.runtime_of(dropped->id);
    if (!dropped->id.empty()) names_.forget(dropped->id);
    if (known && !dropped->id.empty()) {
        group_.spawn("telling of a container's end",
                     tell_deletion(std::move(deletion), dropped->id, of, std::move(end)));
    } else {
        events_.add(std::move(deletion));
    }
}

/// Null of what no runtime has called a container, and of a sandbox, which does nothing.
std::shared_ptr<ended_container> node_containers::end_of(const record& dropped) const
{
    const auto said = names_.look(dropped.id);
    if (!said.state || said.state->pod.is_sandbox) return nullptr;
    auto end = std::make_shared<ended_container>();
    end->path = dropped.path;
    const auto aliases = aliases_of(*said.state, dropped.path);
    if (!aliases.empty()) end->name = aliases.front();
    end->image = said.state->image;
    end->pod = said.state->pod;
    end->finished = std::chrono::system_clock::now();
    end->killed_for_memory = dropped.kills && dropped.kills->all > 0;
    end->restarts = restarts_of(*said.state);
    return end;
}

task<> node_containers::tell_deletion(event deletion, std::string id, runtime* of, std::shared_ptr<ended_container> end)
{
    constexpr int by_sigkill = 137;
    const auto said = co_await names_.last_state(std::move(id), of, deadline::in(last_state_limit));
    if (said) deletion.exit_code = static_cast<int>(said->exit_code);
    events_.add(std::move(deletion));
    if (!end) co_return;
    if (said) {
        end->exit_code = said->exit_code;
        end->killed_for_memory = said->killed_for_memory || (end->killed_for_memory && said->exit_code == by_sigkill);
        if (const auto when = parse_exact_rfc3339(said->finished_at)) end->finished = *when;
        end->restarts = restarts_of(*said);
    }
    ended_.add(std::move(*end));
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
    if (!said.state || said.state->shares_network || said.state->host_network) return order;
    if (said.state->pid > 0) order.started_at = said.state->started_at;
    else order.id = said.state->network_guest;
    const pid_t pid = network_process_of(*said.state);
    if (pid != of.dead_process && !order.id.empty()) order.pid = pid;
    return order;
}

}  // namespace nodescope::cadvisor
