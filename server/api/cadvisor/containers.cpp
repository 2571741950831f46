#include "server/api/cadvisor/containers.hpp"

#include "server/api/cadvisor/events.hpp"
#include "server/api/cadvisor/go_json.hpp"

#include <fmt/format.h>

#include <utility>

namespace nodescope::api {

namespace {

struct container_backends {
    cadvisor::containers& containers;
    worker_pool& workers;
    std::function<device_naming()> devices;
};

/// More are refused: a sample of a container is 3 KB of text, and a text that grows beyond 128 MB is held twice for a
/// moment, of the 256 MB that the service is given (systemd's MemoryMax). These are 330 containers with all they have,
/// or 620 with the 64 that are the default.
constexpr std::size_t samples_limit = 40'000;

result<void> answerable(const container_views& found)
{
    std::size_t samples = 0;
    for (const cadvisor::container_view& one : found) samples += one.samples.size();
    if (samples <= samples_limit) return result<void>();
    return error(failure::too_large,
                 fmt::format("{} samples of {} containers are more than the {} that fit in one answer: ask for fewer "
                             "(count) or for fewer containers",
                             samples, found.size(), samples_limit));
}

/// Two minutes of every container are tens of megabytes, whose text takes long enough to be put together elsewhere.
task<http::reply> stats(const container_backends& backends, const cadvisor_request& asked, cadvisor_version version)
{
    auto finding = backends.containers.find(asked.query(), asked.limit);
    auto found = co_await std::move(finding);
    if (!found) co_return cadvisor_failure(found.error());
    if (const auto fits = answerable(*found); !fits) co_return cadvisor_failure(fits.error());
    auto work = [version, all = std::make_shared<const container_views>(std::move(*found)),
                 devices = backends.devices()](const abandon_flag&) -> result<std::string> {
        return version == cadvisor_version::v2_0 ? stats_v2_0(*all, devices) : stats_v2_1(*all, devices);
    };
    auto working = backends.workers.run("stats", asked.limit, std::move(work));
    auto text = co_await std::move(working);
    if (!text) co_return cadvisor_failure(text.error());
    co_return cadvisor_json(std::move(*text));
}

/// Of the node: neither the path nor `type` nor `recursive` counts.
task<http::reply> machinestats(const container_backends& backends, const cadvisor_request& asked)
{
    cadvisor::query node;
    node.count = asked.options.count;
    node.max_age = asked.options.max_age;
    auto finding = backends.containers.find(std::move(node), asked.limit);
    const auto found = co_await std::move(finding);
    if (!found) co_return cadvisor_failure(found.error());
    co_return cadvisor_json(machine_stats(*found));
}

/// Samples are not asked for: the containers need not be measured.
cadvisor::query without_samples(const cadvisor_request& asked)
{
    cadvisor::query out = asked.query();
    out.count = 0;
    return out;
}

task<http::reply> spec(const container_backends& backends, const cadvisor_request& asked)
{
    auto finding = backends.containers.find(without_samples(asked), asked.limit);
    const auto found = co_await std::move(finding);
    if (!found) co_return cadvisor_failure(found.error());
    co_return cadvisor_json(spec_of_all(*found));
}

task<http::reply> summary(const container_backends& backends, const cadvisor_request& asked)
{
    cadvisor::query wanted = without_samples(asked);
    wanted.summaries = true;
    auto finding = backends.containers.find(std::move(wanted), asked.limit);
    const auto found = co_await std::move(finding);
    if (!found) co_return cadvisor_failure(found.error());
    for (const cadvisor::container_view& one : *found) {
        if (one.summary) continue;
        co_return cadvisor_failure(
            error(failure::gone, fmt::format("derived stats not enabled for container \"{}\"", one.name)));
    }
    co_return cadvisor_json(summary_of_all(*found));
}

task<http::reply> events(const container_backends& backends, const cadvisor_request& asked)
{
    auto wanted = read_event_request(asked);
    if (!wanted) co_return cadvisor_failure(wanted.error());
    if (wanted->stream) {
        auto watched = backends.containers.watch(std::move(wanted->filter));
        if (!watched) co_return cadvisor_failure(watched.error());
        co_return event_stream_reply(std::move(*watched));
    }
    auto looking = backends.containers.history(std::move(wanted->filter), asked.limit);
    const auto found = co_await std::move(looking);
    if (!found) co_return cadvisor_failure(found.error());
    co_return cadvisor_json(events_json(*found));
}

/// Figures that containers publish themselves are not collected: there are none of anything that is found.
task<http::reply> appmetrics(const container_backends& backends, const cadvisor_request& asked)
{
    auto finding = backends.containers.find(without_samples(asked), asked.limit);
    const auto found = co_await std::move(finding);
    if (!found) co_return cadvisor_failure(found.error());
    std::string body;
    go_json json(body);
    json.object([&] {
        if (found->empty()) return;
        json.map_key(asked.container);
        json.raw("{}");
    });
    co_return cadvisor_json(std::move(body));
}

}  // namespace

std::vector<cadvisor_request_type> container_request_types(cadvisor::containers& containers, worker_pool& workers,
                                                           std::function<device_naming()> devices)
{
    const auto backends =
        std::make_shared<const container_backends>(container_backends{containers, workers, std::move(devices)});
    std::vector<cadvisor_request_type> types;
    const auto add = [&](cadvisor_version version, const char* name, auto answer) {
        types.emplace_back(version, name,
                           [backends, answer](const cadvisor_request& asked) { return answer(*backends, asked); });
    };
    for (const cadvisor_version version : {cadvisor_version::v2_0, cadvisor_version::v2_1}) {
        add(version, "stats", [version](const auto& of, const auto& asked) { return stats(of, asked, version); });
    }
    add(cadvisor_version::v2_1, "machinestats", machinestats);
    add(cadvisor_version::both, "spec", spec);
    add(cadvisor_version::both, "summary", summary);
    add(cadvisor_version::both, "events", events);
    add(cadvisor_version::both, "appmetrics", appmetrics);
    return types;
}

}  // namespace nodescope::api
