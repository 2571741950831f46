#include "collectors/network/model_reading.hpp"

#include "collectors/network/node_side/node_side_reading.hpp"
#include "collectors/network/part_text.hpp"
#include "collectors/network/peers.hpp"
#include "netlink/json/route.hpp"
#include "netlink/read/detailed_reader.hpp"

#include <fmt/format.h>

#include <sys/socket.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

namespace nodescope {

namespace {

using findings::model_list;
using findings::network_model;

/// The lists of a model while they are read.
class model_lists {
public:
    template <class T>
    void take(model_list<T>& to, result<netlink::dumped<T>> read, std::string_view noun)
    {
        if (!read) {
            to.missing = read.error().message();
            if (!failed_) failed_ = read.error();
            return;
        }
        any_ = true;
        const std::string note = note_of(*read, read->items.size(), noun);
        if (!note.empty()) to.missing = fmt::format("{}: {}", noun, note);
        std::ranges::move(read->items, std::back_inserter(to.items));
    }
    /// The first failure, where nothing was read.
    [[nodiscard]] std::optional<error> failure_of_all() const { return any_ ? std::nullopt : failed_; }

private:
    bool any_ = false;
    std::optional<error> failed_;
};

bool needs_object(const netlink::detailed_route& one) { return one.nexthop_id != 0 && one.hops.empty(); }

void resolve_objects(part_source& source, model_list<netlink::detailed_route>& routes)
{
    if (std::ranges::none_of(routes.items, needs_object)) return;
    const auto read = source.blocking_nexthops();
    if (!read) {
        routes.missing = read.error().message();
        return;
    }
    const std::vector<netlink::nexthop_object> objects((*read)->items.begin(), (*read)->items.end());
    for (netlink::detailed_route& one : routes.items) {
        if (needs_object(one)) netlink::resolve_nexthop(one, objects);
    }
}

/// What nobody could be asked about is left out.
void read_ends(part_source& source, model_list<findings::other_end>& ends)
{
    const auto read = blocking_read_peers(source);
    if (!read) {
        ends.missing = read.error().message();
        return;
    }
    for (const link_peer& one : *read) {
        if (!one.peer_name) continue;
        findings::other_end& end = ends.items.emplace_back();
        end.link_index = static_cast<int>(one.index);
        end.name = *one.peer_name;
        end.flags = one.peer_flags;
        end.mtu = one.peer_mtu;
        end.on_node = one.place == peer_place::node;
        end.here = one.is_here;
    }
}

void read_rules(part_source& source, netlink::netlink_socket& socket, model_list<netlink::detailed_rule>& rules,
                model_lists& lists)
{
    for (const std::uint8_t family : {std::uint8_t{AF_INET}, std::uint8_t{AF_INET6}}) {
        auto read = netlink::blocking_read_rules(socket, family, source.limit, source.abandoned);
        if (!read && netlink::is_missing_in_kernel(read.error(), netlink::rules6_name)) continue;
        // Without IPv6 the kernel answers for all families.
        if (read) std::erase_if(read->items, [&](const auto& one) { return one.family != family; });
        lists.take(rules, std::move(read), "rules");
    }
}

}  // namespace

result<network_model> blocking_read_model(part_source& source, unsigned needed, const earlier_counters& earlier)
{
    const auto opened = source.blocking_socket();
    if (!opened) return opened.error();
    netlink::netlink_socket& socket = **opened;
    const deadline limit = source.limit;
    const abandon_flag& abandoned = source.abandoned;

    network_model made;
    made.netns = source.where.space.identity().inode;
    made.is_node = source.known.is_node;
    model_lists lists;
    // The sides of links are made of these.
    constexpr unsigned of_sides = findings::links_input | findings::addresses_input | findings::routes_input |
                                  findings::rules_input | findings::ends_input;
    if ((needed & (findings::wiring_input | findings::filters_input)) != 0) needed |= of_sides;
    const auto is_needed = [needed](unsigned input) { return (needed & input) != 0; };
    // Counters of links come with them.
    if (is_needed(findings::links_input | findings::counters_input))
        lists.take(made.links, netlink::blocking_read_detailed_links(socket, limit, abandoned), "links");
    if (is_needed(findings::addresses_input))
        lists.take(made.addresses, netlink::blocking_read_link_addresses(socket, limit, abandoned), "addresses");
    if (is_needed(findings::routes_input))
        lists.take(made.routes, netlink::blocking_read_detailed_routes(socket, AF_UNSPEC, limit, abandoned), "routes");
    if (is_needed(findings::rules_input)) read_rules(source, socket, made.rules, lists);
    if (is_needed(findings::neighbours_input))
        lists.take(made.neighbours, netlink::blocking_read_neighbours(socket, limit, abandoned), "neighbours");
    if (const auto failed = lists.failure_of_all()) return *failed;

    std::erase_if(made.routes.items, [](const auto& one) { return !netlink::is_shown_by_ip_route(one); });
    resolve_objects(source, made.routes);
    if (is_needed(findings::ends_input)) read_ends(source, made.ends);
    if (is_needed(findings::wiring_input | findings::filters_input)) {
        blocking_read_sides(source, socket, needed, made);
    }
    blocking_read_load(source, needed, earlier, made);
    return made;
}

}  // namespace nodescope
