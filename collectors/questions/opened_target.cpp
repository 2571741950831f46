#include "collectors/questions/opened_target.hpp"

#include "collectors/host/proc/proc_text.hpp"
#include "collectors/host/proc/process_handle.hpp"
#include "collectors/questions/container_network.hpp"
#include "collectors/questions/own_kernel.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

namespace nodescope {

namespace {

// The kernel's are shorter.
constexpr std::size_t process_name_limit = 64;

result<host::process_stat> stat_of(const host::process_handle& process)
{
    const auto text = process.read_stat();
    if (!text) return text.error();
    return host::parse_process_stat(text->text);
}

/// That of the thread that is held; empty where it cannot be read.
std::string name_of(const host::process_handle& process)
{
    auto read = process.read("comm", process_name_limit);
    return read ? std::move(read->text) : std::string();
}

result<container_network> network_of(host::process_handle process)
{
    auto space = netlink::net_namespace::of_process(process.directory());
    if (!space) return space.error();
    return container_network(std::move(process), std::move(*space));
}

std::string by_name_alone(uid_t user)
{
    return fmt::format("user {} can have made the cgroup: only its name says that it is this container", user);
}

}  // namespace

error not_running(const container& which, std::string_view why)
{
    return error(failure::conflict,
                 fmt::format("container is not running: {} {}", host::shown_container(which.name, which.id), why));
}

result<opened_target> blocking_open_target(const std::string& root, namespace_reader* reader, found_process found,
                                           deadline limit, const abandon_flag& abandoned)
{
    auto process = host::process_handle::open(root, found.pid);
    if (!process) return process.error();
    opened_target target;
    net_info& about = target.about;
    about.pid = found.pid;
    std::string called;  // the container's process
    if (found.owner) {
        const container& said = found.owner->what;
        auto stat = stat_of(*process);
        if (!stat) return stat.error();
        if (found.owner->start_ticks != 0 && stat->start_ticks != found.owner->start_ticks) {
            return host::container_changed(said.name, said.id,
                                           fmt::format("process {} is no longer its own", found.pid));
        }
        // The container's first process, or its namespaces, may not be there yet.
        if (found.owner->by_its_cgroup && host::is_container_in_the_making(*process, root)) {
            return not_running(said, "is being made");
        }
        host::container_claim claim(said.id, said.name, said.started_at);
        claim.by_name_alone = found.owner->in_subtree_of.has_value();
        const auto proved = host::belongs_to_container(*process, root, claim);
        if (!proved) return proved.error();
        about.verified = *proved;
        about.container_id = claim.id;
        about.container_name = claim.name;
        about.resolved_by = found.owner->resolved_by;
        target.start_ticks = stat->start_ticks;
        called = std::move(stat->comm);
    }
    auto network = found.owner ? blocking_find_network(root, std::move(*process), found.owner->what, limit, abandoned)
                               : network_of(std::move(*process));
    if (!network) return network.error();
    // Only now is it sure that directory, cgroup and namespace were those of one living process.
    if (!network->process.alive()) {
        return error(failure::gone, fmt::format("process {} ended while its namespace was opened", found.pid));
    }
    about.space = network->space.identity();
    about.host_network = is_node_network(root, about.space);
    about.network_note = std::move(network->note);
    if (found.owner) {
        if (network->process.pid() != found.pid || network->process.lost_first_thread()) {
            called = name_of(network->process);
        }
        const std::string own = note_of_own_kernel(found.owner->what.low_level_runtime, called);
        if (!own.empty()) append_clause(about.network_note, own);
    }
    if (found.owner && found.owner->in_subtree_of)
        append_clause(about.network_note, by_name_alone(*found.owner->in_subtree_of));
    if (network->process.lost_first_thread()) {
        append_clause(about.network_note,
                      fmt::format("the first thread of process {} has ended: the network is that of another of its "
                                  "threads",
                                  network->process.pid()));
    }
    auto opened = std::make_shared<opened_namespace>(std::move(network->process), std::move(network->space));
    if (reader != nullptr) reader->blocking_look(*opened, limit);
    target.where = std::move(opened);
    target.owner = std::move(found.owner);
    return target;
}

}  // namespace nodescope
