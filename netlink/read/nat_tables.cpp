#include "netlink/read/nat_tables.hpp"

#include "core/files/bounded_file.hpp"
#include "core/text.hpp"
#include "core/unique_fd.hpp"
#include "netlink/decode/proc_files.hpp"
#include "netlink/read/dump_all.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/attr.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <set>
#include <string>
#include <string_view>

namespace nodescope::netlink {

namespace {

constexpr std::string_view finding = "nat: look for tables";
constexpr const char* nat_name = "nat";
constexpr int get_rule = (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETRULE;
constexpr int new_rule = (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWRULE;
constexpr int get_chain = (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETCHAIN;
constexpr int get_table = (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETTABLE;
constexpr nfgenmsg any_family{.nfgen_family = NFPROTO_UNSPEC, .version = NFNETLINK_V0, .res_id = 0};
// Tables are few: a namespace with more than these is meant to do harm.
constexpr std::size_t table_limit = 10000;
constexpr std::size_t table_bytes_limit = 4UL * 1024UL * 1024UL;
// A message about a table has some 60 bytes and its user data (at most 256).
constexpr std::size_t table_buffer_size = 8192;
// Who shows the rules shows no more than an answer has lines, and a rule with many matches has 30 KiB: what is beyond
// is not counted, and a reader that has left out rules has left out the first of them too.
constexpr std::size_t counted_rules_limit = 200'000;
constexpr std::size_t counted_bytes_limit = 64UL * 1024UL * 1024UL;
// Five names of at most 32 bytes are all the kernel has.
constexpr std::size_t names_limit = 4096;

error prefixed(const error& cause) { return {cause.kind(), fmt::format("{}: {}", finding, cause.message())}; }

struct nft_nat {
    nft_nat() = default;
    bool ipv4 = false;
    bool ipv6 = false;
    std::string elsewhere;
    [[nodiscard]] bool of(ip_family family) const noexcept { return family == ip_family::ipv4 ? ipv4 : ipv6; }
};

// Those that iptables makes, of which it shows the first.
constexpr std::array<std::string_view, 5> iptables_names{"nat", "filter", "mangle", "raw", "security"};
// Of tables with NAT, in a sentence, and of the bytes of a name, which may have hundreds.
constexpr std::size_t named_tables = 4;
constexpr std::size_t name_limit = 64;

bool is_iptables(const nft_table& table)
{
    const bool of_family = table.family == NFPROTO_IPV4 || table.family == NFPROTO_IPV6;
    return of_family && std::ranges::find(iptables_names, table.name) != iptables_names.end();
}

std::string_view family_name(std::uint8_t family)
{
    switch (family) {
        case NFPROTO_IPV4: return "ip";
        case NFPROTO_IPV6: return "ip6";
        case NFPROTO_INET: return "inet";
        default: return "another family's";
    }
}

/// Asked for only where there is a table that may have some. What cannot be read is not known.
std::string find_nat_elsewhere(netlink_socket& socket, deadline limit)
{
    const abandon_flag never;
    const auto chains = dump_all<nft_chain>(socket, {"nf_tables chains", get_chain, any_family},
                                            {table_limit, table_bytes_limit}, limit, never);
    if (!chains) return {};
    std::set<std::string> names;
    for (const nft_chain& chain : chains->items) {
        const nft_table table{chain.family, chain.table};
        if (chain.type != nat_name || is_iptables(table)) continue;
        names.insert(fmt::format("{} {}", family_name(table.family), escape_untrusted(table.name, name_limit)));
    }
    const std::size_t all = names.size();
    while (names.size() > named_tables) names.erase(std::prev(names.end()));
    return fmt::format("{}{}", joined(names, ", "),
                       all > names.size() ? fmt::format(" and {} more", all - names.size()) : "");
}

/// One dump covers all families.
result<nft_nat> find_nft_nat(const net_namespace& home, const net_namespace& target, deadline limit)
{
    auto socket = netlink_socket::open_in(home, target, NETLINK_NETFILTER, table_buffer_size);
    // A kernel without nfnetlink, or without nf_tables behind it, has no tables of that kind.
    if (!socket && !has_protocol(NETLINK_NETFILTER)) return nft_nat();
    if (!socket) return socket.error();
    const abandon_flag never;
    const auto tables = dump_all<nft_table>(*socket, {"nf_tables tables", get_table, any_family},
                                            {table_limit, table_bytes_limit}, limit, never);
    if (tables) {
        const auto has_nat = [&](std::uint8_t family) {
            return std::ranges::any_of(tables->items, [&](const nft_table& table) {
                return table.family == family && table.name == nat_name;
            });
        };
        nft_nat found;
        found.ipv4 = has_nat(NFPROTO_IPV4);
        found.ipv6 = has_nat(NFPROTO_IPV6);
        if (!std::ranges::all_of(tables->items, is_iptables)) found.elsewhere = find_nat_elsewhere(*socket, limit);
        return found;
    }
    // EINVAL: no such subsystem, nf_tables is not in this kernel (nfnetlink_rcv_msg of net/netfilter/nfnetlink.c).
    if (tables.error().kind() == failure::invalid) return nft_nat();
    if (tables.error().kind() == failure::denied) {
        return error(failure::denied, fmt::format("{} (CAP_NET_ADMIN is needed)", tables.error().message()));
    }
    return tables.error();
}

/// Of the table "nat"; 0 when they cannot be counted. Nothing of them is kept.
std::size_t count_rules(const net_namespace& home, const net_namespace& target, ip_family family, deadline limit)
{
    auto socket = netlink_socket::open_in(home, target, NETLINK_NETFILTER);
    if (!socket) return 0;
    const nfgenmsg header{
        .nfgen_family = family == ip_family::ipv4 ? std::uint8_t{NFPROTO_IPV4} : std::uint8_t{NFPROTO_IPV6},
        .version = NFNETLINK_V0,
        .res_id = 0};
    const dump_request request("nf_tables rules", get_rule, header,
                               [](nl_msg* message) { nla_put_string(message, NFTA_RULE_TABLE, nat_name); });
    std::size_t count = 0;
    const dump_reader counter{
        .begin = [&count] { count = 0; },
        .message = [&count](const nlmsghdr& message) { count += message.nlmsg_type == new_rule; }};
    const auto done = dump(*socket, request, {counted_rules_limit, counted_bytes_limit}, counter, limit);
    return done && !done->truncated ? count : 0;
}

/// By the node's modules, which everybody may read.
bool is_ruled_out(ip_family family)
{
    constexpr std::size_t modules_limit = 256UL * 1024UL;
    const auto modules = files::read_file({"/", "/proc/modules"}, modules_limit);
    if (!modules || modules->truncated) return false;
    return family == ip_family::ipv4 ? lacks_module(modules->text, "ip_tables", "iptable_nat")
                                     : lacks_module(modules->text, "ip6_tables", "ip6table_nat");
}

/// The file is root's, with mode 0440: failure::denied for other users and groups without CAP_DAC_READ_SEARCH, unless
/// there is nothing to read. Where it is absent the kernel has no legacy tables, unless the process is gone altogether.
result<bool> has_legacy_nat(int process_directory, ip_family family)
{
    const char* const path = family == ip_family::ipv4 ? "net/ip_tables_names" : "net/ip6_tables_names";
    const unique_fd file(::openat(process_directory, path, O_RDONLY | O_CLOEXEC));
    if (!file && errno == ENOENT) {
        if (::faccessat(process_directory, "net", F_OK, AT_EACCESS) != 0)
            return from_errno(ESRCH, fmt::format("open {}", path));
        return false;
    }
    if (!file) {
        const int reason = errno;
        if ((reason == EACCES || reason == EPERM) && is_ruled_out(family)) return false;
        return from_errno(reason, fmt::format("open {}", path));
    }
    const auto names = files::read_whole(file.get(), names_limit, path);
    if (!names) return names.error();
    return lists_nat(names->text);
}

}  // namespace

nat_findings blocking_find_nat_tables(const net_namespace& home, const net_namespace& target, int process_directory,
                                      deadline limit)
{
    const result<nft_nat> nft = find_nft_nat(home, target, limit);
    const auto of = [&](ip_family family) -> result<nat_tables> {
        nat_tables tables;
        const auto legacy = has_legacy_nat(process_directory, family);
        if (!legacy && legacy.error().kind() != failure::denied) return prefixed(legacy.error());
        tables.legacy = legacy && *legacy;
        if (!legacy) tables.legacy_failure = prefixed(legacy.error());
        if (nft) {
            tables.nft = nft->of(family);
            if (family == ip_family::ipv4) tables.elsewhere = nft->elsewhere;
        } else {
            tables.nft_failure = prefixed(nft.error());
        }
        if (tables.nft) tables.nft_rules = count_rules(home, target, family, limit);
        return tables;
    };
    return {of(ip_family::ipv4), of(ip_family::ipv6)};
}

}  // namespace nodescope::netlink
