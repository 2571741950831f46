#include "netlink/text/route.hpp"

#include <arpa/inet.h>
#include <linux/ipv6_route.h>
#include <linux/route.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

namespace nodescope::netlink {

namespace {

/// The decimal digits of every byte, written three at a time and counted.
struct byte_digits {
    std::array<char, 3> digits;
    std::uint8_t count;
};

constexpr std::array<byte_digits, 256> make_byte_digits() noexcept
{
    std::array<byte_digits, 256> table{};
    for (unsigned value = 0; value < table.size(); ++value) {
        byte_digits& entry = table[value];
        for (const unsigned unit : {100U, 10U, 1U}) {
            if (value >= unit || unit == 1) entry.digits[entry.count++] = static_cast<char>('0' + value / unit % 10);
        }
    }
    return table;
}

constexpr std::array<byte_digits, 256> byte_table = make_byte_digits();

/// Returns the end. Writes up to two bytes beyond it.
char* write_dotted(char* at, std::uint32_t address) noexcept
{
    for (unsigned shift = 24;; shift -= 8) {
        const byte_digits& entry = byte_table[(address >> shift) & 0xffU];
        std::memcpy(at, entry.digits.data(), entry.digits.size());
        at += entry.count;
        if (shift == 0) return at;
        *at++ = '.';
    }
}

constexpr std::size_t address_width = 15;

/// Writes lines where they stay: a table has tens of thousands of them, and copying each one costs as much as making
/// it.
class table_writer {
public:
    table_writer(std::string_view heading, std::size_t expected_bytes) : text_(heading)
    {
        used_ = text_.size();
        text_.resize(used_ + expected_bytes + line_limit);
    }
    /// Makes room for one line, which must not be longer than `line_limit`: every field of it is cut.
    void begin_line()
    {
        if (text_.size() - used_ < line_limit) text_.resize(2 * text_.size() + line_limit);
        at_ = text_.data() + used_;
    }
    void end_line()
    {
        *at_++ = '\n';
        used_ = static_cast<std::size_t>(at_ - text_.data());
    }
    std::string take()
    {
        text_.resize(used_);
        return std::move(text_);
    }

    void put(char c) { *at_++ = c; }
    void put(std::string_view text)
    {
        // Not memcpy: an empty text may have no address at all.
        at_ = std::copy(text.begin(), text.end(), at_);
    }
    /// A column of addresses, the blank behind it included.
    void put_address(std::uint32_t address)
    {
        char* const end = write_dotted(at_, address);
        char* const next = at_ + address_width + 1;
        std::memset(end, ' ', address_width + 1);
        at_ = next;
    }
    /// printf's %-<width>s.
    void put_left(std::string_view text, std::size_t width)
    {
        put(text);
        if (text.size() < width) pad(width - text.size());
    }
    /// printf's %<width>d.
    void put_right(std::string_view text, std::size_t width)
    {
        if (text.size() < width) pad(width - text.size());
        put(text);
    }

    static constexpr std::size_t line_limit = 512;

private:
    void pad(std::size_t count)
    {
        std::memset(at_, ' ', count);
        at_ += count;
    }

    std::string text_;
    std::size_t used_ = 0;
    char* at_ = nullptr;
};

struct number_text {
    std::array<char, 16> buffer;
    std::size_t size = 0;
    [[nodiscard]] std::string_view view() const noexcept { return {buffer.data(), size}; }
};

number_text decimal(std::int32_t value) noexcept
{
    number_text text;
    const auto end = std::to_chars(text.buffer.data(), text.buffer.data() + text.buffer.size(), value).ptr;
    text.size = static_cast<std::size_t>(end - text.buffer.data());
    return text;
}

/// `route` reads every number of /proc/net with %d or %x into an int, whatever the kernel wrote.
number_text as_int(std::uint32_t value) noexcept { return decimal(static_cast<std::int32_t>(value)); }

constexpr std::uint32_t mask_of(std::uint8_t prefix_length) noexcept
{
    return prefix_length == 0 ? 0 : ~std::uint32_t{0} << (32U - std::min<unsigned>(prefix_length, 32));
}

// ---- route ----------------------------------------------------------------------------------------------------------

constexpr std::string_view heading =
    "Kernel IP routing table\n"
    "Destination     Gateway         Genmask         Flags Metric Ref    Use Iface\n";
constexpr std::size_t typical_line = 80;

bool is_reject(const ipv4_route& route) noexcept { return route.type == RTN_UNREACHABLE || route.type == RTN_PROHIBIT; }

/// fib_route_seq_show of net/ipv4/fib_trie.c leaves these two types out.
bool is_shown(const ipv4_route& route) noexcept { return route.type != RTN_BROADCAST && route.type != RTN_MULTICAST; }

void put_name_or_number(table_writer& line, std::optional<std::string_view> name, std::uint32_t address)
{
    if (!name) return line.put_address(address);
    line.put_left(name->substr(0, address_width), address_width);
    line.put(' ');
}

/// INET_rresolve of net-tools' lib/inet.c: only 0.0.0.0/0 is "default", other prefixes of 0.0.0.0 have no name; a host
/// route is looked up among the hosts, a network among the networks by its address alone.
void put_destination(table_writer& line, const ipv4_route& route, const name_tables& names)
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

void put_gateway(table_writer& line, const ipv4_route& route, const name_tables& names)
{
    std::optional<std::string_view> name;
    if (is_reject(route)) name = "-";
    else if (route.gateway != 0) name = names.host(route.gateway);
    put_name_or_number(line, name, route.gateway);
}

void put_flags(table_writer& line, const ipv4_route& route)
{
    const bool host = route.prefix_length == 32;
    if (is_reject(route)) line.put(host ? "!H    " : "!     ");
    else if (route.through_gateway) line.put(host ? "UGH   " : "UG    ");
    else line.put(host ? "UH    " : "U     ");
}

/// `route` reads a name with %15s; the kernel has no longer ones.
constexpr std::size_t interface_limit = 15;

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

// ---- route -6 -------------------------------------------------------------------------------------------------------

constexpr std::string_view heading6 =
    "Kernel IPv6 routing table\n"
    "Destination                    Next Hop                   Flag Met Ref  Use If\n";

struct ipv6_route_line {
    in6_addr destination{};
    std::uint32_t prefix_length = 0;
    in6_addr next_hop{};
    std::uint32_t metric = 0;
    std::uint32_t references = 0;
    std::uint32_t uses = 0;
    std::uint32_t flags = 0;
    std::string_view interface;
};

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

bool take_address(std::string_view& line, in6_addr& address) noexcept
{
    std::string_view field;
    if (!take_field(line, field) || field.size() != 32) return false;
    for (std::size_t i = 0; i < 16; ++i) {
        const char* const at = field.data() + 2 * i;
        const auto [end, failed] = std::from_chars(at, at + 2, address.s6_addr[i], 16);
        if (failed != std::errc() || end != at + 2) return false;
    }
    return true;
}

/// One line of /proc/net/ipv6_route (net/ipv6/ip6_fib.c, ipv6_route_native_seq_show).
bool parse_line(std::string_view line, ipv6_route_line& route) noexcept
{
    in6_addr source{};
    std::uint32_t source_length = 0;
    const bool good = take_address(line, route.destination) && take_hex(line, route.prefix_length) &&
                      take_address(line, source) && take_hex(line, source_length) &&
                      take_address(line, route.next_hop) && take_hex(line, route.metric) &&
                      take_hex(line, route.references) && take_hex(line, route.uses) && take_hex(line, route.flags);
    if (!good) return false;
    take_field(line, route.interface);
    return true;
}

/// The size of the buffers in net-tools' rprint_fib6, without the NUL.
constexpr std::size_t name_limit = 127;

/// INET6_sprint of net-tools' lib/inet6.c: "[::]", else a name of /etc/hosts, else the number; of an IPv4-mapped
/// address only the IPv4 part.
std::string address6_text(const in6_addr& address, const name_tables& names)
{
    if (IN6_IS_ADDR_UNSPECIFIED(&address)) return "[::]";
    if (const auto name = names.host(address); name && name->size() <= name_limit) return std::string(*name);
    std::array<char, INET6_ADDRSTRLEN> number{};
    inet_ntop(AF_INET6, &address, number.data(), number.size());
    std::string text(number.data());
    if (IN6_IS_ADDR_V4MAPPED(&address)) text.erase(0, text.rfind(':') + 1);
    return text;
}

void put_flags6(table_writer& line, std::uint32_t flags)
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
    line.put_left({text.data(), count}, 4);
    line.put(' ');
}

void put_route6(table_writer& line, const ipv6_route_line& route, const name_tables& names)
{
    std::string destination = address6_text(route.destination, names);
    destination += '/';
    destination += as_int(route.prefix_length).view();
    line.put_left(std::string_view(destination).substr(0, name_limit), 30);
    line.put(' ');
    line.put_left(address6_text(route.next_hop, names), 26);
    line.put(' ');
    put_flags6(line, route.flags);
    line.put_left(as_int(route.metric).view(), 3);
    line.put(' ');
    line.put_left(as_int(route.references).view(), 1);
    line.put(' ');
    line.put_right(as_int(route.uses).view(), 6);
    line.put(' ');
    line.put(route.interface.substr(0, interface_limit));
}

}  // namespace

std::string route_text(std::span<const ipv4_route> routes, const interface_names& interfaces, const name_tables& names,
                       std::size_t& lines)
{
    table_writer table(heading, routes.size() * typical_line);
    interface_lookup lookup(interfaces);
    for (const ipv4_route& route : routes) {
        if (!is_shown(route)) continue;
        table.begin_line();
        put_destination(table, route, names);
        put_gateway(table, route, names);
        table.put_address(mask_of(route.prefix_length));
        put_flags(table, route);
        table.put_left(as_int(route.metric).view(), 6);
        // Ref and Use: the kernel writes 0 for both since its route cache is gone (Linux 3.6).
        if (is_reject(route)) {
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

std::string route6_text(std::string_view proc_text, const name_tables& names, std::size_t& lines)
{
    table_writer table(heading6, proc_text.size() / 2);
    // A route without a device leaves the field empty, and `route`'s sscanf then keeps what the line before had.
    std::string_view last_interface;
    while (!proc_text.empty()) {
        const std::size_t end = std::min(proc_text.find('\n'), proc_text.size());
        ipv6_route_line route;
        const bool good = parse_line(proc_text.substr(0, end), route);
        proc_text.remove_prefix(std::min(end + 1, proc_text.size()));
        if (!good) continue;
        if (route.interface.empty()) route.interface = last_interface;
        last_interface = route.interface;
        if ((route.flags & RTF_CACHE) != 0) continue;
        table.begin_line();
        put_route6(table, route, names);
        table.end_line();
        ++lines;
    }
    return table.take();
}

}  // namespace nodescope::netlink
