// ports-exhausted: connections to one destination use up the local ports.
#include "collectors/findings/load/growth.hpp"
#include "collectors/findings/load/port_text.hpp"
#include "collectors/findings/rules.hpp"

#include <fmt/format.h>

namespace nodescope::findings {

namespace {

/// Of the range. connect() looks for a free port one by one, so it becomes slow before it fails with EADDRNOTAVAIL.
constexpr std::uint64_t ports_percent = 90;

}  // namespace

finding_list look_for_ports_exhausted(const network_model& model)
{
    finding_list found;
    const tcp_load& tcp = model.tcp;
    if (tcp.last_port == 0 || tcp.first_port > tcp.last_port) return found;
    const std::uint64_t range = tcp.last_port - tcp.first_port + 1U;
    for (const netlink::port_use& use : tcp.uses) {
        if (!is_over_percent(use.ports, range, ports_percent)) continue;
        const std::string where = port_text(use.family, use.remote, use.remote_port);
        finding one;
        one.summary = fmt::format("{} of {} local ports are used by connections to {}", use.ports, range, where);
        one.seen.add("destination", where)
            .add("source", netlink::address_text(use.family, use.local))
            .add("ports", use.ports)
            .add("range", fmt::format("{}-{}", tcp.first_port, tcp.last_port));
        found.add(std::move(one));
    }
    return found;
}

}  // namespace nodescope::findings
