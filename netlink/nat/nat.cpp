#include "netlink/nat/nat.hpp"

#include "core/text.hpp"
#include "netlink/read/dump.hpp"

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
constexpr int new_table = (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWTABLE;
// Tables are few: a namespace with more is asking for trouble.
constexpr std::size_t table_limit = 10000;
constexpr std::size_t table_bytes_limit = 4UL * 1024UL * 1024UL;
// A message about a table has some 60 bytes and its user data (at most 256).
constexpr std::size_t table_buffer_size = 8192;
// Of what a helper says on standard error, in a message.
constexpr std::size_t reason_limit = 300;

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

/// One dump tells of all families.
result<nft_nat> find_nft_nat(const nat_target& where, deadline limit)
{
    auto socket = netlink_socket::open_in(where.home, where.target, NETLINK_NETFILTER, table_buffer_size);
    if (!socket && !has_nfnetlink()) return nft_nat();
    if (!socket) return socket.error();
    nfgenmsg header{};
    header.nfgen_family = NFPROTO_UNSPEC;
    header.version = NFNETLINK_V0;
    dump_request request;
    request.what = "nf_tables tables";
    request.message_type = get_table;
    request.header = &header;
    request.header_size = sizeof(header);

    nft_nat found;
    dump_reader reader;
    reader.begin = [&] { found = {}; };
    reader.message = [&](const nlmsghdr& message) {
        found.ipv4 = found.ipv4 || is_nat_table(bytes_of(message), NFPROTO_IPV4);
        found.ipv6 = found.ipv6 || is_nat_table(bytes_of(message), NFPROTO_IPV6);
    };
    const auto outcome = dump(*socket, request, {.messages = table_limit, .bytes = table_bytes_limit}, reader, limit);
    if (outcome) return found;
    // EINVAL: no such subsystem, nf_tables is not in this kernel (nfnetlink_rcv_msg of net/netfilter/nfnetlink.c).
    if (outcome.error().kind() == failure::invalid) return nft_nat();
    if (outcome.error().kind() == failure::denied) {
        return error(failure::denied, fmt::format("{} (CAP_NET_ADMIN is needed)", outcome.error().message()));
    }
    return outcome.error();
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

/// The first directory that has the program; the last one when none has, so that the message says what is missing.
std::string find_program(const std::vector<std::string>& directories, const std::string& name)
{
    for (const std::string& directory : directories) {
        std::string path = fmt::format("{}/{}", directory, name);
        if (::access(path.c_str(), F_OK) == 0 || &directory == &directories.back()) return path;
    }
    return name;
}

std::string first_line(std::string_view text)
{
    return escape_untrusted(text.substr(0, text.find('\n')), reason_limit);
}

std::string end_text(const process_end& end)
{
    if (end.status) return fmt::format("ended with status {}", *end.status);
    return fmt::format("ended by signal {}", end.signal.value_or(0));
}

void cut_after_last_line(std::string& text)
{
    const auto end = text.rfind('\n');
    text.resize(end == std::string::npos ? 0 : end + 1);
}

}  // namespace

bool is_nat_table(byte_span message, std::uint8_t family)
{
    const auto header = read_struct<nlmsghdr>(message);
    if (!header || header->nlmsg_type != new_table) return false;
    if (header->nlmsg_len < NLMSG_HDRLEN || header->nlmsg_len > message.size()) return false;
    const byte_span payload = after(message.first(header->nlmsg_len), NLMSG_HDRLEN);
    const auto general = read_struct<nfgenmsg>(payload);
    if (!general || general->nfgen_family != family) return false;
    bool found = false;
    for_each_attribute(after(payload, sizeof(nfgenmsg)), [&](std::uint16_t type, byte_span value) {
        if (type == NFTA_TABLE_NAME) found = string_payload(value) == "nat";
    });
    return found;
}

bool lists_nat(std::string_view table_names)
{
    while (!table_names.empty()) {
        const std::size_t end = std::min(table_names.find('\n'), table_names.size());
        if (table_names.substr(0, end) == "nat") return true;
        table_names.remove_prefix(std::min(end + 1, table_names.size()));
    }
    return false;
}

nat_findings blocking_find_nat_tables(const nat_target& where, deadline limit)
{
    const result<nft_nat> nft = find_nft_nat(where, limit);
    const auto of = [&](ip_family family) -> result<nat_tables> {
        nat_tables tables;
        const auto legacy = has_legacy_nat(where.process_directory->get(), family);
        if (!legacy && legacy.error().kind() != failure::denied) return prefixed(legacy.error());
        tables.legacy = legacy && *legacy;
        if (!legacy) tables.legacy_failure = prefixed(legacy.error());
        if (nft) tables.nft = nft->of(family);
        else tables.nft_failure = prefixed(nft.error());
        return tables;
    };
    return {of(ip_family::ipv4), of(ip_family::ipv6)};
}

/// One program to its end. The two variants are two programs, because one reads nf_tables and the other the tables of
/// the old interface.
task<result<program_output>> nat_reader::save(std::string name, nat_target where, deadline limit)
{
    const std::string label = "nat: " + name;
    program what;
    what.path = find_program(options_.directories, name);
    what.arguments = {"-t", "nat"};
    birthplace inside = [where = std::move(where)](const auto& spawn) -> result<child_process> {
        return run_in(where.home, where.target, [&spawn] { return spawn(); });
    };
    auto output = co_await programs_.run(label, std::move(what), options_.limits, std::move(inside), limit);
    if (!output) co_return output.error();
    // Killed by us at its limit: that text is cut, not wrong.
    if (!output->truncated && output->end.status != 0) {
        const std::string reason = first_line(output->errors);
        co_return error(failure::failed,
                        fmt::format("{}: {}{}{}", label, end_text(output->end), reason.empty() ? "" : ": ", reason));
    }
    co_return std::move(*output);
}

task<result<nat_text>> nat_reader::read(nat_target where, ip_family family, result<nat_tables> found, deadline limit)
{
    if (!found) co_return found.error();
    nat_text made;
    bool any = false;
    std::optional<error> failed = found->nft_failure ? found->nft_failure : found->legacy_failure;
    const std::string prefix = family == ip_family::ipv4 ? "iptables-" : "ip6tables-";
    std::vector<std::string> names;
    if (found->nft) names.push_back(prefix + "nft-save");
    if (found->legacy) names.push_back(prefix + "legacy-save");
    for (std::string& name : names) {
        if (made.truncated) break;
        auto saving = save(std::move(name), where, limit);
        auto output = co_await std::move(saving);
        if (output) {
            any = true;
            made.truncated = output->truncated || made.text.size() + output->text.size() > options_.limits.output;
            made.text += output->text;
            made.text.resize(std::min(made.text.size(), options_.limits.output));
            if (made.truncated) cut_after_last_line(made.text);
        } else if (output.error().kind() == failure::cancelled) {
            co_return output.error();
        } else if (!failed) {
            failed = output.error();
        }
    }
    if (failed && !any) co_return *failed;
    made.incomplete = failed;
    co_return made;
}

}  // namespace nodescope::netlink
