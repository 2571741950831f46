#include "collectors/cadvisor/node_containers.hpp"

#include "collectors/cadvisor/kubelet_cgroups.hpp"
#include "collectors/cadvisor/name_spaces.hpp"
#include "core/ascii.hpp"
#include "core/rfc3339.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace nodescope::cadvisor {

namespace {

std::optional<time_point> time_of(const std::string& text)
{
    const auto when = parse_exact_rfc3339(text);
    return when ? std::optional<time_point>(*when) : std::nullopt;
}

/// What changes while a container runs: how it is, and which process is in the network of a sandbox without one.
bool is_out_of_date(const directory_entry& said, steady_clock::time_point now)
{
    if (!said.state) return false;
    if (!said.state->health.empty()) return now - said.answered > node_containers::health_lifetime;
    const bool waits_for_guest = said.state->pid == 0 && said.state->network_pid == 0;
    return waits_for_guest && now - said.answered > node_containers::guest_lifetime;
}

/// Whether the files that it writes are looked for: those that an overlay keeps in a directory of their own.
bool has_own_files(const container& state)
{
    return state.runtime == "docker" || state.runtime == "podman" || state.storage_driver == "overlayfs" ||
           !state.root_mountpoint.empty();
}

void add_named(container_spec& spec, const container& state, const std::string& path,
               const std::set<std::string>& environment)
{
    if (const auto created = time_of(state.created)) spec.creation_time = created;
    spec.start_time = time_of(state.started_at);
    spec.aliases = aliases_of(state, path);
    spec.name_space = name_space_of(state);
    spec.labels = state.labels;
    spec.restarts = restarts_of(state);
    for (const std::string& variable : state.environment) {
        const std::size_t equals = variable.find('=');
        if (equals == std::string::npos || !environment.contains(variable.substr(0, equals))) continue;
        spec.envs[lower_case(variable.substr(0, equals))] = variable.substr(equals + 1);
    }
    spec.image = state.image;
    spec.health = state.health;
    spec.has_network = !state.shares_network && !state.host_network;
    spec.has_filesystem = has_own_files(state);
    // What was asked for: the weight that cgroup v2 makes of it cannot be turned back exactly.
    if (state.cpu_shares > 0) spec.limits.cpu_shares = static_cast<std::uint64_t>(state.cpu_shares);
}

}  // namespace

node_containers::node_containers(worker_pool& pool, const runtimes& named_by, task_group& group, logger& log,
                                 sampling_options options, filesystem_source filesystems, container_disks* disks,
                                 applications::application_metrics* applications)
    : pool_(pool),
      group_(group),
      log_(log),
      options_(std::move(options)),
      filesystems_(std::move(filesystems)),
      disks_(disks),
      applications_(applications),
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
    if (asked.follow) last_followed_ = last_asked_;
    std::vector<std::shared_ptr<record>> chosen;
    // What has gone by the time of its measurement is left out, unless it was made again since it was last looked at:
    // the second look finds that.
    constexpr int looks = 2;
    bool gone = true;
    names_.follow_renames();
    for (int look = 0; look < looks && gone; ++look) {
        const auto looked = co_await discover(limit);
        if (!looked) co_return looked.error();
        auto fitting = choose(asked);
        if (!fitting) co_return fitting.error();
        const auto updated = co_await bring_up_to_date(*fitting, asked, limit);
        if (!updated) co_return updated.error();
        chosen = std::move(*fitting);
        gone = std::erase_if(chosen, [this](const auto& one) { return !is_there(*one); }) > 0;
    }
    if (chosen.empty()) {
        const auto nobody = choose(asked);
        if (!nobody) co_return nobody.error();
    }
    co_return views_of(chosen, asked);
}

std::vector<container_view> node_containers::views_of(const std::vector<std::shared_ptr<record>>& chosen,
                                                      const query& asked)
{
    std::vector<wanted_samples> wanted(chosen.size());
    for (std::size_t at = 0; at < chosen.size(); ++at) {
        if (chosen[at]->path == "/") wanted[at].of = wanted_samples::kind::node;
        else if (!chosen[at]->id.empty()) wanted[at].of = wanted_samples::kind::container;
        wanted[at].count = chosen[at]->ring.count(asked.count);
    }
    const auto shown = share_samples(wanted, shown_samples_limit);
    std::vector<container_view> views;
    views.reserve(chosen.size());
    for (std::size_t at = 0; at < chosen.size(); ++at) {
        views.push_back(view_of(*chosen[at], asked, shown[at]));
        views.back().samples_left_out = wanted[at].count - shown[at];
    }
    return views;
}

bool node_containers::is_there(const record& one) const
{
    const auto found = records_.find(one.path);
    return found != records_.end() && found->second.get() == &one;
}

const node_containers::roster& node_containers::current_roster()
{
    if (bearers_stale_) count_bearers();
    if (!roster_.stale && roster_.names_revision == names_.revision()) return roster_;
    roster fresh;
    fresh.names.reserve(records_.size());
    fresh.records.reserve(records_.size());
    for (const auto& [path, one] : records_) {
        container_names known{one->path, {}, {}, {}};
        if (!one->id.empty()) {
            const auto& said = names_.look(one->id);
            // One that no runtime has been able to speak of yet can be found by its id.
            if (said.says != standing::foreign) known.id = one->id;
            known.name_space = said.state ? name_space_of(*said.state) : name_space_of_cgroup(one->path);
            if (said.state) known.name = said.state->name;
            if (said.state && said.state->pod.is_sandbox) fresh.pods.emplace(said.state->pod.uid, said.state);
            if (said.says != standing::named) fresh.unnamed.push_back(one);
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

container_disks::figures node_containers::disk_figures(const record& of) const
{
    return disks_ == nullptr || names_.look(of.id).state == nullptr ? nullptr : disks_->look(of.id);
}

task<result<void>> node_containers::bring_up_to_date(std::vector<std::shared_ptr<record>> chosen, query asked,
                                                     deadline limit)
{
    if (disks_ != nullptr && asked.count != 0) {
        for (const auto& one : chosen) {
            const auto said = names_.look(one->id);
            if (said.state && has_own_files(*said.state)) disks_->want(*said.state);
            const auto pod = one->id.empty() ? pod_of(*one) : nullptr;
            if (pod) disks_->want_pod(pod->uid);
        }
        co_await disks_->settle(limit);
    }
    if (applications_ != nullptr) {
        for (const auto& one : chosen) {
            const auto said = names_.look(one->id);
            if (said.state) applications_->want(*said.state);
        }
        co_await applications_->settle(limit);
    }
    const auto now = steady_clock::now();
    const auto wall = std::chrono::system_clock::now();
    // The sampler may be late. Where there is none, others who have just asked have measured.
    const std::chrono::nanoseconds usual =
        sampled_ ? std::chrono::nanoseconds::max()
                 : std::min<std::chrono::nanoseconds>(options_.interval, shared_measurement);
    const std::chrono::nanoseconds oldest = std::min(asked.max_age.value_or(usual), usual);
    std::vector<reading> needed;
    bool node_without_sample = false;
    for (const auto& one : chosen) {
        const sample* const last = one->ring.last();
        // Taken before the clock was set back, nobody knows when.
        const bool undated = last != nullptr && last->timestamp > wall + shared_measurement;
        const bool old =
            last == nullptr || undated || wall - last->timestamp > oldest || (!last->filesystems && disk_figures(*one));
        const bool figures = old && (asked.count != 0 || asked.summaries);
        const bool limits = !one->spec || now - one->limits_read > spec_lifetime;
        if (figures || limits) needed.push_back({one, figures, limits});
        if (figures && one->path == "/") node_without_sample = true;
        if (is_out_of_date(names_.look(one->id), now)) names_.refresh(one->id);
    }
    if (needed.empty()) co_return result<void>();
    const bool unread = !node_filesystems_ || (!sampled_ && now - filesystems_read_ > filesystem_interval);
    if (node_without_sample && unread && filesystems_) {
        filesystems_read_ = now;
        co_await follow_filesystems(limit);
    }
    co_return co_await measure(std::move(needed), limit);
}

std::shared_ptr<const container_spec> node_containers::spec_of(record& of)
{
    const auto said = names_.look(of.id);
    if (of.spec && of.named_by == said.state) return of.spec;
    auto spec = std::make_shared<container_spec>();
    spec->creation_time = of.there_by;
    spec->limits = of.limits;
    if (spec->limits.memory_limit == 0) spec->limits.memory_limit = node_.memory;
    if (spec->limits.cpu_mask.empty()) {
        spec->limits.cpu_mask = node_.processors > 1 ? fmt::format("0-{}", node_.processors - 1) : "0";
    }
    if (said.state) {
        add_named(*spec, *said.state, of.path, options_.environment);
    } else if (!of.id.empty() && said.says == container_directory::standing::unknown) {
        spec->aliases = {of.id};
    }
    if (of.path == "/") {
        spec->has_network = true;
        spec->has_filesystem = true;
        spec->processors = node_.processors;
    }
    of.named_by = said.state;
    of.spec = std::move(spec);
    return of.spec;
}

std::shared_ptr<const pod_of_container> node_containers::pod_of(const record& of)
{
    std::shared_ptr<const container> state;
    if (!of.id.empty()) {
        state = names_.look(of.id).state;
    } else if (!of.delegated) {
        const auto& pods = current_roster().pods;
        const auto found = pods.find(pod_uid_of_cgroup(of.path));
        if (found != pods.end()) state = found->second;
    }
    if (!state || state->pod.name.empty()) return nullptr;
    return {state, &state->pod};
}

container_view node_containers::view_of(record& of, const query& asked, std::size_t samples)
{
    container_view view;
    view.name = of.path;
    view.is_container = !of.id.empty();
    view.spec = spec_of(of);
    view.pod = pod_of(of);
    view.samples = of.ring.newest(static_cast<std::int64_t>(samples));
    if (asked.summaries && of.ring.last() != nullptr) view.summary = of.summary.current();
    view.oom_events = kills_of(of);
    if (disks_ != nullptr && of.id.empty() && view.pod) view.volumes = disks_->look_pod(view.pod->uid);
    if (applications_ != nullptr && !of.id.empty()) view.application = applications_->look(of.id);
    return view;
}

task<result<event_list>> node_containers::history(event_filter filter, deadline limit)
{
    const auto counted = asking_;
    last_asked_ = last_watched_ = steady_clock::now();
    const auto looked = co_await discover(limit);
    if (!looked) co_return looked.error();
    co_return events_.history(filter);
}

result<std::unique_ptr<event_stream>> node_containers::watch(event_filter filter)
{
    auto stream = events_.watch(std::move(filter));
    if (!stream) return stream.error();
    last_asked_ = last_watched_ = steady_clock::now();
    open_tree();
    return stream;
}

}  // namespace nodescope::cadvisor
