#include "netlink/read/namespace_figures.hpp"

#include "core/files/bounded_file.hpp"
#include "core/text.hpp"
#include "netlink/decode/namespace_figures.hpp"
#include "netlink/read/conntrack.hpp"

#include <fmt/format.h>

#include <linux/netfilter/nfnetlink_conntrack.h>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string_view>

namespace nodescope::netlink {

namespace {

/// The longest of them, netstat, has 5 KiB in Linux 6.18.
constexpr std::size_t figures_file_limit = 64UL * 1024UL;

struct figures_file {
    const char* name;
    void (*take)(std::string_view text, namespace_figures& to);
    bool of_ipv6;  ///< a kernel without that has no such file
};
constexpr std::array<figures_file, 5> figures_files{{
    {"net/snmp", take_counter_tables, false},
    {"net/netstat", take_counter_tables, false},
    {"net/sockstat", take_socket_counts, false},
    {"net/snmp6", take_counter_list, true},
    {"net/sockstat6", take_socket_counts, true},
}};

void take_conntrack_figures(const conntrack_reading& read, namespace_figures& to)
{
    // Where this kernel tracks no connections the note says so, and nothing is missing.
    if (!read.statistics) return;
    to.missing = read.note;
    to.conntrack_entries = read.statistics->count;
    to.conntrack_limit = read.statistics->max;
    if (!read.statistics->counters) return;
    const conntrack_counters& counted = *read.statistics->counters;
    to.conntrack_insert_failed = counted[CTA_STATS_INSERT_FAILED];
    to.conntrack_dropped = counted[CTA_STATS_DROP];
    to.conntrack_early_dropped = counted[CTA_STATS_EARLY_DROP];
}

result<void> take_files(int process_directory, deadline limit, const abandon_flag& abandoned, namespace_figures& to)
{
    for (const figures_file& one : figures_files) {
        if (abandoned.raised()) return error(failure::cancelled, "figures of networks: the asker went away");
        if (limit.passed()) {
            return error(failure::timed_out,
                         fmt::format("read {}: not finished within {}", one.name, duration_text(limit.limit())));
        }
        const auto text = files::read_file_at(process_directory, one.name, figures_file_limit, one.name);
        if (text) {
            const std::string_view whole = text->text;
            one.take(text->truncated ? whole.substr(0, whole.rfind('\n') + 1) : whole, to);
            if (text->truncated) {
                append_clause(to.missing, fmt::format("{} is cut after {} bytes", one.name, figures_file_limit));
            }
            continue;
        }
        const bool is_absent = one.of_ipv6 && text.error().kind() == failure::gone &&
                               ::faccessat(process_directory, "net/snmp", F_OK, AT_EACCESS) == 0;
        if (is_absent) continue;
        if (text.error().kind() == failure::gone) return text.error();
        append_clause(to.missing, text.error().message());
    }
    return {};
}

}  // namespace

result<namespace_figures> blocking_read_namespace_figures(const net_namespace& home, const net_namespace& target,
                                                          int process_directory, deadline limit,
                                                          const abandon_flag& abandoned)
{
    namespace_figures made;
    // Whoever has no right to ask for these still gets the files.
    const auto conntrack = blocking_read_conntrack(home, target, process_directory, limit, abandoned);
    if (conntrack) take_conntrack_figures(*conntrack, made);
    else if (conntrack.error().kind() == failure::cancelled) return conntrack.error();
    else made.missing = conntrack.error().message();
    if (auto taken = take_files(process_directory, limit, abandoned, made); !taken) return taken.error();
    return made;
}

}  // namespace nodescope::netlink
