#include "netlink/read/nat_tables.hpp"

#include "core/unique_fd.hpp"
#include "netlink/decode/proc_files.hpp"
#include "netlink/read/dump_all.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace nodescope::netlink {

namespace {

constexpr std::string_view finding = "nat: look for tables";
constexpr int get_table = (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETTABLE;
constexpr nfgenmsg any_family{.nfgen_family = NFPROTO_UNSPEC, .version = NFNETLINK_V0, .res_id = 0};
// Tables are few: a namespace with more than these means harm.
constexpr std::size_t table_limit = 10000;
constexpr std::size_t table_bytes_limit = 4UL * 1024UL * 1024UL;
// A message about a table has some 60 bytes and its user data (at most 256).
constexpr std::size_t table_buffer_size = 8192;

error prefixed(const error& cause) { return {cause.kind(), fmt::format("{}: {}", finding, cause.message())}; }

/// A kernel without nfnetlink, or without nf_tables behind it, has no tables of that kind.
bool has_nfnetlink() noexcept
{
    const unique_fd probe(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
    return probe || (errno != EPROTONOSUPPORT && errno != EAFNOSUPPORT);
}

struct nft_nat {
    bool ipv4 = false;
    bool ipv6 = false;
    [[nodiscard]] bool of(ip_family family) const noexcept { return family == ip_family::ipv4 ? ipv4 : ipv6; }
};

/// One dump covers all families.
result<nft_nat> find_nft_nat(const net_namespace& home, const net_namespace& target, deadline limit)
{
    auto socket = netlink_socket::open_in(home, target, NETLINK_NETFILTER, table_buffer_size);
    if (!socket && !has_nfnetlink()) return nft_nat();
    if (!socket) return socket.error();
    const abandon_flag never;
    const auto tables = dump_all<nft_table>(*socket,
                                            {.what = "nf_tables tables",
                                             .message_type = get_table,
                                             .header = &any_family,
                                             .header_size = sizeof any_family},
                                            {table_limit, table_bytes_limit}, limit, never);
    if (tables) {
        const auto has_nat = [&](std::uint8_t family) {
            return std::ranges::any_of(
                tables->items, [&](const nft_table& table) { return table.family == family && table.name == "nat"; });
        };
        return nft_nat{has_nat(NFPROTO_IPV4), has_nat(NFPROTO_IPV6)};
    }
    // EINVAL: no such subsystem, nf_tables is not in this kernel (nfnetlink_rcv_msg of net/netfilter/nfnetlink.c).
    if (tables.error().kind() == failure::invalid) return nft_nat();
    if (tables.error().kind() == failure::denied) {
        return error(failure::denied, fmt::format("{} (CAP_NET_ADMIN is needed)", tables.error().message()));
    }
    return tables.error();
}

/// The file is 0440, root's: without a user's or group's right to it (or CAP_DAC_READ_SEARCH), failure::denied.
/// An absent file is a kernel without legacy tables, unless the process is gone as a whole.
result<bool> has_legacy_nat(int process_directory, ip_family family)
{
    const char* const path = family == ip_family::ipv4 ? "net/ip_tables_names" : "net/ip6_tables_names";
    const unique_fd file(::openat(process_directory, path, O_RDONLY | O_CLOEXEC));
    if (!file && errno == ENOENT) {
        if (::faccessat(process_directory, "net", F_OK, AT_EACCESS) != 0)
            return from_errno(ESRCH, fmt::format("open {}", path));
        return false;
    }
    if (!file) return from_errno(errno, fmt::format("open {}", path));
    // Five names of at most 32 bytes are all the kernel has.
    std::array<char, 4096> names;
    const ssize_t size = ::read(file.get(), names.data(), names.size());
    if (size < 0) return from_errno(errno, fmt::format("read {}", path));
    return lists_nat({names.data(), static_cast<std::size_t>(size)});
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
        if (nft) tables.nft = nft->of(family);
        else tables.nft_failure = prefixed(nft.error());
        return tables;
    };
    return {of(ip_family::ipv4), of(ip_family::ipv6)};
}

}  // namespace nodescope::netlink
