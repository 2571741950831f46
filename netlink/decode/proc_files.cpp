#include "netlink/decode/proc_files.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>

namespace nodescope::netlink {

namespace {

std::string_view take_line(std::string_view& text) noexcept
{
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    return line;
}

bool take_field(std::string_view& line, std::string_view& field) noexcept
{
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    field = line.substr(0, line.find(' '));
    line.remove_prefix(field.size());
    return !field.empty();
}

bool take_hex(std::string_view& line, std::uint32_t& value) noexcept
{
    std::string_view field;
    if (!take_field(line, field)) return false;
    const auto [end, failed] = std::from_chars(field.data(), field.data() + field.size(), value, 16);
    return failed == std::errc() && end == field.data() + field.size();
}

bool take_address(std::string_view& line, network_address& address) noexcept
{
    std::string_view field;
    if (!take_field(line, field) || field.size() != 32) return false;
    for (std::size_t i = 0; i < 16; ++i) {
        const char* const at = field.data() + 2 * i;
        const auto [end, failed] = std::from_chars(at, at + 2, address.bytes[i], 16);
        if (failed != std::errc() || end != at + 2) return false;
    }
    return true;
}

/// One line of /proc/net/ipv6_route (net/ipv6/ip6_fib.c, ipv6_route_native_seq_show).
bool parse_line(std::string_view line, ipv6_route_line& route)
{
    network_address source;
    std::uint32_t source_length = 0;
    const bool good = take_address(line, route.destination) && take_hex(line, route.prefix_length) &&
                      take_address(line, source) && take_hex(line, source_length) &&
                      take_address(line, route.gateway) && take_hex(line, route.metric) &&
                      take_hex(line, route.references) && take_hex(line, route.uses) && take_hex(line, route.flags);
    if (!good) return false;
    std::string_view interface;
    take_field(line, interface);
    route.interface = interface;
    return true;
}

}  // namespace

bool lists_nat(std::string_view table_names)
{
    while (!table_names.empty()) {
        if (take_line(table_names) == "nat") return true;
    }
    return false;
}

std::vector<ipv6_route_line> decode_ipv6_routes(std::string_view text)
{
    std::vector<ipv6_route_line> routes;
    routes.reserve(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')));
    while (!text.empty()) {
        if (!parse_line(take_line(text), routes.emplace_back())) routes.pop_back();
    }
    return routes;
}

}  // namespace nodescope::netlink
