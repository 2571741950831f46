#include "netlink/model/conntrack.hpp"

namespace nodescope::netlink {

std::string_view conntrack_counter_name(std::size_t number) noexcept
{
    // enum ctattr_stats_cpu in linux/netfilter/nfnetlink_conntrack.h
    static constexpr std::array<std::string_view, std::tuple_size_v<conntrack_counters>> names{
        "",       "searched",      "found", "new",        "invalid", "ignore",         "delete",        "delete_list",
        "insert", "insert_failed", "drop",  "early_drop", "error",   "search_restart", "clash_resolve", "chaintoolong"};
    return number < names.size() ? names[number] : std::string_view();
}

}  // namespace nodescope::netlink
