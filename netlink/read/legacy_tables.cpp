#include "netlink/read/legacy_tables.hpp"

#include "core/files/bounded_file.hpp"
#include "core/resident_memory.hpp"
#include "core/text_scan.hpp"
#include "core/unique_fd.hpp"
#include "netlink/decode/packet_filters.hpp"

#include <fmt/format.h>

#include <netinet/in.h>

#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace nodescope::netlink {

namespace {

struct legacy_family {
    const char* names;  ///< the file with the names of its tables
    std::string_view shown;
    int socket_family;  ///< 0: its tables are not asked about
    int level;
    int get_info;
    int get_entries;
    const legacy_entry_layout* layout;
};
constexpr std::array<legacy_family, 3> legacy_families{
    {{"net/ip_tables_names", "ipv4", AF_INET, IPPROTO_IP, IPT_SO_GET_INFO, IPT_SO_GET_ENTRIES, &ipt_layout},
     {"net/ip6_tables_names", "ipv6", AF_INET6, IPPROTO_IPV6, IP6T_SO_GET_INFO, IP6T_SO_GET_ENTRIES, &ip6t_layout},
     {"net/arp_tables_names", "arp", 0, 0, 0, 0, nullptr}}};
/// Names have at most 32 bytes and there are five of them.
constexpr std::size_t table_names_limit = 4096;
/// The entries may become more between the two questions.
constexpr int entry_tries = 3;

/// What is filled in of ipt_get_entries and ip6t_get_entries, behind which the entries follow.
struct entries_request {
    char name[XT_TABLE_MAXNAMELEN];
    unsigned size;
};
constexpr std::size_t entries_offset = sizeof(ipt_get_entries);
static_assert(offsetof(entries_request, size) == offsetof(ipt_get_entries, size));
static_assert(entries_offset == sizeof(ip6t_get_entries));

bool put_name(char (&to)[XT_TABLE_MAXNAMELEN], const std::string& name)
{
    if (name.size() >= sizeof to) return false;
    std::memcpy(&to[0], name.c_str(), name.size() + 1);
    return true;
}

std::optional<ipt_getinfo> info_of(int socket, const legacy_family& family, const std::string& table)
{
    // ip6t_getinfo is the same.
    static_assert(sizeof(ipt_getinfo) == sizeof(ip6t_getinfo));
    ipt_getinfo info{};
    socklen_t size = sizeof info;
    if (!put_name(info.name, table)) return std::nullopt;
    if (::getsockopt(socket, family.level, family.get_info, &info, &size) != 0) return std::nullopt;
    return info;
}

/// The entries stand behind the first entries_offset bytes.
std::optional<std::vector<std::byte>> entries_of(int socket, const legacy_family& family, const std::string& table,
                                                 const ipt_getinfo& info)
{
    std::vector<std::byte> buffer(entries_offset + info.size);
    entries_request asked{};
    if (!put_name(asked.name, table)) return std::nullopt;
    asked.size = info.size;
    std::memcpy(buffer.data(), &asked, sizeof asked);
    auto size = static_cast<socklen_t>(buffer.size());
    if (::getsockopt(socket, family.level, family.get_entries, buffer.data(), &size) != 0) return std::nullopt;
    return buffer;
}

std::optional<std::uint64_t> rules_of(int socket, const legacy_family& family, const std::string& table,
                                      const ipt_getinfo& info)
{
    const auto buffer = entries_of(socket, family, table, info);
    if (!buffer) return std::nullopt;
    return count_legacy_rules(byte_span(*buffer).subspan(entries_offset), *family.layout,
                              static_cast<unsigned>(std::popcount(info.valid_hooks)));
}

void ask_table(int socket, const legacy_family& family, legacy_table_summary& table, std::size_t table_bytes)
{
    for (int tried = 0; tried < entry_tries && !table.rules; ++tried) {
        const auto info = info_of(socket, family, table.name);
        if (!info) return;
        table.hooks = info->valid_hooks;
        if (info->size > table_bytes || !reading_check().may_go_on(info->size)) return;
        table.rules = rules_of(socket, family, table.name, *info);
    }
}

result<unique_fd> socket_in(const net_namespace& home, const net_namespace& target, const legacy_family& family)
{
    return run_in(home, target, [&family]() -> result<unique_fd> {
        if (family.socket_family == 0) return unique_fd();
        return unique_fd(::socket(family.socket_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    });
}

/// Nothing where the kernel has no such tables.
result<std::vector<std::string>> names_of_tables(int process_directory, const legacy_family& family)
{
    const auto text = files::read_file_at(process_directory, family.names, table_names_limit, family.names);
    if (!text && text.error().kind() == failure::gone) {
        if (::faccessat(process_directory, "net", F_OK, AT_EACCESS) != 0) return text.error();
        return std::vector<std::string>();
    }
    if (!text) return text.error();
    std::vector<std::string> names;
    for_each_line(text->text, [&names](std::string_view line) {
        if (!line.empty()) names.emplace_back(line);
        return true;
    });
    return names;
}

}  // namespace

result<std::vector<legacy_table_summary>> blocking_read_legacy_tables(const net_namespace& home,
                                                                      const net_namespace& target,
                                                                      int process_directory, std::size_t table_bytes)
{
    std::vector<legacy_table_summary> all;
    for (const legacy_family& family : legacy_families) {
        const auto names = names_of_tables(process_directory, family);
        if (!names) return names.error();
        if (names->empty()) continue;
        const auto socket = socket_in(home, target, family);
        for (const std::string& name : *names) {
            legacy_table_summary& table = all.emplace_back();
            table.family = family.shown;
            table.name = name;
            if (socket && *socket) ask_table(socket->get(), family, table, table_bytes);
        }
    }
    return all;
}

result<legacy_table_entries> blocking_read_legacy_entries(const net_namespace& home, const net_namespace& target,
                                                          const legacy_table_summary& table, std::size_t table_bytes)
{
    const auto* const family =
        std::ranges::find(legacy_families, std::string_view(table.family), &legacy_family::shown);
    if (family == legacy_families.end() || family->layout == nullptr) {
        return error(failure::internal, "not a family whose entries are read");
    }
    const auto socket = socket_in(home, target, *family);
    if (!socket) return socket.error();
    for (int tried = 0; *socket && tried < entry_tries; ++tried) {
        const auto info = info_of(socket->get(), *family, table.name);
        if (!info) break;
        if (info->size > table_bytes) {
            return error(failure::too_large, fmt::format("the table {} of the legacy iptables: more than {} bytes",
                                                         table.name, table_bytes));
        }
        if (!reading_check().may_go_on(info->size)) {
            return error(failure::overloaded,
                         fmt::format("the table {} of the legacy iptables: {}", table.name, taken_already()));
        }
        auto buffer = entries_of(socket->get(), *family, table.name, *info);
        if (!buffer) continue;
        legacy_table_entries made;
        made.buffer = std::move(*buffer);
        made.begin = entries_offset;
        made.is_ipv6 = family->socket_family == AF_INET6;
        if ((info->valid_hooks & (1U << NF_INET_FORWARD)) != 0) {
            made.forward = info->hook_entry[NF_INET_FORWARD];
            made.forward_end = info->underflow[NF_INET_FORWARD];
        }
        return made;
    }
    return error(failure::failed, fmt::format("the table {} of the legacy iptables could not be read", table.name));
}

}  // namespace nodescope::netlink
