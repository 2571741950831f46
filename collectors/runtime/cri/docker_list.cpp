#include "collectors/runtime/cri/docker_list.hpp"

#include "collectors/runtime/cri/names.hpp"
#include "collectors/runtime/cri/verbose_info.hpp"
#include "collectors/runtime/human_words.hpp"
#include "core/json/writer.hpp"
#include "core/side_by_side.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace nodescope::cri {

namespace {

/// What is asked for at once: half of what the runtime may be asked, so that others are answered meanwhile.
constexpr std::size_t asked_at_once = 4;
/// What those may take of the time that is left: a container that hangs costs its times, not the list.
constexpr int share_of_details = 2;
constexpr std::chrono::seconds longest_for_details{5};
/// Bytes of what is kept: 2,000 containers with all they have.
constexpr std::size_t kept_limit = 8U << 20U;
/// Bytes of a list, as of Docker's: three times what an agent takes.
constexpr std::size_t list_limit = 6U << 20U;
/// What the reactor writes itself: a millisecond.
constexpr std::size_t short_list = 200;
constexpr std::int64_t nanoseconds_of_a_second = 1'000'000'000;

std::string_view word_of(const container_state state) noexcept { return to_string(state); }

std::map<std::string, std::string> labels_of(const listed_container& one, std::string_view type)
{
    std::map<std::string, std::string> labels = one.labels.map;
    for (const auto& [key, value] : one.annotations.map) labels.emplace("annotation." + key, value);
    labels.insert_or_assign("io.kubernetes.docker.type", std::string(type));
    if (!one.sandbox_id.empty()) labels.insert_or_assign("io.kubernetes.sandbox.id", one.sandbox_id);
    return labels;
}

struct summary {
    const listed_container& one;
    std::string name;
    std::string_view type;
    std::string network;
    const container_details& details;
};

void write_mounts(json_writer& out, const std::vector<container_mount>& mounts)
{
    out.objects_member("Mounts", mounts, [&](const container_mount& mount) {
        out.member("Type", "bind");
        out.member("Source", mount.source);
        out.member("Destination", mount.destination);
        out.member("Mode", "");
        out.member("RW", !mount.read_only);
        out.member("Propagation", mount.propagation);
    });
}

void write(json_writer& out, const summary& of, std::chrono::nanoseconds now)
{
    const listed_container& one = of.one;
    const container_details& details = of.details;
    out.object([&] {
        out.member("Id", one.id);
        out.array_member("Names", [&] { out.value("/" + of.name); });
        out.member("Image", details.image.empty() ? one.image : details.image);
        out.member("ImageID", one.image_id);
        out.member("Command", details.command);
        out.member("Created", one.created_at / nanoseconds_of_a_second);
        out.raw_member("Ports", ports_json(one.annotations.of("io.kubernetes.container.ports")));
        out.object_member("Labels", [&] {
            for (const auto& [key, value] : labels_of(one, of.type)) {
                out.map_key(key);
                out.value(value);
            }
        });
        out.member("State", word_of(one.state));
        out.member("Status", status_text(details, now));
        out.object_member("HostConfig", [&] { out.member("NetworkMode", of.network); });
        out.object_member("NetworkSettings", [&] { out.object_member("Networks", [] {}); });
        write_mounts(out, details.mounts);
    });
}

/// What is known of one whose details could not be had.
container_details without_details(container_state state)
{
    container_details none;
    none.state = state;
    return none;
}

}  // namespace

struct docker_list::gathering {
    client::containers_list containers;
    client::sandboxes_list sandboxes;
    details_map details;
    std::vector<std::pair<std::string, bool>> missing;  ///< ids, and whether each is a sandbox
    std::size_t next = 0;

    void look(const details_map& known, const std::string& id, container_state state, bool is_sandbox)
    {
        const auto found = known.find(id);
        if (found != known.end() && found->second->state == state) details.insert(*found);
        else missing.emplace_back(id, is_sandbox);
    }

    [[nodiscard]] container_details of(const std::string& id, container_state state) const
    {
        const auto found = details.find(id);
        return found != details.end() && found->second->state == state ? *found->second : without_details(state);
    }

    [[nodiscard]] result<std::shared_ptr<const docker_shaped_list>> written() const;
};

result<std::shared_ptr<const docker_shaped_list>> docker_list::gathering::written() const
{
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto list = std::make_shared<docker_shaped_list>();
    const sandbox_map pods = by_id(*sandboxes);
    json_writer out(list->json);
    const auto add = [&](const listed_container& one, std::string name, std::string_view type, std::string network,
                         const container_details& its) {
        list->left_out += one.labels.left_out + one.annotations.left_out;
        if (list->json.size() <= list_limit) write(out, {one, std::move(name), type, std::move(network), its}, now);
    };
    out.array([&] {
        for (const listed_container& one : *containers) {
            const container_details its = of(one.id, one.state);
            add(one, name_of(one, pod_of(one, pods)), "container", "container:" + one.sandbox_id, its);
        }
        for (const listed_sandbox& one : *sandboxes) {
            const container_details its = of(one.id, one.state);
            listed_container as_container;
            as_container.id = one.id;
            as_container.state = one.state;
            as_container.created_at = one.created_at;
            as_container.labels = one.labels;
            as_container.annotations = one.annotations;
            add(as_container, name_of(one), "podsandbox", its.host_network ? "host" : "none", its);
        }
    });
    if (list->json.size() > list_limit) {
        return error(failure::too_large, fmt::format("cri: the list of containers has more than {} bytes", list_limit));
    }
    return list;
}

task<result<std::shared_ptr<const docker_shaped_list>>> docker_list::collect(deadline limit)
{
    const auto found = std::make_shared<gathering>();
    const auto gathered = co_await gather(*found, limit);
    if (!gathered) co_return gathered.error();
    if (found->containers->size() + found->sandboxes->size() <= short_list) co_return found->written();
    auto work = [found](const abandon_flag&) { return found->written(); };
    co_return co_await workers_.run("cri answers", "cri: writing the list of containers", limit, std::move(work));
}

task<result<void>> docker_list::gather(gathering& to, deadline limit)
{
    result<client::containers_list> containers = error();
    result<client::sandboxes_list> sandboxes = error();
    std::vector<task<>> lists;
    lists.push_back(into(containers, client_.containers(limit)));
    lists.push_back(into(sandboxes, client_.sandboxes(limit)));
    co_await side_by_side(std::move(lists));
    if (!containers) co_return containers.error();
    if (!sandboxes) co_return sandboxes.error();
    to.containers = std::move(*containers);
    to.sandboxes = std::move(*sandboxes);
    for (const listed_container& one : *to.containers) to.look(known_, one.id, one.state, false);
    for (const listed_sandbox& one : *to.sandboxes) to.look(known_, one.id, one.state, true);

    if (!to.missing.empty()) {
        const steady_clock::duration share = limit.remaining() / share_of_details;
        const deadline own =
            deadline::sooner(limit, deadline::in(std::min<steady_clock::duration>(share, longest_for_details)));
        std::vector<task<>> askers;
        askers.reserve(asked_at_once);
        for (std::size_t i = 0; i < asked_at_once; ++i) askers.push_back(ask_for_rest(to, own));
        co_await side_by_side(std::move(askers));
    }
    keep(to.details);
    co_return result<void>();
}

task<> docker_list::ask_for_rest(gathering& to, deadline limit)
{
    while (to.next < to.missing.size() && !limit.passed()) {
        const auto one = to.missing[to.next++];
        co_await ask_for(to, one.first, one.second, limit);
    }
}

/// A failure leaves the details out: the container may be gone by now.
task<> docker_list::ask_for(gathering& to, std::string id, bool is_sandbox, deadline limit)
{
    const auto its = std::make_shared<container_details>();
    if (is_sandbox) {
        const auto status = co_await client_.sandbox(id, limit);
        if (!status) co_return;
        verbose_facts facts = read_verbose_info(status->info);
        its->state = status->state;
        its->started_at = status->created_at;
        its->host_network = status->host_network;
        its->image = std::move(facts.image);
        its->command = command_text(facts.command);
    } else {
        auto status = co_await client_.container(id, limit);
        if (!status) co_return;
        const verbose_facts facts = read_verbose_info(status->info);
        its->state = status->state;
        its->started_at = status->started_at;
        its->finished_at = status->finished_at;
        its->exit_code = status->exit_code;
        its->says_exit = true;
        its->image = std::move(status->image);
        its->command = command_text(facts.command);
        its->mounts = std::move(status->mounts);
    }
    to.details.insert_or_assign(std::move(id), its);
}

void docker_list::keep(const details_map& all)
{
    std::size_t kept = 0;
    known_.clear();
    for (const auto& one : all) {
        kept += size_of(*one.second);
        if (kept > kept_limit) break;
        known_.insert(one);
    }
}

}  // namespace nodescope::cri
