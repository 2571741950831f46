#include "server/api/cadvisor/containers.hpp"

#include "server/api/cadvisor/application.hpp"
#include "server/api/cadvisor/events.hpp"
#include "server/api/cadvisor/fitting.hpp"
#include "server/api/cadvisor/go_json.hpp"

#include <fmt/format.h>

#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace nodescope::api {

namespace {

struct container_backends {
    cadvisor::containers& containers;
    worker_pool& workers;
    std::function<device_naming()> devices;
    large_answers& answers;
};

/// What an answer is not all of.
struct missing_parts {
    missing_parts& operator+=(const missing_parts& more)
    {
        containers += more.containers;
        samples += more.samples;
        return *this;
    }
    std::size_t containers = 0;
    std::size_t samples = 0;
};

void say_missing(http::reply& answer, const missing_parts& missing)
{
    if (missing.containers + missing.samples == 0) return;
    answer.headers.emplace_back("X-Left-Out",
                                fmt::format("containers={}, samples={}", missing.containers, missing.samples));
}

using container_cost = std::size_t (*)(const cadvisor::container_view&);

std::size_t total_cost(const container_views& found, container_cost cost)
{
    return std::accumulate(found.begin(), found.end(), std::size_t{0},
                           [cost](std::size_t sum, const auto& one) { return sum + cost(one); });
}

/// The place of a long answer; none for a short one, which needs none.
task<result<large_answers::place>> place_for(const container_backends& backends, std::size_t bytes, http::claimant who,
                                             deadline limit)
{
    if (bytes <= short_answer_bytes) co_return large_answers::place();
    auto beginning = backends.answers.begin(std::move(who), limit, bytes);
    co_return co_await std::move(beginning);
}

/// A short text at once, a long one on a worker.
template <class Text>
task<http::reply> rendered(const container_backends& backends, large_answers::place place, deadline limit, Text text)
{
    if (place.limit_bytes() == 0) {
        result<std::string> body = text();
        if (!body) co_return cadvisor_failure(body.error());
        co_return cadvisor_json(std::move(*body));
    }
    auto work = [text = std::move(text)](const abandon_flag&) -> result<std::string> { return text(); };
    auto body = co_await backends.workers.run("stats", limit, std::move(work));
    if (!body) co_return cadvisor_failure(body.error());
    http::reply answer = cadvisor_json(std::move(*body));
    std::move(place).hand_over(answer);
    co_return answer;
}

/// Takes out of `found` what there is no room for.
missing_parts fit(container_views& found, container_cost cost, std::size_t limit_bytes)
{
    missing_parts missing;
    missing.samples = trim_samples(found, limit_bytes);
    missing.containers = keep_fitting(found, cost, limit_bytes);
    return missing;
}

/// What `text` makes of the containers that `wanted` means, of which each takes about `cost` bytes.
template <class Text>
task<http::reply> shown(const container_backends& backends, cadvisor::query wanted, const cadvisor_request& asked,
                        container_cost cost, Text text)
{
    const auto looking = co_await backends.answers.look(asked.limit);
    if (!looking) co_return cadvisor_failure(looking.error());
    auto found = co_await backends.containers.find(std::move(wanted), asked.limit);
    if (!found) co_return cadvisor_failure(found.error());
    missing_parts missing;
    for (const cadvisor::container_view& one : *found) missing.samples += one.samples_left_out;
    missing += fit(*found, cost, large_answer_bytes);
    const std::size_t bytes = total_cost(*found, cost);
    auto place = co_await place_for(backends, bytes, asked.claimant, asked.limit);
    if (!place) co_return cadvisor_failure(place.error());
    if (bytes > short_answer_bytes) missing += fit(*found, cost, place->limit_bytes());
    auto work = [text = std::move(text), all = std::make_shared<const container_views>(std::move(*found))] {
        return result<std::string>(text(*all));
    };
    auto rendering = rendered(backends, std::move(*place), asked.limit, std::move(work));
    http::reply answer = co_await std::move(rendering);
    say_missing(answer, missing);
    co_return answer;
}

task<http::reply> stats(const container_backends& backends, const cadvisor_request& asked, cadvisor_version version)
{
    auto text = [version, devices = backends.devices()](const container_views& all) {
        return version == cadvisor_version::v2_0 ? stats_v2_0(all, devices) : stats_v2_1(all, devices);
    };
    co_return co_await shown(backends, asked.query(), asked, sample_bytes, std::move(text));
}

/// Of the node: neither the path nor `type` nor `recursive` counts.
cadvisor::query of_node(const cadvisor_request& asked)
{
    cadvisor::query node;
    node.count = asked.options.count;
    node.max_age = asked.options.max_age;
    node.follow = asked.options.follow;
    return node;
}

/// Samples are not asked for: the containers need not be measured.
cadvisor::query without_samples(const cadvisor_request& asked)
{
    cadvisor::query out = asked.query();
    out.count = 0;
    return out;
}

cadvisor::query with_summaries(const cadvisor_request& asked)
{
    cadvisor::query out = without_samples(asked);
    out.summaries = true;
    return out;
}

result<std::string> summaries(const container_views& found)
{
    for (const cadvisor::container_view& one : found) {
        if (one.summary) continue;
        return error(failure::gone, fmt::format("derived stats not enabled for container \"{}\"", one.name));
    }
    return summary_of_all(found);
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
    const auto looking = co_await backends.answers.look(asked.limit);
    if (!looking) co_return cadvisor_failure(looking.error());
    auto found = co_await backends.containers.history(std::move(wanted->filter), asked.limit);
    if (!found) co_return cadvisor_failure(found.error());
    auto place = co_await place_for(backends, event_bytes(*found), asked.claimant, asked.limit);
    if (!place) co_return cadvisor_failure(place.error());
    auto text = [all = std::make_shared<const cadvisor::event_list>(std::move(*found))] {
        return result<std::string>(events_json(*all));
    };
    auto rendering = rendered(backends, std::move(*place), asked.limit, std::move(text));
    co_return co_await std::move(rendering);
}

}  // namespace

std::vector<cadvisor_request_type> container_request_types(cadvisor::containers& containers, worker_pool& workers,
                                                           std::function<device_naming()> devices,
                                                           large_answers& answers)
{
    const auto backends = std::make_shared<const container_backends>(
        container_backends{containers, workers, std::move(devices), answers});
    std::vector<cadvisor_request_type> types;
    const auto add = [&](cadvisor_version version, const char* name, auto answer) {
        types.emplace_back(version, name,
                           [backends, answer](const cadvisor_request& asked) { return answer(*backends, asked); });
    };
    for (const cadvisor_version version : {cadvisor_version::v2_0, cadvisor_version::v2_1}) {
        add(version, "stats", [version](const auto& of, const auto& asked) { return stats(of, asked, version); });
    }
    add(cadvisor_version::v2_1, "machinestats", [](const auto& of, const auto& asked) {
        return shown(of, of_node(asked), asked, sample_bytes, machine_stats);
    });
    add(cadvisor_version::both, "spec", [](const auto& of, const auto& asked) {
        return shown(of, without_samples(asked), asked, spec_bytes, spec_of_all);
    });
    add(cadvisor_version::both, "summary", [](const auto& of, const auto& asked) {
        return shown(of, with_summaries(asked), asked, summary_bytes, summaries);
    });
    add(cadvisor_version::both, "events", events);
    add(cadvisor_version::both, "appmetrics", [](const auto& of, const auto& asked) {
        const auto text = [container = asked.container](const container_views& found) {
            return application_metrics_of(found, container);
        };
        return shown(of, without_samples(asked), asked, application_bytes, text);
    });
    return types;
}

}  // namespace nodescope::api
