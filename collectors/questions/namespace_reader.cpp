#include "collectors/questions/namespace_reader.hpp"

#include "core/side_by_side.hpp"
#include "netlink/read/nat_tables.hpp"
#include "netlink/read/network_reader.hpp"

#include <utility>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace nodescope {

namespace {

class live_reader final : public namespace_reader {
public:
    live_reader(program_runner& programs, namespace_reader_options options, netlink::net_namespace home)
        : root_(std::move(options.root)), home_(std::move(home)), nat_(programs, std::move(options.nat))
    {
    }

    void blocking_read_netlink(const opened_namespace& where, deadline limit, const abandon_flag& abandoned,
                               network_sink& sink) override
    {
        auto socket = netlink::netlink_socket::open_in(home_, where.space, NETLINK_ROUTE);
        if (!socket) {
            sink.put(result<netlink::links_and_addresses>(socket.error()));
            sink.put(result<netlink::routes>(socket.error()));
        } else {
            netlink::interface_names interfaces;
            const auto read = netlink::blocking_read_addresses(*socket, root_, {}, limit, abandoned);
            if (read) interfaces = netlink::names_of(read->links);
            sink.put(read);
            sink.put(netlink::blocking_read_routes(*socket, {AF_INET, RT_TABLE_MAIN}, std::move(interfaces), {}, limit,
                                                   abandoned));
        }
        sink.put(netlink::blocking_read_routes6(where.process.directory(), {}, limit, abandoned));
    }

    void blocking_look(opened_namespace& where, deadline limit) override
    {
        // Most namespaces have no NAT tables: then nothing more is to be done for them.
        where.nat = netlink::blocking_find_nat_tables(home_, where.space, where.process.directory(), limit);
        if (!where.has_no_nat()) nat_.blocking_prepare();
    }

    task<nat_reading> read_nat(std::shared_ptr<const opened_namespace> where, deadline limit) override
    {
        nat_reading read;
        std::vector<task<>> families;
        if (!opened_namespace::has_none(where->nat.ipv4)) {
            families.push_back(into(read.ipv4, read_family(where, netlink::ip_family::ipv4, limit)));
        }
        if (!opened_namespace::has_none(where->nat.ipv6)) {
            families.push_back(into(read.ipv6.emplace(), read_family(where, netlink::ip_family::ipv6, limit)));
        }
        co_await side_by_side(std::move(families));
        co_return read;
    }

private:
    task<result<netlink::nat_text>> read_family(std::shared_ptr<const opened_namespace> where,
                                                netlink::ip_family family, deadline limit)
    {
        const result<netlink::nat_tables>& found =
            family == netlink::ip_family::ipv4 ? where->nat.ipv4 : where->nat.ipv6;
        netlink::nat_target target(home_, where->space);
        co_return co_await nat_.read(std::move(target), family, found, limit);
    }

    const std::string root_;
    const netlink::net_namespace home_;
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

}  // namespace nodescope
