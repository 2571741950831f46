#include "server/api/processors/node_runtimes.hpp"

#include "core/json/members.hpp"
#include "core/json/reader.hpp"
#include "core/json/writer.hpp"
#include "core/side_by_side.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace nodescope::api {

namespace {

using shared_cri_list = std::shared_ptr<const cri::docker_shaped_list>;

/// Those that are there; where there is none, all of them, for their sentences.
node_runtimes present(node_runtimes all)
{
    node_runtimes there;
    if (all.docker != nullptr && all.docker->present()) there.docker = all.docker;
    if (all.podman != nullptr && all.podman->present()) there.podman = all.podman;
    if (all.cri != nullptr && all.cri->present()) there.cri = all.cri;
    const bool any = there.docker != nullptr || there.podman != nullptr || there.cri != nullptr;
    return any ? there : all;
}

/// As a runtime writes it, perhaps with white space in it.
bool is_empty(std::string_view array) noexcept
{
    return array.substr(1).find_first_not_of(" \t\r\n]") == std::string_view::npos;
}

/// The elements of all arrays in one; none of them is empty.
std::string joined(const std::vector<const std::string*>& arrays)
{
    std::string all = *arrays.front();
    for (std::size_t at = 1; at < arrays.size(); ++at) {
        all.pop_back();
        all += ',';
        all.append(*arrays[at], 1);
    }
    return all;
}

/// A runtime that is not there has not failed.
bool is_absence(const error& why) noexcept { return why.kind() == failure::disabled; }

/// Why nobody answers. Not failure::disabled: there is nothing that the caller could switch on.
error nobody(const error& why) { return is_absence(why) ? error(failure::unavailable, why.message()) : why; }

/// Who was not asked says nothing.
error not_asked() { return error(failure::disabled, ""); }

/// Of several failures the first that is no absence, else the first of who was asked.
error worst_of(std::initializer_list<error> all)
{
    const auto* found = std::find_if(all.begin(), all.end(), [](const error& one) { return !is_absence(one); });
    if (found == all.end()) {
        found = std::find_if(all.begin(), all.end(), [](const error& one) { return !one.message().empty(); });
    }
    return nobody(found == all.end() ? error(failure::disabled, "no container runtime is asked on this node") : *found);
}

void add_failure(std::string& to, const error& why)
{
    if (is_absence(why)) return;
    append_clause(to, why.message());
}

std::string runtime_sentence(const std::string& info)
{
    return fmt::format("This node's container runtime is {} {} at {}.", json_text_member(info, "runtimeName"),
                       json_text_member(info, "runtimeVersion"), json_text_member(info, "endpoint"));
}

/// Podman's info without what may hold passwords: the proxies and the registries that it uses.
void write_config(json_writer& out, const std::string& info)
{
    out.object_member("config", [&] {
        // The client has found no error in it.
        (void)for_each_json_member(info, [&](std::string_view key, std::string_view value) {
            if (key == "RegistryConfig" || key == "HttpProxy" || key == "HttpsProxy") return;
            out.map_key(key);
            out.raw(value);
        });
    });
}

/// What Podman says of itself, as the runtimes with CRI do.
task<result<std::string>> info_of_podman(docker::client& service, deadline limit)
{
    const auto info = co_await service.info(limit);
    if (!info) co_return info.error();
    const auto facts = co_await service.facts(limit);
    std::string text;
    json_writer out(text);
    out.object([&] {
        out.member("runtimeName", docker::to_string(service.kind()));
        out.member("runtimeVersion", json_text_member((*info)->text, "ServerVersion"));
        out.member("runtimeApiVersion", facts ? facts->api_version : std::string());
        out.member("endpoint", service.endpoint());
        write_config(out, (*info)->text);
    });
    co_return text;
}

/// Docker's, or Podman's where that is what answers in Docker's place.
struct engine_info {
    engine_info() = default;
    std::string docker;
    std::string podman;
};

task<result<engine_info>> info_of_engine(docker::client& asked, deadline limit)
{
    engine_info found;
    const auto info = co_await asked.info(limit);
    if (!info) co_return info.error();
    if (asked.kind() == docker::engine_kind::docker) {
        found.docker = (*info)->text;
        co_return found;
    }
    auto podman = co_await info_of_podman(asked, limit);
    if (!podman) co_return podman.error();
    found.podman = std::move(*podman);
    co_return found;
}

std::string no_docker_there(const node_runtimes& asked)
{
    return fmt::format("It is Podman that answers at {}, not Docker.", asked.docker->endpoint());
}

}  // namespace

const std::string& node_list::text() const noexcept
{
    if (!joined.empty()) return joined;
    for (const docker::shared_body& one : of_engines) {
        if (!is_empty(one->text)) return one->text;
    }
    const bool of_engine = of_cri == nullptr || (!of_engines.empty() && is_empty(of_cri->json));
    return of_engine ? of_engines.front()->text : of_cri->json;
}

task<result<std::shared_ptr<const node_list>>> list_of_node(node_runtimes asked, deadline limit)
{
    const node_runtimes there = present(asked);
    result<docker::shared_body> docker = not_asked();
    result<docker::shared_body> podman = not_asked();
    result<shared_cri_list> cri = not_asked();
    std::vector<task<>> works;
    works.reserve(3);
    if (there.docker != nullptr) works.push_back(into(docker, there.docker->list_containers(limit)));
    if (there.podman != nullptr) works.push_back(into(podman, there.podman->list_containers(limit)));
    if (there.cri != nullptr) works.push_back(into(cri, there.cri->list_as_docker(limit)));
    co_await side_by_side(std::move(works));

    // What cri-dockerd lists are Docker's containers.
    const bool same = docker && cri && there.cri->is_docker();
    if (same) cri = error(failure::disabled, "its containers are Docker's");
    if (!docker && !podman && !cri) co_return worst_of({docker.error(), podman.error(), cri.error()});

    const auto list = std::make_shared<node_list>();
    std::vector<const std::string*> some;
    for (const auto* const engine : {&docker, &podman}) {
        if (!*engine) {
            add_failure(list->failure, engine->error());
            continue;
        }
        list->of_engines.push_back(**engine);
        list->left_out += (**engine)->left_out;
        if (!is_empty((**engine)->text)) some.push_back(&(**engine)->text);
    }
    if (cri) {
        list->of_cri = *cri;
        list->left_out += (*cri)->left_out;
        if (!is_empty((*cri)->json)) some.push_back(&(*cri)->json);
    } else {
        add_failure(list->failure, cri.error());
    }
    if (some.size() > 1) list->joined = joined(some);
    co_return list;
}

task<result<node_info>> info_of_node(node_runtimes asked, deadline limit)
{
    const node_runtimes there = present(asked);
    result<engine_info> docker = error(failure::disabled, "Docker is not asked on this node.");
    result<std::string> podman = not_asked();
    result<std::string> cri = not_asked();
    std::vector<task<>> works;
    works.reserve(3);
    // Where Docker is not there, its client says so in the sentence that everybody knows.
    if (asked.docker != nullptr) works.push_back(into(docker, info_of_engine(*asked.docker, limit)));
    // Its files say nothing of itself.
    if (there.podman != nullptr && there.podman->service().present()) {
        works.push_back(into(podman, info_of_podman(there.podman->service(), limit)));
    }
    if (there.cri != nullptr) works.push_back(into(cri, there.cri->info(limit)));
    co_await side_by_side(std::move(works));
    if (!docker && !podman && !cri) {
        const bool others_failed = !is_absence(podman.error()) || !is_absence(cri.error());
        const bool said_by_docker = there.docker != nullptr || (asked.docker != nullptr && !others_failed);
        if (said_by_docker) co_return nobody(docker.error());
        co_return worst_of({podman.error(), cri.error()});
    }

    node_info info;
    std::string of_podman = podman ? *podman : docker ? docker->podman : std::string();
    if (docker) info.docker = docker->docker;
    if (cri) info.runtime = *cri;
    if (!cri && !is_absence(cri.error())) info.no_runtime = cri.error().message();
    if (!podman && !is_absence(podman.error())) info.no_podman = podman.error().message();
    const bool beside_cri = cri || !info.no_runtime.empty();
    (beside_cri ? info.podman : info.runtime) = std::move(of_podman);
    if (info.docker.empty()) {
        const std::string why = docker ? no_docker_there(asked) : docker.error().message();
        const std::string& other = info.runtime.empty() ? info.podman : info.runtime;
        info.no_docker = fmt::format("{} {}", why, runtime_sentence(other));
    }
    co_return info;
}

}  // namespace nodescope::api
