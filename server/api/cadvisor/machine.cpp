#include "server/api/cadvisor/machine.hpp"

#include "collectors/cadvisor/go_quoted.hpp"
#include "core/json/writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace nodescope::api {

namespace {

struct machine_context {
    machine_backends backends;
    std::string version;
    /// The node last shown and its text: the node stays the same for minutes, and its text is long.
    mutable std::shared_ptr<const cadvisor::machine_info> shown;
    mutable std::string shown_text;
};

task<http::reply> version_of(const machine_context& context, const cadvisor_request&)
{
    std::string body;
    append_json_string(body, context.version, json_spelling::go);
    co_return cadvisor_json(std::move(body));
}

task<http::reply> machine(const machine_context& context, const cadvisor_request& asked)
{
    auto reading = context.backends.machine.machine(asked.limit);
    const auto node = co_await std::move(reading);
    if (!node) co_return cadvisor_failure(node.error());
    if (*node != context.shown) {
        context.shown_text = machine_json(**node);
        context.shown = *node;
    }
    co_return cadvisor_json(context.shown_text);
}

task<http::reply> attributes(const machine_context& context, const cadvisor_request& asked)
{
    auto reading = context.backends.machine.machine(asked.limit);
    const auto node = co_await std::move(reading);
    if (!node) co_return cadvisor_failure(node.error());
    auto asking = context.backends.engine.versions(asked.limit);
    const auto engine = co_await std::move(asking);
    co_return cadvisor_json(attributes_json(**node, engine, context.version));
}

task<http::reply> storage(const machine_context& context, const cadvisor_request& asked)
{
    auto asking = context.backends.engine.data_root(asked.limit);
    std::string docker_root = co_await std::move(asking);
    if (const auto uuid = asked.parameters.get("uuid"); !uuid.empty()) {
        auto finding = context.backends.machine.storage_of_disk(std::string(uuid), std::move(docker_root), asked.limit);
        const auto found = co_await std::move(finding);
        if (!found) co_return cadvisor_failure(found.error());
        co_return cadvisor_json(storage_json(*found));
    }
    auto measuring = context.backends.machine.storage(std::move(docker_root), asked.limit);
    auto all = co_await std::move(measuring);
    if (!all) co_return cadvisor_failure(all.error());
    if (const auto label = asked.parameters.get("label"); !label.empty()) {
        std::erase_if(*all, [label](const cadvisor::stored_filesystem& one) {
            return std::find(one.labels.begin(), one.labels.end(), label) == one.labels.end();
        });
        if (all->empty()) {
            co_return cadvisor_failure(
                error(failure::gone, fmt::format("non-existent label {}", cadvisor::go_quoted(label))));
        }
    }
    co_return cadvisor_json(storage_json(*all));
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
        auto finding = context.backends.containers.find(std::move(one), asked.limit);
        const auto found = co_await std::move(finding);
        if (!found) co_return listing_failure(found.error());
        if (found->size() != 1) {
            co_return listing_failure(error(failure::conflict, "Expected the request to match only one container"));
        }
        cgroup = found->front().name;
    }
    auto listing = context.backends.processes.collect(std::move(cgroup), asked.limit);
    const auto table = co_await std::move(listing);
    if (!table) co_return listing_failure(table.error());
    co_return cadvisor_json(process_table_json(**table));
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
