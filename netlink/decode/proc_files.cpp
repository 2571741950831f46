#include "netlink/decode/proc_files.hpp"

#include "core/text_scan.hpp"

#include <algorithm>
#include <cstdint>

namespace nodescope::netlink {

namespace {

bool take_hex(fields& line, std::uint32_t& value)
{
    const auto number = whole_number<std::uint32_t>(line.next(), 16);
    value = number.value_or(0);
    return number.has_value();
}

bool take_address(fields& line, network_address& address)
{
    const std::string_view digits = line.next();
    if (digits.size() != 2 * address.bytes.size()) return false;
    for (std::size_t i = 0; i < address.bytes.size(); ++i) {
        const auto byte = whole_number<std::uint8_t>(digits.substr(2 * i, 2), 16);
        if (!byte) return false;
        address.bytes[i] = *byte;
    }
    return true;
}

/// One line of /proc/net/ipv6_route (net/ipv6/ip6_fib.c, ipv6_route_native_seq_show).
bool parse_line(std::string_view text, ipv6_route_line& route)
{
    fields line(text);
    network_address source;
    std::uint32_t source_length = 0;
    const bool good = take_address(line, route.destination) && take_hex(line, route.prefix_length) &&
                      take_address(line, source) && take_hex(line, source_length) &&
                      take_address(line, route.gateway) && take_hex(line, route.metric) &&
                      take_hex(line, route.references) && take_hex(line, route.uses) && take_hex(line, route.flags);
    route.interface = line.next();
    return good;
}

}  // namespace

bool lists_nat(std::string_view table_names)
{
    bool found = false;
    for_each_line(table_names, [&found](std::string_view name) {
        found = name == "nat";
        return !found;
    });
    return found;
}

bool lacks_module(std::string_view modules, std::string_view base, std::string_view wanted)
{
    bool has_base = false;
    bool has_wanted = false;
    for_each_line(modules, [&](std::string_view line) {
        const std::string_view name = line.substr(0, line.find(' '));
        has_base = has_base || name == base;
        has_wanted = has_wanted || name == wanted;
        return true;
    });
    return has_base && !has_wanted;
}

bool is_module_to_load(std::string_view modules, std::string_view builtin, std::string_view wanted)
{
    bool is_there = false;
    for_each_line(modules, [&](std::string_view line) {
        is_there = line.substr(0, line.find(' ')) == wanted;
        return !is_there;
    });
    if (is_there) return false;
    for_each_line(builtin, [&](std::string_view path) {
        const std::string_view file = path.substr(path.rfind('/') + 1);
        const std::string_view name = file.substr(0, file.find('.'));
        is_there = std::ranges::equal(name, wanted, [](char a, char b) { return a == b || (a == '-' && b == '_'); });
        return !is_there;
    });
    return !is_there;
}

std::optional<std::uint64_t> count_unix_sockets(std::string_view protocols)
{
    std::optional<std::uint64_t> count;
    for_each_line(protocols, [&count](std::string_view text) {
        fields line(text);
        const std::string_view name = line.next();
        if (name != "UNIX" && name != "UNIX-STREAM") return true;
        line.next();  // the size of one
        if (const auto number = whole_number<std::uint64_t>(line.next())) count = count.value_or(0) + *number;
        return true;
    });
    return count;
}

std::optional<std::uint64_t> count_tcp_sockets(std::string_view sockstat)
{
    std::optional<std::uint64_t> in_use;
    std::optional<std::uint64_t> waiting;
    bool is_complete = false;
    for_each_line(sockstat, [&](std::string_view text) {
        fields line(text);
        const std::string_view group = line.next();
        if (group != "TCP:" && group != "TCP6:") return true;
        for (std::string_view name = line.next(); !name.empty(); name = line.next()) {
            const auto number = whole_number<std::uint64_t>(line.next());
            if (name == "inuse") in_use = number;
            if (name == "tw") waiting = number;
        }
        is_complete = in_use && (waiting || group == "TCP6:");
        return false;
    });
    if (!is_complete) return std::nullopt;
    return *in_use + waiting.value_or(0);
}

std::vector<std::int64_t> parse_sysctl_numbers(std::string_view text)
{
    std::vector<std::int64_t> numbers;
    fields words(text);
    for (std::string_view word = words.next(); !word.empty(); word = words.next()) {
        const auto number = whole_number<std::int64_t>(word);
        if (!number) return {};
        numbers.push_back(*number);
    }
    return numbers;
}

std::vector<ipv6_route_line> decode_ipv6_routes(std::string_view text)
{
    std::vector<ipv6_route_line> routes;
    routes.reserve(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')));
    for_each_line(text, [&routes](std::string_view line) {
        if (!parse_line(line, routes.emplace_back())) routes.pop_back();
        return true;
    });
    return routes;
}

}  // namespace nodescope::netlink
