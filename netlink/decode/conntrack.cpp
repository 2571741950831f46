#include "netlink/decode/conntrack.hpp"

#include "core/text_scan.hpp"
#include "netlink/decode/message.hpp"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include <vector>

namespace nodescope::netlink {

namespace {

/// 0 for a column that is not wanted: the number of entries is the same in each line, and expectations are not shown.
std::size_t counter_of_column(std::string_view name)
{
    if (name == "clashres") return CTA_STATS_CLASH_RESOLVE;
    if (name == "chainlength") return CTA_STATS_CHAIN_TOOLONG;
    if (name == "icmp_error") return CTA_STATS_ERROR;
    for (std::size_t number = 1; number < std::tuple_size_v<conntrack_counters>; ++number) {
        if (conntrack_counter_name(number) == name) return number;
    }
    return 0;
}

/// False when the line has something else than numbers, or too few.
bool add_line(conntrack_counters& to, const std::vector<std::size_t>& columns, std::string_view text)
{
    fields line(text);
    for (const std::size_t number : columns) {
        const auto value = whole_number<std::uint64_t>(line.next(), 16);
        if (!value) return false;
        if (number != 0) to[number] = to[number].value_or(0) + *value;
    }
    return true;
}

}  // namespace

bool decode(byte_span message, conntrack_counters& to, std::size_t& damaged)
{
    return decode_message<nfgenmsg>((NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_GET_STATS_CPU, message, damaged,
                                    [](const nfgenmsg&) { return true; },
                                    [&](std::uint16_t type, byte_span value) {
                                        if (type == CTA_STATS_UNSPEC || type >= to.size()) return;
                                        std::optional<std::uint32_t> number;
                                        take_number(number, value, damaged);
                                        if (number && !to[type]) to[type] = ntohl(*number);
                                    });
}

std::optional<conntrack_counters> parse_conntrack_file(std::string_view text)
{
    std::vector<std::size_t> columns;
    conntrack_counters sum;
    bool good = true;
    bool found = false;
    for_each_line(text, [&](std::string_view line) {
        if (columns.empty()) {
            fields names(line);
            for (std::string_view name = names.next(); !name.empty(); name = names.next()) {
                columns.push_back(counter_of_column(name));
            }
            return true;
        }
        good = add_line(sum, columns, line);
        found = true;
        return good;
    });
    if (!good || !found || columns.empty()) return std::nullopt;
    return sum;
}

void add_counters(conntrack_counters& to, const conntrack_counters& more) noexcept
{
    for (std::size_t number = 0; number < to.size(); ++number) {
        if (more[number]) to[number] = to[number].value_or(0) + *more[number];
    }
}

}  // namespace nodescope::netlink
