#include "netlink/json/conntrack.hpp"

namespace nodescope::netlink {

void write_conntrack(json_writer& out, const conntrack_reading& what)
{
    if (!what.statistics) {
        out.null();
        return;
    }
    const conntrack_statistics& known = *what.statistics;
    out.object([&] {
        out.member("count", known.count);
        out.member("max", known.max);
        out.member("buckets", known.buckets);
        out.key("per_cpu_sum");
        if (!known.counters) {
            out.null();
            return;
        }
        out.object([&] {
            for (std::size_t number = 1; number < known.counters->size(); ++number) {
                const auto& counted = (*known.counters)[number];
                if (counted) out.member(conntrack_counter_name(number), *counted);
            }
        });
    });
}

}  // namespace nodescope::netlink
