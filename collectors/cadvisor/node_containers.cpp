#include "collectors/cadvisor/node_containers.hpp"

#include "core/rfc3339.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

namespace nodescope::cadvisor {

namespace {

std::optional<time_point> time_of(const std::string& text)
{
    const auto when = host::parse_exact_rfc3339(text);
    return when ? std::optional<time_point>(*when) : std::nullopt;
}

std::string lower_case(std::string text)
{
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

void add_named(container_spec& spec, const container& state, const std::set<std::string>& environment)
{
    if (const auto created = time_of(state.created)) spec.creation_time = created;
    spec.start_time = time_of(state.started_at);
    spec.aliases = {state.name, state.id};
    spec.name_space = state.runtime;
    spec.labels = state.labels;
    if (state.restart_count > 0) spec.labels["restartcount"] = std::to_string(state.restart_count);
    for (const std::string& variable : state.environment) {
        const std::size_t equals = variable.find('=');
        if (equals == std::string::npos || !environment.contains(variable.substr(0, equals))) continue;
        spec.envs[lower_case(variable.substr(0, equals))] = variable.substr(equals + 1);
    }
    spec.image = state.image;
    spec.health = state.health;
    spec.has_network = !state.shares_network;
    spec.has_filesystem = true;
    // What was asked for: the weight that cgroup v2 makes of it cannot be turned back exactly.
    if (state.cpu_shares > 0) spec.limits.cpu_shares = static_cast<std::uint64_t>(state.cpu_shares);
}

}  // namespace

node_containers::node_containers(worker_pool& pool, const runtimes& named_by, task_group& group, logger& log,
                                 sampling_options options, filesystem_source filesystems, container_disks* disks)
    : pool_(pool),
      group_(group),
      log_(log),
      options_(std::move(options)),
      filesystems_(std::move(filesystems)),
      disks_(disks),
      names_(named_by, group, log),
      events_(options_.events_per_kind)
{
}

void node_containers::start()
{
    if (options_.always) keep_sampling();
}

task<result<std::vector<container_view>>> node_containers::find(query asked, deadline limit)
{
    const auto counted = asking_;
    last_asked_ = steady_clock::now();
    std::vector<std::shared_ptr<record>> chosen;
    // What has gone by the time of its measurement is left out, unless it was made again since it was last looked at:
    // the second look finds that.
    constexpr int looks = 2;
    bool gone = true;
    for (int look = 0; look < looks && gone; ++look) {
        auto looking = discover(limit);
        const auto looked = co_await std::move(looking);
        if (!looked) co_return looked.error();
        auto fitting = choose(asked);
        if (!fitting) co_return fitting.error();
        auto updating = bring_up_to_date(*fitting, asked, limit);
        const auto updated = co_await std::move(updating);
        if (!updated) co_return updated.error();
        chosen = std::move(*fitting);
        gone = std::erase_if(chosen, [this](const auto& one) { return !is_there(*one); }) > 0;
    }
    if (chosen.empty()) {
        const auto nobody = choose(asked);
        if (!nobody) co_return nobody.error();
    }
    std::vector<container_view> views;
    views.reserve(chosen.size());
    for (const auto& one : chosen) views.push_back(view_of(*one, asked));
    co_return views;
}

bool node_containers::is_there(const record& one) const
{
    const auto found = records_.find(one.path);
    return found != records_.end() && found->second.get() == &one;
}

const node_containers::roster& node_containers::current_roster()
{
    if (!roster_.stale && roster_.names_revision == names_.revision()) return roster_;
    roster fresh;
    fresh.names.reserve(records_.size());
    fresh.records.reserve(records_.size());
    for (const auto& [path, one] : records_) {
        container_names known{one->path, {}, {}};
        if (!one->id.empty()) {
            const auto& said = names_.look(one->id);
            // One that no runtime has been able to speak of yet can be found by its id.
            if (said.says != container_directory::standing::foreign) known.docker_id = one->id;
            if (said.state) known.docker_name = said.state->name;
            if (said.says != container_directory::standing::named) fresh.unnamed.push_back(one);
        }
        if (!one->told) fresh.untold.push_back(one);
        fresh.names.push_back(known);
        fresh.records.push_back(one);
    }
    fresh.names_revision = names_.revision();
    fresh.stale = false;
    roster_ = std::move(fresh);
    return roster_;
}

result<std::vector<std::shared_ptr<node_containers::record>>> node_containers::choose(const query& asked)
{
    const roster& all = current_roster();
    const auto indices = choose_containers(all.names, asked);
    if (!indices) return indices.error();
    std::vector<std::shared_ptr<record>> chosen;
    chosen.reserve(indices->size());
    for (const std::size_t index : *indices) chosen.push_back(all.records[index]);
    return chosen;
}

task<> node_containers::ask_for_disks(std::vector<std::shared_ptr<record>> of, deadline limit)
{
    for (const auto& one : of) {
        if (const auto said = names_.look(one->id); said.state) disks_->want(*said.state);
    }
    co_await disks_->settle(limit);
}

container_disks::figures node_containers::disk_figures(const record& of) const
{
    return disks_ == nullptr || names_.look(of.id).state == nullptr ? nullptr : disks_->look(of.id);
}

task<result<void>> node_containers::bring_up_to_date(std::vector<std::shared_ptr<record>> chosen, query asked,
                                                     deadline limit)
{
    if (disks_ != nullptr && asked.count != 0) {
        auto walking = ask_for_disks(chosen, limit);
        co_await std::move(walking);
    }
    const auto now = steady_clock::now();
    const auto wall = std::chrono::system_clock::now();
    std::vector<std::shared_ptr<record>> without_sample;
    std::vector<std::shared_ptr<record>> without_limits;
    for (const auto& one : chosen) {
        const sample* const last = one->ring.last();
        const bool old = last == nullptr || (asked.max_age && wall - last->timestamp > *asked.max_age) ||
                         (!last->filesystems && disk_figures(*one));
        if (old && (asked.count != 0 || asked.summaries)) without_sample.push_back(one);
        if (!one->spec || now - one->limits_read > spec_lifetime) without_limits.push_back(one);
        const auto said = names_.look(one->id);
        if (said.state && !said.state->health.empty() && now - said.asked > health_lifetime) names_.ask_again(one->id);
    }
    if (!without_limits.empty()) {
        auto reading = measure(std::move(without_limits), false, true, limit);
        const auto read = co_await std::move(reading);
        if (!read) co_return read.error();
    }
    if (!without_sample.empty()) {
        const bool of_node =
            std::any_of(without_sample.begin(), without_sample.end(), [](const auto& one) { return one->path == "/"; });
        if (of_node && !node_filesystems_ && filesystems_) {
            auto following = follow_filesystems(limit);
            co_await std::move(following);
        }
        auto reading = measure(std::move(without_sample), true, false, limit);
        const auto read = co_await std::move(reading);
        if (!read) co_return read.error();
    }
    co_return result<void>();
}

std::shared_ptr<const container_spec> node_containers::spec_of(record& of)
{
    const auto said = names_.look(of.id);
    if (of.spec && of.named_by == said.state) return of.spec;
    auto spec = std::make_shared<container_spec>();
    spec->creation_time = of.created;
    spec->limits = of.limits;
    if (spec->limits.memory_limit == 0) spec->limits.memory_limit = node_.memory;
    if (spec->limits.cpu_mask.empty()) {
        spec->limits.cpu_mask = node_.processors > 1 ? fmt::format("0-{}", node_.processors - 1) : "0";
    }
    if (said.state) {
        add_named(*spec, *said.state, options_.environment);
    } else if (!of.id.empty() && said.says == container_directory::standing::unknown) {
        spec->aliases = {of.id};
    }
    if (of.path == "/") {
        spec->has_network = true;
        spec->has_filesystem = true;
    }
    of.named_by = said.state;
    of.spec = std::move(spec);
    return of.spec;
}

container_view node_containers::view_of(record& of, const query& asked)
{
    container_view view;
    view.name = of.path;
    view.spec = spec_of(of);
    view.samples = of.ring.newest(asked.count);
    if (asked.summaries && of.ring.last() != nullptr) view.summary = of.summary.current();
    if (const auto counted = out_of_memory_.find(of.path); counted != out_of_memory_.end()) {
        view.oom_events = counted->second;
    }
    return view;
}

task<result<std::vector<event>>> node_containers::history(event_filter filter, deadline limit)
{
    const auto counted = asking_;
    last_asked_ = steady_clock::now();
    auto looking = discover(limit);
    const auto looked = co_await std::move(looking);
    if (!looked) co_return looked.error();
    co_return events_.history(filter);
}

result<std::unique_ptr<event_stream>> node_containers::watch(event_filter filter)
{
    auto stream = events_.watch(std::move(filter));
    if (!stream) return stream.error();
    last_asked_ = steady_clock::now();
    open_tree();
    return stream;
}

void node_containers::tell_out_of_memory(const oom_kill& kill, time_point when)
{
    // A node that kills this many kinds of cgroups has other worries than their counts.
    constexpr std::size_t counted_cgroups = 10'000;
    if (out_of_memory_.size() < counted_cgroups || out_of_memory_.contains(kill.victim_cgroup)) {
        ++out_of_memory_[kill.victim_cgroup];
    }
    event oom;
    oom.container_name = kill.victim_cgroup;
    oom.timestamp = when;
    oom.type = event::kind::oom;
    events_.add(oom);
    oom.container_name = kill.limit_cgroup;
    oom.type = event::kind::oom_kill;
    oom.pid = kill.pid;
    oom.process_name = kill.process_name;
    oom.constraint = kill.constraint;
    events_.add(std::move(oom));
}

}  // namespace nodescope::cadvisor
