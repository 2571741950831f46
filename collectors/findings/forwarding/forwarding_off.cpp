// forwarding-off: containers are on a bridge, and its namespace does not pass their packets on.
#include "collectors/findings/facts/route_facts.hpp"
#include "collectors/findings/facts/setting_facts.hpp"
#include "collectors/findings/facts/wiring_facts.hpp"
#include "collectors/findings/rules.hpp"

#include <fmt/format.h>

#include <sys/socket.h>

namespace nodescope::findings {

namespace {

struct forwarding_setting {
    std::string name;
    std::optional<std::int64_t> value;
};

/// IPv4 asks the link that the packet came in through (ip_route_input_slow in net/ipv4/route.c), IPv6 asks for all at
/// once (ip6_forward in net/ipv6/ip6_output.c).
forwarding_setting deciding(const routed_bridge& routed, std::uint8_t family)
{
    const netlink::network_settings& settings = routed.where->settings;
    if (family == AF_INET6) {
        return {"net.ipv6.conf.all.forwarding", setting(settings, "ipv6/conf/all/forwarding")};
    }
    const std::optional<std::int64_t> everywhere = setting(settings, "ipv4/ip_forward");
    const netlink::link_settings* const link = settings_of_link(settings, routed.bridge->index);
    // Where none forwards, that is what somebody has set.
    if (link == nullptr || !link->forwarding || everywhere == 0) return {"net.ipv4.ip_forward", everywhere};
    return {fmt::format("net.ipv4.conf.{}.forwarding", routed.bridge->name), *link->forwarding};
}

/// A link may forward while ip_forward, which is about what was set for all, says 0.
bool forwards(const routed_bridge& routed, std::uint8_t family, const forwarding_setting& decided)
{
    if (!decided.value) return true;  // nobody knows
    if (family == AF_INET) {
        const netlink::link_settings* const link = settings_of_link(routed.where->settings, routed.bridge->index);
        if (link != nullptr && link->forwarding) return *link->forwarding != 0;
    }
    return *decided.value != 0;
}

}  // namespace

finding_list look_for_forwarding_off(const network_model& model)
{
    finding_list found;
    for (const routed_bridge& routed : routed_bridges(model)) {
        for (const std::uint8_t family : routed.families) {
            const forwarding_setting decided = deciding(routed, family);
            if (forwards(routed, family, decided)) continue;
            finding one;
            one.about.netns = routed.where->netns;
            one.about.ifname = routed.bridge->name;
            one.summary =
                fmt::format("containers are on {} {}, which does not pass their {} packets on: {} is 0",
                            routed.bridge->name, place_text(*routed.where), family_text(family), decided.name);
            one.seen.add("family", std::string(family_text(family)))
                .add("setting", decided.name)
                .add("bridge", routed.bridge->name);
            found.add(std::move(one));
        }
    }
    return found;
}

}  // namespace nodescope::findings
