#include "netlink/text/route.hpp"
#include "netlink/text/table_writer.hpp"

#include <arpa/inet.h>
#include <linux/ipv6_route.h>
#include <linux/route.h>

namespace nodescope::netlink {

namespace {

constexpr std::string_view heading6 =
    "Kernel IPv6 routing table\n"
    "Destination                    Next Hop                   Flag Met Ref  Use If\n";

constexpr std::size_t typical_line6 = 80;

/// The size of the buffers in net-tools' rprint_fib6, without the NUL.
constexpr std::size_t shown_name_limit = 127;

/// INET6_sprint of net-tools' lib/inet6.c: "[::]", else a name of /etc/hosts, else the number; of an IPv4-mapped
/// address only the IPv4 part.
std::string address_text(const network_address& shown, const name_tables& names)
{
    in6_addr address;
    std::memcpy(&address, shown.bytes.data(), sizeof(address));
    if (IN6_IS_ADDR_UNSPECIFIED(&address)) return "[::]";
    if (const auto name = names.host(address); name && name->size() <= shown_name_limit) return std::string(*name);
    std::array<char, INET6_ADDRSTRLEN> number{};
    inet_ntop(AF_INET6, &address, number.data(), number.size());
    std::string text(number.data());
    if (IN6_IS_ADDR_V4MAPPED(&address)) text.erase(0, text.rfind(':') + 1);
    return text;
}

void put_flags(table_writer& line, std::uint32_t flags)
{
    static constexpr std::array<std::pair<std::uint32_t, char>, 11> letters{{{RTF_UP, 'U'},
                                                                             {RTF_REJECT, '!'},
                                                                             {RTF_GATEWAY, 'G'},
                                                                             {RTF_HOST, 'H'},
                                                                             {RTF_DEFAULT, 'D'},
                                                                             {RTF_ADDRCONF, 'A'},
                                                                             {RTF_ALLONLINK, 'a'},
                                                                             {RTF_EXPIRES, 'e'},
                                                                             {RTF_MODIFIED, 'm'},
                                                                             {RTF_NONEXTHOP, 'n'},
                                                                             {RTF_FLOW, 'f'}}};
    std::array<char, letters.size()> text;
    std::size_t count = 0;
    for (const auto& [flag, letter] : letters) {
        if ((flags & flag) != 0) text[count++] = letter;
    }
    line.put_column({text.data(), count}, 4);
}

void put_route(table_writer& line, const ipv6_route_line& route, std::string_view interface, const name_tables& names)
{
    std::string destination = address_text(route.destination, names);
    destination += '/';
    destination += as_int(route.prefix_length).view();
    line.put_column(std::string_view(destination).substr(0, shown_name_limit), 30);
    line.put_column(address_text(route.gateway, names), 26);
    put_flags(line, route.flags);
    line.put_column(as_int(route.metric).view(), 3);
    line.put_column(as_int(route.references).view(), 1);
    line.put_right(as_int(route.uses).view(), 6);
    line.put(' ');
    line.put(interface.substr(0, interface_limit));
}

}  // namespace

std::string route6_text(std::span<const ipv6_route_line> routes, const name_tables& names, std::size_t& lines)
{
    table_writer table(heading6, routes.size() * typical_line6);
    // A route without a device leaves the field empty, and `route`'s sscanf then keeps what the line before had.
    std::string_view last_interface;
    for (const ipv6_route_line& route : routes) {
        if (!route.interface.empty()) last_interface = route.interface;
        if ((route.flags & RTF_CACHE) != 0) continue;
        table.begin_line();
        put_route(table, route, last_interface, names);
        table.end_line();
        ++lines;
    }
    return table.take();
}

}  // namespace nodescope::netlink
