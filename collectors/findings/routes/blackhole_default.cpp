// blackhole-default: the default route that ordinary packets take drops them.
#include "collectors/findings/facts/route_facts.hpp"
#include "collectors/findings/rules.hpp"

#include <fmt/format.h>

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cstdint>
#include <string_view>

namespace nodescope::findings {

namespace {

std::string_view dropping_type(std::uint8_t type)
{
    if (type == RTN_BLACKHOLE) return "blackhole";
    return type == RTN_PROHIBIT ? "prohibit" : "unreachable";
}

}  // namespace

finding_list look_for_blackhole_default(const network_model& model)
{
    finding_list found;
    for (const std::uint8_t family : {std::uint8_t{AF_INET}, std::uint8_t{AF_INET6}}) {
        // A backstop behind a default route that leads somewhere is not effective, nor one in a table of its own. IPv6
        // of kernels before 4.2 has one that the kernel made.
        const netlink::detailed_route* const taken = effective_default(model, family);
        if (taken == nullptr || !drops(*taken) || taken->protocol == RTPROT_KERNEL) continue;
        finding one;
        const std::string_view type = dropping_type(taken->type);
        one.summary =
            fmt::format("the {} default route is \"{}\": packets to all that has no route of its own are dropped",
                        family_text(family), type);
        one.seen.add("family", std::string(family_text(family)))
            .add("type", std::string(type))
            .add("table", table_text(taken->table))
            .add("metric", taken->priority);
        found.add(std::move(one));
    }
    return found;
}

}  // namespace nodescope::findings
