#include "server/api/metrics/metrics_routes.hpp"

#include "collectors/host/cgroup/container_cgroup.hpp"
#include "core/text.hpp"
#include "server/api/cadvisor/request.hpp"
#include "server/api/failure_status.hpp"
#include "server/http/content_coding.hpp"

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <utility>

namespace nodescope::api {

namespace {

constexpr const char* metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

/// Everything that one answer shows. Owned by whoever puts the text together.
struct gathered {
    gathered() = default;
    bool containers_failed = false;
    container_views containers;
    std::shared_ptr<const cadvisor::machine_info> machine;  ///< null: not read
    cadvisor::engine_versions engine;
    service_state service;
};

struct metrics_context {
    metrics_backends backends;
    metrics_options options;
};

/// Told by the path as well: of containerd's containers, and while Docker does not answer, nobody else tells.
void keep_runtime_containers(container_views& found)
{
    std::erase_if(found, [](const cadvisor::container_view& one) {
        return one.name != "/" && one.spec->name_space.empty() && host::container_id_of_path(one.name).empty();
    });
}

cadvisor::query wanted_containers(const cadvisor_options& asked)
{
    cadvisor::query wanted = cadvisor::everything();
    wanted.type = asked.type;
    wanted.max_age = asked.max_age;
    return wanted;
}

/// What fails is left out, and said so by a metric: half an answer beats none.
task<std::unique_ptr<gathered>> gather(const metrics_context& context, cadvisor_options asked, deadline limit)
{
    auto out = std::make_unique<gathered>();
    if (context.options.containers != container_choice::none) {
        auto finding = context.backends.containers.find(wanted_containers(asked), limit);
        auto found = co_await std::move(finding);
        if (found) out->containers = std::move(*found);
        out->containers_failed = !found;
    }
    if (context.options.containers == container_choice::runtime) keep_runtime_containers(out->containers);
    auto reading = context.backends.machine.machine(limit);
    auto machine = co_await std::move(reading);
    if (machine) out->machine = std::move(*machine);
    auto asking = context.backends.engine.versions(limit);
    out->engine = co_await std::move(asking);
    out->service = context.backends.service();
    co_return out;
}

/// Blocking.
std::string text_of(const gathered& all, const container_metric_options& options, const device_naming& devices)
{
    metric_families families;
    add_container_metrics(families, all.containers, options, devices, std::chrono::system_clock::now());
    if (all.machine) {
        add_version_metric(families, all.machine->facts, all.engine, NODESCOPE_VERSION);
        add_machine_metrics(families, all.machine->facts);
    }
    add_scrape_errors(families, all.containers_failed, all.machine == nullptr);
    add_service_metrics(families, all.service);
    blocking_add_process_metrics(families);
    return families.take_text();
}

http::reply nothing_gathered(const error& why)
{
    http::reply out;
    out.body = fmt::format("No metrics gathered, last error:\n\n{}\n\n", escape_untrusted(why.message()));
    return out;
}

/// Shorter ones fit into a few packets anyway.
constexpr std::size_t shortest_compressed_bytes = 4096;

struct metrics_body {
    metrics_body() = default;
    std::string bytes;
    bool in_gzip = false;
};

/// Blocking.
metrics_body blocking_encode(std::string&& text, bool accepts_gzip, const abandon_flag& abandoned)
{
    metrics_body out;
    if (accepts_gzip && text.size() >= shortest_compressed_bytes) {
        if (auto compressed = http::blocking_gzip(text, abandoned)) {
            out.bytes = std::move(*compressed);
            out.in_gzip = true;
            return out;
        }
    }
    out.bytes = std::move(text);
    return out;
}

task<http::reply> metrics(const metrics_context& context, const http::request& asked)
{
    const auto options = cadvisor_options::parse(url_query(asked.query));
    if (!options) co_return nothing_gathered(options.error());
    auto gathering = gather(context, *options, asked.limit);
    auto all = co_await std::move(gathering);
    auto work = [all = std::shared_ptr<gathered>(std::move(all)), series = context.options.series,
                 devices = context.backends.devices(),
                 accepts_gzip = asked.accepts_gzip](const abandon_flag& abandoned) -> result<metrics_body> {
        return blocking_encode(text_of(*all, series, devices), accepts_gzip, abandoned);
    };
    auto working = context.backends.workers.run("metrics", asked.limit, std::move(work));
    auto body = co_await std::move(working);
    if (!body) co_return nothing_gathered(body.error());
    http::reply out(200, metrics_content_type, std::move(body->bytes));
    out.headers.emplace_back("Vary", "Accept-Encoding");
    if (body->in_gzip) out.headers.emplace_back("Content-Encoding", "gzip");
    co_return out;
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
