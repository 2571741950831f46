#include "collectors/questions/namespace_reader.hpp"

#include "core/side_by_side.hpp"
#include "netlink/read/nat_tables.hpp"
#include "netlink/read/network_reader.hpp"
#include "netlink/text/ip_addr.hpp"
#include "netlink/text/name_tables.hpp"
#include "netlink/text/route.hpp"

#include <fmt/format.h>

#include <utility>

#include <linux/netlink.h>

namespace nodescope {

namespace {

// A view of what was read, with what must be said beside it. `count` items of `noun` are in the text.
text_part part_of(std::string text, const netlink::completeness& read, std::size_t count, std::string_view noun)
{
    text_part part(std::move(text));
    part.truncated = read.truncated;
    part.consistent = read.consistent;
    const auto say = [&part](std::string_view clause) {
        if (!part.note.empty()) part.note += ", ";
        part.note += clause;
    };
    if (read.truncated) say(fmt::format("cut after {} {}: there are more", count, noun));
    if (!read.consistent) say("changed while it was read");
    if (read.damaged != 0) say(fmt::format("{} damaged messages skipped", read.damaged));
    return part;
}

text_part part_of(const result<netlink::routes>& read, const netlink::name_tables& names)
{
    if (!read) return text_part(read.error());
    std::size_t lines = 0;
    std::string text = netlink::route_text(read->items, read->interfaces, names, lines);
    return part_of(std::move(text), *read, lines, "routes");
}

text_part part_of(const result<netlink::ipv6_routes>& read, const netlink::name_tables& names)
{
    if (!read) return text_part(read.error());
    if (!read->supported) return text_part(std::string(netlink::no_ipv6_text));
    std::size_t lines = 0;
    std::string text = netlink::route6_text(read->items, names, lines);
    return part_of(std::move(text), *read, lines, "routes");
}

text_part part_of(result<netlink::nat_text>&& read)
{
    if (!read) return text_part(read.error());
    text_part part(std::move(read->text));
    part.truncated = read->truncated;
    if (read->truncated) part.note = "cut at the limit: there are more rules";
    if (read->incomplete) {
        if (!part.note.empty()) part.note += ", ";
        part.note += read->incomplete->message();
    }
    return part;
}

class live_reader final : public namespace_reader {
public:
    live_reader(program_runner& programs, namespace_reader_options options, netlink::net_namespace home)
        : root_(std::move(options.root)), home_(std::move(home)), names_(root_), nat_(programs, std::move(options.nat))
    {
    }

    void blocking_read_netlink(const opened_namespace& where, deadline limit, const abandon_flag& abandoned,
                               netlink_progress& progress) override
    {
        auto socket = netlink::netlink_socket::open_in(home_, where.space, NETLINK_ROUTE);
        netlink::interface_names interfaces;
        if (!socket) {
            progress.put(&netlink_texts::addresses, text_part(socket.error()));
            progress.put(&netlink_texts::route, text_part(socket.error()));
        } else {
            const auto read = netlink::blocking_read_addresses(*socket, root_, {}, limit, abandoned);
            if (read) interfaces = netlink::names_of(read->links);
            progress.put(&netlink_texts::addresses, addresses_part(read));
        }
        const auto names = names_.current();
        if (socket) {
            progress.put(
                &netlink_texts::route,
                part_of(netlink::blocking_read_routes(*socket, std::move(interfaces), {}, limit, abandoned), *names));
        }
        progress.put(&netlink_texts::route6,
                     part_of(netlink::blocking_read_routes6(where.process.directory(), {}, limit, abandoned), *names));
    }

    void blocking_look(opened_namespace& where, deadline limit) override
    {
        // Most namespaces have no NAT tables: then nothing more is to be done for them.
        where.nat = netlink::blocking_find_nat_tables(home_, where.space, where.process.directory(), limit);
    }

    task<nat_texts> read_nat(std::shared_ptr<const opened_namespace> where, deadline limit) override
    {
        nat_texts texts;
        if (where->has_no_nat()) {
            texts.nat = text_part(std::string());
            co_return texts;
        }
        std::vector<task<>> families;
        families.push_back(into(texts.nat, read_family(where, netlink::ip_family::ipv4, limit)));
        families.push_back(into(texts.nat6, read_family(where, netlink::ip_family::ipv6, limit)));
        auto both = side_by_side(std::move(families));
        co_await std::move(both);
        // An IPv6 table is mentioned only where there is one.
        if (where->nat.ipv6 && where->nat.ipv6->none()) texts.nat6 = text_part();
        co_return texts;
    }

private:
    [[nodiscard]] text_part addresses_part(const result<netlink::links_and_addresses>& read) const
    {
        if (!read) return text_part(read.error());
        netlink::iproute_names names(root_);
        std::string text = netlink::ip_addr_text(read->links, read->addresses, names, read->namespace_names);
        return part_of(std::move(text), *read, read->addresses.size(), "addresses");
    }

    task<text_part> read_family(std::shared_ptr<const opened_namespace> where, netlink::ip_family family,
                                deadline limit)
    {
        const result<netlink::nat_tables>& found =
            family == netlink::ip_family::ipv4 ? where->nat.ipv4 : where->nat.ipv6;
        if (found && found->none()) co_return text_part(std::string());
        // Shares the ownership of the whole: `where` lives as long as anything of it is used.
        std::shared_ptr<const unique_fd> process(where, &where->process.directory_descriptor());
        netlink::nat_target target(home_, where->space, std::move(process));
        auto reading = nat_.read(std::move(target), family, found, limit);
        co_return part_of(co_await std::move(reading));
    }

    const std::string root_;
    const netlink::net_namespace home_;
    netlink::name_source names_;
    netlink::nat_reader nat_;
};

}  // namespace

result<std::unique_ptr<namespace_reader>> make_namespace_reader(program_runner& programs,
                                                                namespace_reader_options options)
{
    auto home = netlink::net_namespace::of_this_thread();
    if (!home) return home.error();
    return std::unique_ptr<namespace_reader>(
        std::make_unique<live_reader>(programs, std::move(options), std::move(*home)));
}

void netlink_progress::put(text_part netlink_texts::*part, text_part value)
{
    const std::lock_guard lock(mutex_);
    texts_.*part = std::move(value);
}

netlink_texts netlink_progress::take(const error& reason)
{
    const std::lock_guard lock(mutex_);
    for (text_part* const part : {&texts_.addresses, &texts_.route, &texts_.route6}) {
        if (!part->text && !part->reason) *part = text_part(reason);
    }
    return std::move(texts_);
}

}  // namespace nodescope
