#include "server/api/metrics/metrics_routes.hpp"

#include "collectors/cadvisor/kubelet_cgroups.hpp"
#include "core/text.hpp"
#include "server/api/cadvisor/request.hpp"
#include "server/api/failure_status.hpp"
#include "server/http/content_coding.hpp"

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace nodescope::api {

namespace {

constexpr const char* metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

/// Of an answer: what is left is for the machine and the service, which have fixed sets of labels.
constexpr std::size_t container_series_bytes(std::size_t answer_bytes) { return answer_bytes - answer_bytes / 16; }

/// Everything that one answer shows. Owned by whoever puts the text together.
struct gathered {
    gathered() = default;
    bool containers_failed = false;
    container_views containers;
    cadvisor::ended_list ended;
    std::uint64_t cgroups_left_out = 0;
    std::shared_ptr<const cadvisor::machine_info> machine;  ///< null: not read
    cadvisor::engine_versions engine;
    std::shared_ptr<const wiring> wired;  ///< null: not read
    std::optional<bool> wiring_failed;    ///< none: not wanted
    service_state service;
};

struct metrics_context {
    metrics_backends backends;
    metrics_options options;
};

/// Told by the cgroup as well: of containerd's containers, and while Docker does not answer, nobody else tells.
void keep_runtime_containers(container_views& found)
{
    std::erase_if(found, [](const cadvisor::container_view& one) {
        return one.name != "/" && one.spec->name_space.empty() && !one.is_container;
    });
}

void keep_containers_of_kubelet(container_views& found)
{
    std::erase_if(found, [](const cadvisor::container_view& one) {
        const bool of_a_pod = one.is_container && one.pod != nullptr;
        return !of_a_pod && !cadvisor::kubelet_shows(one.name);
    });
}

cadvisor::query wanted_containers(const cadvisor_options& asked)
{
    cadvisor::query wanted = cadvisor::everything();
    wanted.type = asked.type;
    wanted.max_age = asked.max_age;
    return wanted;
}

/// What fails is left out, and said so by a metric: half an answer beats none. What others are asked for comes first,
/// so that nobody who looks at containers waits for them.
task<std::unique_ptr<gathered>> gather_about_node(const metrics_context& context, deadline limit)
{
    auto out = std::make_unique<gathered>();
    auto machine = co_await context.backends.machine.machine(limit);
    if (machine) out->machine = std::move(*machine);
    out->engine = co_await context.backends.engine.versions(limit);
    co_return out;
}

task<> gather_containers(const metrics_context& context, cadvisor_options asked, deadline limit, gathered& out)
{
    if (context.options.containers != container_choice::none) {
        auto found = co_await context.backends.containers.find(wanted_containers(asked), limit);
        if (found) out.containers = std::move(*found);
        out.containers_failed = !found;
        out.ended = context.backends.containers.ended();
        out.cgroups_left_out = context.backends.containers.cgroups_left_out();
    }
    if (context.backends.wired && context.options.containers != container_choice::none) {
        auto wired = co_await context.backends.wired(limit);
        out.wiring_failed = !wired || (*wired)->figures.unread > 0;
        if (wired) out.wired = std::move(*wired);
    }
    if (context.options.containers == container_choice::runtime) keep_runtime_containers(out.containers);
    if (context.options.series.labels == label_choice::kubernetes) keep_containers_of_kubelet(out.containers);
    out.service = context.backends.service();
}

void add_cgroups_left_out(metric_families& to, std::uint64_t count)
{
    auto& family =
        to.add({"nodescope_cgroups_left_out",
                "Cgroups that were seen and are not shown: there are too many, or their paths are too long.", gauge});
    append_series(family, {}, static_cast<double>(count));
}

/// Blocking.
std::string text_of(const gathered& all, const container_metric_options& options, const device_naming& devices,
                    std::size_t limit_bytes)
{
    metric_families families;
    add_container_metrics(families, all.containers, all.ended, options, devices, std::chrono::system_clock::now(),
                          container_series_bytes(limit_bytes), all.wired.get());
    add_cgroups_left_out(families, all.cgroups_left_out);
    if (all.machine) {
        add_version_metric(families, all.machine->facts, all.engine, NODESCOPE_VERSION);
        add_machine_metrics(families, all.machine->facts);
    }
    add_scrape_errors(families, all.containers_failed, all.machine == nullptr);
    if (all.wiring_failed) {
        families.add_gauge("nodescope_network_scrape_error",
                           "1 if network namespaces of the node, or some of them, could not be read, 0 otherwise.",
                           *all.wiring_failed ? 1 : 0);
    }
    add_service_metrics(families, all.service);
    blocking_add_process_metrics(families);
    return families.take_text();
}

http::reply nothing_gathered(const error& why)
{
    if (why.kind() == failure::overloaded) return sentence_reply(503, why.message(), why.message().size());
    http::reply out;
    out.set_text(fmt::format("No metrics gathered, last error:\n\n{}\n\n", escape_untrusted(why.message())));
    return out;
}

/// Shorter ones fit into a few packets anyway.
constexpr std::size_t shortest_compressed_bytes = 4096;

/// Blocking.
http::reply blocking_reply(std::string text, bool accepts_gzip, const abandon_flag& abandoned)
{
    http::reply out(200, metrics_content_type, std::move(text));
    out.headers.emplace_back("Vary", "Accept-Encoding");
    if (!accepts_gzip || out.text().size() < shortest_compressed_bytes) return out;
    if (auto compressed = http::blocking_gzip(out.text(), abandoned)) {
        out.set_text(std::move(*compressed));
        out.headers.emplace_back("Content-Encoding", "gzip");
    }
    return out;
}

task<http::reply> metrics(const metrics_context& context, const http::request& asked)
{
    const auto options = cadvisor_options::parse(url_query(asked.query));
    if (!options) co_return nothing_gathered(options.error());
    auto all = co_await gather_about_node(context, asked.limit);
    const auto looking = co_await context.backends.answers.look(asked.limit);
    if (!looking) co_return nothing_gathered(looking.error());
    co_await gather_containers(context, *options, asked.limit, *all);
    auto place = co_await context.backends.answers.begin(asked.claimant, asked.limit);
    if (!place) co_return nothing_gathered(place.error());
    auto work = [all = std::shared_ptr<gathered>(std::move(all)), series = context.options.series,
                 devices = context.backends.devices(), limit_bytes = place->limit_bytes(),
                 accepts_gzip = asked.accepts_gzip](const abandon_flag& abandoned) -> result<http::reply> {
        return blocking_reply(text_of(*all, series, devices, limit_bytes), accepts_gzip, abandoned);
    };
    auto made = co_await context.backends.workers.run("metrics", asked.limit, std::move(work));
    if (!made) co_return nothing_gathered(made.error());
    std::move(*place).hand_over(*made);
    co_return std::move(*made);
}

}  // namespace

std::vector<http::route> metrics_routes(metrics_backends backends, metrics_options options)
{
    const auto context =
        std::make_shared<const metrics_context>(metrics_context{std::move(backends), std::move(options)});
    std::vector<http::route> routes;
    http::route& row = routes.emplace_back(http::method::get, "/metrics",
                                           [context](const http::request& asked) { return metrics(*context, asked); });
    row.deadline_status = 500;
    return routes;
}

}  // namespace nodescope::api
