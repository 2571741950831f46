#include "collectors/network/container_places.hpp"

#include "collectors/host/proc/process_handle.hpp"
#include "netlink/read/detailed_reader.hpp"
#include "netlink/text/address_text.hpp"

#include <fmt/format.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <optional>

namespace nodescope {

namespace {

using netlink::net_namespace;

/// Failures leave the list empty: the container is there all the same.
std::vector<std::string> blocking_addresses_in(const net_namespace& home, const net_namespace& there, deadline limit,
                                               const abandon_flag& abandoned)
{
    std::vector<std::string> shown;
    auto socket = netlink::netlink_socket::open_in(home, there, NETLINK_ROUTE);
    if (!socket) return shown;
    const auto read = netlink::blocking_read_link_addresses(*socket, limit, abandoned);
    if (!read) return shown;
    for (const netlink::link_address& one : read->items) {
        if (!one.local || one.scope >= RT_SCOPE_LINK || shown.size() == most_addresses) continue;
        shown.push_back(fmt::format("{}/{}", netlink::address_text(one.family, *one.local), one.prefix_length));
    }
    return shown;
}

/// Of the process that was found, if it is still that one.
std::optional<net_namespace> blocking_namespace_of(const std::string& root, const running_container& process)
{
    const auto held = host::process_handle::open(root, process.pid);
    if (!held) return std::nullopt;
    const auto began = held->start_ticks();
    if (!began || *began != process.start_ticks) return std::nullopt;
    auto space = net_namespace::of_process(held->directory());
    if (!space || !held->alive()) return std::nullopt;
    return std::move(*space);
}

}  // namespace

container_places_found blocking_find_places(const std::string& root, const std::vector<running_container>& before,
                                            const net_namespace& home, deadline limit, const abandon_flag& abandoned)
{
    running_containers running = blocking_find_running_containers(root, before, limit, abandoned);
    container_places_found found;
    found.note = std::move(running.note);
    std::map<std::uint64_t, std::vector<std::string>> read;
    for (const running_container& process : running.all) {
        place_of_container& one = found.by_id[process.id];
        one.pid = process.pid;
        if (limit.passed() || abandoned.raised()) continue;
        const auto space = blocking_namespace_of(root, process);
        if (!space) continue;
        one.netns = space->identity().inode;
        auto known = read.find(one.netns);
        if (known == read.end()) {
            known = read.emplace(one.netns, blocking_addresses_in(home, *space, limit, abandoned)).first;
        }
        one.addresses = known->second;
    }
    found.found = std::move(running.all);
    return found;
}

task<result<container_places_collector::answer>> container_places_collector::look(deadline limit)
{
    const auto begin = [this](deadline own) { return look_now(own); };
    co_return co_await looks_.join("where the containers run", limit, begin);
}

task<result<container_places_collector::answer>> container_places_collector::look_now(deadline limit)
{
    auto work = [root = root_, home = home_, before = before_, limit](const abandon_flag& abandoned) -> result<answer> {
        return answer(
            std::make_shared<const container_places_found>(blocking_find_places(root, before, home, limit, abandoned)));
    };
    auto found = co_await pool_.run("where the containers run", limit, std::move(work));
    if (found) before_ = (*found)->found;
    co_return found;
}

}  // namespace nodescope
