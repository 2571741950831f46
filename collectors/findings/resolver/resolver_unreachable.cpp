// resolver-unreachable: the kernel knows no way to a nameserver.
#include "collectors/findings/facts/link_facts.hpp"
#include "collectors/findings/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>

namespace nodescope::findings {

namespace {

/// A container without a network is meant to reach nobody, and engines write a resolv.conf for it, too. Of links that
/// do not work other rules speak.
bool has_working_link(const network_model& model)
{
    const given_addresses given = addresses_given(model);
    return std::ranges::any_of(model.links.items, [&](const netlink::detailed_link& one) {
        return !is_loopback(one) && is_up(one) && has_carrier(one) && given.contains(one.index);
    });
}

}  // namespace

finding_list look_for_resolver_unreachable(const network_model& model)
{
    finding_list found;
    if (!has_working_link(model)) return found;
    const resolver_words& resolver = model.resolver;
    const std::size_t asked = std::min(resolver.nameservers.size(), used_nameservers);
    for (std::size_t i = 0; i < asked && i < resolver.routes.size(); ++i) {
        if (resolver.routes[i].value_or(true)) continue;
        finding one;
        one.summary = fmt::format("no route leads to {}, nameserver {} of {} in /etc/resolv.conf",
                                  resolver.nameservers[i], i + 1, resolver.nameservers.size());
        one.seen.add("nameserver", resolver.nameservers[i]).add("place", i + 1);
        one.seen.add("nameservers", resolver.nameservers.size());
        found.add(std::move(one));
    }
    return found;
}

}  // namespace nodescope::findings
