#include "netlink/read/conntrack.hpp"

#include "core/files/bounded_file.hpp"
#include "netlink/decode/conntrack.hpp"
#include "netlink/decode/proc_files.hpp"
#include "netlink/read/dump.hpp"
#include "netlink/read/sysctl_files.hpp"

#include <fmt/format.h>

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <array>
#include <string_view>

namespace nodescope::netlink {

namespace {

constexpr std::array<std::string_view, 3> conntrack_paths{"netfilter/nf_conntrack_count", "netfilter/nf_conntrack_max",
                                                          "netfilter/nf_conntrack_buckets"};
constexpr nfgenmsg no_family{.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = 0};
/// One a processor, of some 120 bytes.
constexpr dump_limits processors_limit{16'384, 4UL * 1024UL * 1024UL};
constexpr std::size_t conntrack_file_limit = 4UL * 1024UL * 1024UL;
constexpr std::size_t loaded_modules_limit = 256UL * 1024UL;

std::optional<std::uint64_t> only_number(const std::optional<std::string>& text)
{
    if (!text) return std::nullopt;
    const auto numbers = parse_sysctl_numbers(*text);
    if (numbers.size() != 1 || numbers.front() < 0) return std::nullopt;
    return static_cast<std::uint64_t>(numbers.front());
}

/// By the node's modules, which everybody may read.
bool would_load_ctnetlink()
{
    const auto modules = files::read_file({"/", "/proc/modules"}, loaded_modules_limit);
    return modules && !modules->truncated && lacks_module(modules->text, "nf_conntrack", "nf_conntrack_netlink");
}

result<conntrack_counters> counters_by_netlink(const net_namespace& home, const net_namespace& target, deadline limit)
{
    auto socket = netlink_socket::open_in(home, target, NETLINK_NETFILTER);
    if (!socket) return socket.error();
    const dump_request request("statistics of conntrack", (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_GET_STATS_CPU,
                               no_family);
    conntrack_counters sum;
    std::size_t damaged = 0;
    const dump_reader reader{.begin =
                                 [&] {
                                     sum = {};
                                     damaged = 0;
                                 },
                             .message =
                                 [&](const nlmsghdr& message) {
                                     conntrack_counters one;
                                     if (decode(bytes_of(message), one, damaged)) add_counters(sum, one);
                                 }};
    const auto done = dump(*socket, request, processors_limit, reader, limit);
    if (!done) return done.error();
    if (damaged > 0) return error(failure::malformed, fmt::format("{} messages were damaged", damaged));
    return sum;
}

result<conntrack_counters> counters_by_file(int process_directory)
{
    constexpr std::string_view shown = "net/stat/nf_conntrack";
    const auto text = files::read_file_at(process_directory, std::string(shown), conntrack_file_limit, shown);
    if (!text) return text.error();
    const auto read = parse_conntrack_file(text->text);
    if (!read) return error(failure::malformed, fmt::format("{} is not in the form that is known", shown));
    return *read;
}

}  // namespace

result<conntrack_reading> blocking_read_conntrack(const net_namespace& home, const net_namespace& target,
                                                  int process_directory, deadline limit, const abandon_flag& abandoned)
{
    if (abandoned.raised()) return error(failure::cancelled, "conntrack: nobody waits for the answer any more");
    const auto texts = blocking_read_sysctls(home, target, conntrack_paths);
    if (!texts && texts.error().kind() != failure::unavailable) return texts.error();
    conntrack_reading made;
    conntrack_statistics found;
    if (texts) {
        found.count = only_number((*texts)[0]);
        found.max = only_number((*texts)[1]);
        found.buckets = only_number((*texts)[2]);
    }
    if (!found.count) {
        made.note = "this kernel tracks no connections (nf_conntrack)";
        return made;
    }
    auto counters =
        would_load_ctnetlink() ? counters_by_file(process_directory) : counters_by_netlink(home, target, limit);
    // EINVAL: no such subsystem (nfnetlink_rcv_msg of net/netfilter/nfnetlink.c).
    if (!counters && counters.error().kind() == failure::invalid) counters = counters_by_file(process_directory);
    if (counters) found.counters = *counters;
    else if (counters.error().kind() == failure::timed_out) return counters.error();
    else made.note = fmt::format("conntrack's counters could not be read: {}", counters.error().message());
    made.statistics = found;
    return made;
}

}  // namespace nodescope::netlink
