// How often containers were started again, and how they ended: the latter for as long as events are kept.
#include "core/text.hpp"
#include "server/api/metrics/container_scrape.hpp"

#include <set>
#include <string>
#include <string_view>

namespace nodescope::api {

namespace {

using cadvisor::ended_container;
using prometheus::MetricFamily;

/// Of what is there no more, always with whose it was: a pod that failed is looked for by its name.
metric_labels labels_of(const ended_container& one)
{
    return {
        {"container", valid_utf8(one.pod.container)},
        {"id", valid_utf8(one.path)},
        {"image", valid_utf8(one.image)},
        {"name", valid_utf8(one.name)},
        {"namespace", valid_utf8(one.pod.name_space)},
        {"pod", valid_utf8(one.pod.name)},
    };
}

}  // namespace

void add_restart_metrics(metric_families& to, const scrape& measured, const cadvisor::ended_list& ended,
                         scrape_room& room)
{
    MetricFamily& restarts =
        to.add({"container_restarts", "How often its runtime has started the container again.", gauge});
    MetricFamily& code = to.add({"container_last_exit_code", "Exit code with which the container last ended.", gauge});
    MetricFamily& killed = to.add(
        {"container_oom_killed", "1 if the container last ended by being killed because memory ran out.", gauge});
    MetricFamily& finished = to.add(
        {"container_finished_time_seconds", "When the container last ended, since unix epoch in seconds.", gauge});
    std::set<std::string_view> living;
    for (const scraped_container& one : measured) {
        living.insert(one.container->name);
        if (one.container->spec->restarts) append(restarts, one, as_double(*one.container->spec->restarts));
    }
    for (const auto& each : ended) {
        scraped_container gone;
        gone.labels = rendered_labels(labels_of(*each));
        gone.room = &room;
        if (each->exit_code) append(code, gone, static_cast<double>(*each->exit_code));
        append(killed, gone, each->killed_for_memory ? 1 : 0);
        append(finished, gone, seconds_of(each->finished));
        if (!living.contains(each->path)) append(restarts, gone, as_double(each->restarts));
    }
}

}  // namespace nodescope::api
