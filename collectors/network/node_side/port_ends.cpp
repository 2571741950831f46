#include "collectors/network/node_side/port_ends.hpp"

#include "collectors/findings/facts/link_facts.hpp"
#include "collectors/host/proc/process_handle.hpp"
#include "core/files/directory.hpp"
#include "core/files/root.hpp"
#include "netlink/read/detailed_reader.hpp"
#include "netlink/read/namespace_names.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <linux/netlink.h>

#include <set>
#include <string>
#include <utility>

namespace nodescope {

namespace {

using netlink::net_namespace;

/// A node has a name for each of its pods.
constexpr int names_looked_at = 2000;

std::string words_for(std::string_view name, std::string_view id)
{
    return fmt::format("the container {}", name.empty() ? id.substr(0, 12) : name);
}

class port_end_search {
public:
    port_end_search(part_source& source, netlink::netlink_socket& socket,
                    std::map<std::int32_t, std::vector<awaited_end>> awaited)
        : source_(source), socket_(socket), awaited_(std::move(awaited))
    {
    }

    void look_here()
    {
        const auto& owner = source_.known.owner;
        look_into(source_.where.space, owner ? words_for(owner->name, owner->id) : "this namespace");
    }

    void look_into_containers()
    {
        for (const known_container& known : source_.known.containers) {
            if (is_done()) return;
            const auto process = host::process_handle::open(source_.root, known.pid);
            if (!process) continue;
            const auto began = process->start_ticks();
            if (!began || *began != known.start_ticks) continue;
            const auto there = net_namespace::of_process(process->directory());
            if (there && process->alive()) look_into(*there, words_for(known.name, known.id));
        }
    }

    void look_into_named()
    {
        if (is_done()) return;
        files::directory entries(files::open(files::place(source_.root, "/run/netns"), O_RDONLY | O_DIRECTORY));
        for (int looked_at = 0; entries && !is_done() && looked_at < names_looked_at; ++looked_at) {
            const dirent* const entry = entries.next();
            if (entry == nullptr) return;
            const auto there = net_namespace::of_file(entries.descriptor(), entry->d_name);
            if (there) look_into(*there, fmt::format("the namespace {}", entry->d_name));
        }
    }

private:
    [[nodiscard]] bool is_done() const
    {
        return awaited_.empty() || source_.limit.passed() || source_.abandoned.raised();
    }

    void look_into(const net_namespace& there, const std::string& whose)
    {
        if (is_done()) return;
        const auto id = netlink::blocking_namespace_id(socket_, there.descriptor(), source_.limit);
        const auto found = id ? awaited_.find(*id) : awaited_.end();
        if (found == awaited_.end()) return;
        const std::vector<awaited_end> taken = std::move(found->second);
        awaited_.erase(found);
        fill(there, whose, taken);
    }

    void fill(const net_namespace& there, const std::string& whose, const std::vector<awaited_end>& taken)
    {
        auto socket = netlink::netlink_socket::open_in(source_.home, there, NETLINK_ROUTE);
        if (!socket) return;
        std::set<std::uint32_t> wanted;
        for (const awaited_end& one : taken) wanted.insert(one.index);
        const auto links = netlink::blocking_read_links_of(*socket, wanted, source_.limit, source_.abandoned);
        if (!links) return;
        const auto addresses = netlink::blocking_read_link_addresses(*socket, source_.limit, source_.abandoned);
        if (!addresses) return;
        for (const awaited_end& one : taken) {
            for (const netlink::link& link : *links) {
                if (static_cast<std::uint32_t>(link.index) != one.index) continue;
                findings::seen_end& end = one.port->end.emplace();
                end.netns = there.identity().inode;
                end.index = link.index;
                end.name = link.name.value_or(fmt::format("if{}", link.index));
                end.hardware = link.address;
                end.whose = whose;
                for (const netlink::link_address& address : addresses->items) {
                    if (address.link_index == link.index) end.addresses.push_back(address);
                }
            }
        }
    }

    part_source& source_;
    netlink::netlink_socket& socket_;
    std::map<std::int32_t, std::vector<awaited_end>> awaited_;
};

}  // namespace

void blocking_find_ends(part_source& source, netlink::netlink_socket& socket,
                        std::map<std::int32_t, std::vector<awaited_end>> awaited)
{
    port_end_search search(source, socket, std::move(awaited));
    search.look_here();
    search.look_into_containers();
    search.look_into_named();
}

void blocking_find_own_ends(part_source& source, netlink::netlink_socket& socket,
                            std::map<std::int32_t, std::vector<awaited_end>> awaited)
{
    port_end_search(source, socket, std::move(awaited)).look_here();
}

}  // namespace nodescope
