#include "server/api/cadvisor/machine.hpp"

#include "collectors/cadvisor/go_quoted.hpp"
#include "core/json/writer.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace nodescope::api {

namespace {

struct machine_context {
    machine_backends backends;
    std::string version;
    /// The node last shown and its text: the node stays the same for minutes, and its text is long.
    mutable std::shared_ptr<const cadvisor::machine_info> shown;
    mutable std::string shown_text;
};

// Of a header that lists mount points: far below what clients take for one.
constexpr std::size_t unanswered_limit_bytes = 2048;

task<http::reply> version_of(const machine_context& context, const cadvisor_request&)
{
    std::string body;
    append_json_string(body, context.version, json_spelling::go);
    co_return cadvisor_json(std::move(body));
}

// cAdvisor's JSON has no place for what is missing.
void name_unanswered(http::reply& out, const std::vector<std::string>& mountpoints)
{
    if (mountpoints.empty()) return;
    const std::string names = joined(mountpoints, ", ");
    out.headers.emplace_back("X-Unanswered-Filesystems", escape_untrusted(names, unanswered_limit_bytes));
}

task<http::reply> machine(const machine_context& context, const cadvisor_request& asked)
{
    const auto node = co_await context.backends.machine.machine(asked.limit);
    if (!node) co_return cadvisor_failure(node.error());
    if (*node != context.shown) {
        context.shown_text = machine_json(**node);
        context.shown = *node;
    }
    http::reply out = cadvisor_json(context.shown_text);
    if ((*node)->filesystems) name_unanswered(out, (*node)->filesystems->unanswered);
    co_return out;
}

task<http::reply> attributes(const machine_context& context, const cadvisor_request& asked)
{
    const auto node = co_await context.backends.machine.machine(asked.limit);
    if (!node) co_return cadvisor_failure(node.error());
    const auto engine = co_await context.backends.engine.versions(asked.limit);
    co_return cadvisor_json(attributes_json(**node, engine, context.version));
}

task<http::reply> storage(const machine_context& context, const cadvisor_request& asked)
{
    std::string docker_root = co_await context.backends.engine.data_root(asked.limit);
    if (const auto uuid = asked.parameters.get("uuid"); !uuid.empty()) {
        const auto found =
            co_await context.backends.machine.storage_of_disk(std::string(uuid), std::move(docker_root), asked.limit);
        if (!found) co_return cadvisor_failure(found.error());
        co_return cadvisor_json(storage_json(*found));
    }
    auto all = co_await context.backends.machine.storage(std::move(docker_root), asked.limit);
    if (!all) co_return cadvisor_failure(all.error());
    auto& shown = all->filesystems;
    if (const auto label = asked.parameters.get("label"); !label.empty()) {
        std::erase_if(shown, [label](const cadvisor::stored_filesystem& one) {
            return std::find(one.labels.begin(), one.labels.end(), label) == one.labels.end();
        });
        if (shown.empty()) {
            co_return cadvisor_failure(
                error(failure::gone, fmt::format("non-existent label {}", cadvisor::go_quoted(label))));
        }
    }
    http::reply out = cadvisor_json(storage_json(shown));
    name_unanswered(out, all->unanswered);
    co_return out;
}

http::reply listing_failure(const error& why)
{
    return cadvisor_failure(error(why.kind(), "process listing failed: " + why.message()));
}

/// Of one container: `recursive` and `count` do not count.
task<http::reply> ps(const machine_context& context, const cadvisor_request& asked)
{
    std::string cgroup = asked.container;
    const bool is_root = cgroup == "/" && asked.options.type == cadvisor::query::naming::by_cgroup;
    if (!is_root) {
        cadvisor::query one = asked.query();
        one.recursive = false;
        one.count = 0;
        one.max_age.reset();
        const auto found = co_await context.backends.containers.find(std::move(one), asked.limit);
        if (!found) co_return listing_failure(found.error());
        if (found->size() != 1) {
            co_return listing_failure(error(failure::conflict, "Expected the request to match only one container"));
        }
        cgroup = found->front().name;
    }
    // Before the table is there: it takes megabytes itself.
    auto place = co_await context.backends.answers.begin(asked.claimant, asked.limit);
    if (!place) co_return listing_failure(place.error());
    const auto table = co_await context.backends.processes.collect(std::move(cgroup), asked.limit);
    if (!table) co_return listing_failure(table.error());
    auto work = [table = *table](const abandon_flag&) -> result<std::string> { return process_table_json(*table); };
    auto body = co_await context.backends.workers.run("ps", asked.limit, std::move(work));
    if (!body) co_return listing_failure(body.error());
    http::reply out = cadvisor_json(std::move(*body));
    if ((*table)->paths_left_out > 0) {
        out.headers.emplace_back("X-Left-Out", fmt::format("cgroup_paths={}", (*table)->paths_left_out));
    }
    std::move(*place).hand_over(out);
    co_return out;
}

}  // namespace

std::vector<cadvisor_request_type> machine_request_types(const machine_backends& backends, std::string version)
{
    const auto context =
        std::make_shared<const machine_context>(machine_context{backends, std::move(version), nullptr, {}});
    std::vector<cadvisor_request_type> types;
    const auto add = [&](const char* name, auto answer) {
        types.emplace_back(cadvisor_version::both, name,
                           [context, answer](const cadvisor_request& asked) { return answer(*context, asked); });
    };
    add("version", version_of);
    add("attributes", attributes);
    add("machine", machine);
    add("storage", storage);
    add("ps", ps);
    return types;
}

}  // namespace nodescope::api
