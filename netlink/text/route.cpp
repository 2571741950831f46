#include "netlink/text/route.hpp"

#include "netlink/text/table_writer.hpp"

#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>

namespace nodescope::netlink {

namespace {

constexpr std::uint32_t mask_of(std::uint8_t prefix_length) noexcept
{
    return prefix_length == 0 ? 0 : ~std::uint32_t{0} << (32U - std::min<unsigned>(prefix_length, 32));
}

constexpr std::string_view heading =
    "Kernel IP routing table\n"
    "Destination     Gateway         Genmask         Flags Metric Ref    Use Iface\n";
constexpr std::size_t typical_line = 80;
/// In every namespace; the device that the kernel gives a nexthop object that drops (net/ipv4/nexthop.c).
constexpr std::uint32_t loopback_index = 1;

/// What /proc/net/route shows of a route. Addresses are in host byte order.
struct shown_route {
    explicit shown_route(const route& told)
        : destination(first_word(told.destination)),
          metric(told.priority),
          prefix_length(told.destination_length),
          is_reject(told.type == RTN_UNREACHABLE || told.type == RTN_PROHIBIT)
    {
        if (told.hops.empty()) return;
        const next_hop& first = told.hops.front();
        interface_index = first.blackhole ? loopback_index : first.interface_index;
        // An IPv6 gateway has no column of its own: the kernel prints 0.0.0.0, but takes the flag from the first four
        // bytes of the union that holds either address (fib_flag_trans and fib_route_seq_show of net/ipv4/fib_trie.c).
        const std::uint32_t word = first_word(first.gateway);
        through_gateway = word != 0;
        if (first.gateway_family == AF_INET) gateway = word;
    }

    std::uint32_t destination;
    std::uint32_t gateway = 0;
    std::uint32_t interface_index = 0;
    std::uint32_t metric;
    std::uint8_t prefix_length;
    bool is_reject;
    bool through_gateway = false;

private:
    static std::uint32_t first_word(const network_address& address) noexcept
    {
        std::uint32_t word = 0;
        std::memcpy(&word, address.bytes.data(), sizeof(word));
        return ntohl(word);
    }
};

void put_name_or_number(table_writer& line, std::optional<std::string_view> name, std::uint32_t address)
{
    if (!name) return line.put_address(address);
    line.put_column(name->substr(0, address_width), address_width);
}

/// INET_rresolve of net-tools' lib/inet.c: only 0.0.0.0/0 is "default", other prefixes of 0.0.0.0 have no name; a host
/// route is looked up among the hosts, a network among the networks by its address alone.
void put_destination(table_writer& line, const shown_route& route, const name_tables& names)
{
    const std::uint32_t mask = mask_of(route.prefix_length);
    std::optional<std::string_view> name;
    if (route.destination == 0) {
        if (mask == 0) name = "default";
    } else if (route.prefix_length == 32 || (route.destination & ~mask) != 0) {
        name = names.host(route.destination);
    } else {
        name = names.network(route.destination);
    }
    put_name_or_number(line, name, route.destination);
}

void put_gateway(table_writer& line, const shown_route& route, const name_tables& names)
{
    std::optional<std::string_view> name;
    if (route.is_reject) name = "-";
    else if (route.gateway != 0) name = names.host(route.gateway);
    put_name_or_number(line, name, route.gateway);
}

void put_flags(table_writer& line, const shown_route& route)
{
    const bool host = route.prefix_length == 32;
    if (route.is_reject) line.put(host ? "!H    " : "!     ");
    else if (route.through_gateway) line.put(host ? "UGH   " : "UG    ");
    else line.put(host ? "UH    " : "U     ");
}

/// Most routes in a row use the same interface.
class interface_lookup {
public:
    explicit interface_lookup(const interface_names& names) : names_(names) {}

    std::string_view name(std::uint32_t index)
    {
        if (index == 0) return "*";
        if (index == last_index_) return last_name_;
        last_index_ = index;
        if (const auto found = names_.find(index); found != names_.end()) {
            last_name_ = std::string_view(found->second).substr(0, interface_limit);
        } else {
            unnamed_ = "if" + std::to_string(index);
            last_name_ = unnamed_;
        }
        return last_name_;
    }

private:
    const interface_names& names_;
    std::uint32_t last_index_ = 0;
    std::string_view last_name_;
    std::string unnamed_;
};

}  // namespace

bool is_shown_by_route(const route& told) noexcept
{
    return told.family == AF_INET && told.table == RT_TABLE_MAIN && (told.flags & RTM_F_CLONED) == 0 &&
           told.type != RTN_BROADCAST && told.type != RTN_MULTICAST;
}

std::string route_text(std::span<const route> routes, const interface_names& interfaces, const name_tables& names,
                       std::size_t& lines)
{
    table_writer table(heading, routes.size() * typical_line);
    interface_lookup lookup(interfaces);
    for (const route& told : routes) {
        if (!is_shown_by_route(told)) continue;
        const shown_route route(told);
        table.begin_line();
        put_destination(table, route, names);
        put_gateway(table, route, names);
        table.put_address(mask_of(route.prefix_length));
        put_flags(table, route);
        table.put_left(as_int(route.metric).view(), 6);
        // Ref and Use: the kernel has written 0 for both since it has no route cache (Linux 3.6).
        if (route.is_reject) {
            table.put(" -        0 -");
        } else {
            table.put(" 0        0 ");
            table.put(lookup.name(route.interface_index));
        }
        table.end_line();
        ++lines;
    }
    return table.take();
}

}  // namespace nodescope::netlink
