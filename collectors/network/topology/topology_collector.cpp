#include "collectors/network/topology/topology_collector.hpp"

#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nodescope {

namespace {

constexpr const char* what_it_is = "topology";

}  // namespace

topology_collector::topology_collector(const runtimes& named_by, worker_pool& pool, task_group& group,
                                       topology_options options, logger& log, netlink::net_namespace home)
    : pool_(pool),
      options_(std::move(options)),
      home_(std::move(home)),
      names_(named_by, group, log),
      looks_(options_.host_timeout + options_.read_timeout)
{
}

result<std::unique_ptr<topology_collector>> topology_collector::make(const runtimes& named_by, worker_pool& pool,
                                                                     task_group& group, topology_options options,
                                                                     logger& log)
{
    auto home = netlink::net_namespace::of_this_thread();
    if (!home) return home.error();
    return std::unique_ptr<topology_collector>(
        new topology_collector(named_by, pool, group, std::move(options), log, std::move(*home)));
}

task<result<topology_collector::shared_wiring>> topology_collector::look(deadline limit)
{
    const auto begin = [this](deadline own) { return read(own); };
    co_return co_await looks_.join(what_it_is, limit, begin);
}

task<result<topology_collector::shared_wiring>> topology_collector::read(deadline limit)
{
    auto work = [home = home_, root = options_.root, before = containers_, most = options_.most,
                 timeout = options_.read_timeout, limit](const abandon_flag& abandoned) {
        const deadline own = deadline::sooner(limit, deadline::in(timeout));
        return blocking_read_wiring(home, root, before, most, own, abandoned);
    };
    auto made = co_await pool_.run(what_it_is, limit, std::move(work));
    if (!made) co_return made.error();
    remember(std::move(made->containers));
    co_await ask_for_names(limit);
    name(made->what);
    co_return std::make_shared<const wiring>(std::move(made->what));
}

/// What is known of those that are gone is forgotten.
void topology_collector::remember(std::vector<running_container> found)
{
    for (const running_container& one : containers_) {
        const auto still = std::ranges::lower_bound(found, one.id, {}, &running_container::id);
        if (still == found.end() || still->id != one.id) names_.forget(one.id);
    }
    containers_ = std::move(found);
}

task<> topology_collector::ask_for_names(deadline limit)
{
    for (const running_container& one : containers_) names_.want(one.id, one.delegated);
    names_.follow_renames();
    co_await names_.settle(limit);
}

void topology_collector::name(wiring& read)
{
    std::size_t nameless = 0;
    for (wired_namespace& space : read.namespaces) {
        for (wired_container& one : space.containers) {
            const auto& said = names_.look(one.id);
            if (said.state == nullptr) {
                if (said.says == cadvisor::standing::unknown) ++nameless;
                continue;
            }
            const container& state = *said.state;
            one.name = state.name;
            one.runtime = state.runtime;
            one.pod_namespace = state.pod.name_space;
            one.pod_name = state.pod.name;
            one.container = state.pod.container;
        }
    }
    if (nameless == 0) return;
    append_clause(read.notes["containers"],
                  fmt::format("{} have only their ids: no runtime has said their names", nameless));
}

}  // namespace nodescope
