// loopback-only-listener: who connects to a published port from outside finds nobody.
#include "collectors/findings/facts/link_facts.hpp"
#include "collectors/findings/load/port_text.hpp"
#include "collectors/findings/rules.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <string>

namespace nodescope::findings {

namespace {

void look_at_port(const network_model& model, const runtime_words& words, std::uint16_t port, finding_list& found)
{
    std::string where;
    for (const netlink::inet_socket& one : model.tcp.listeners) {
        if (one.local_port != port) continue;
        if (!is_loopback(one.family, one.local)) return;
        if (where.empty()) where = port_text(one.family, one.local, one.local_port);
    }
    finding one;
    one.summary =
        where.empty()
            ? fmt::format("{} says that others reach port {} of the container, and nobody listens there", words.runtime,
                          port)
            : fmt::format(
                  "{} says that others reach port {} of the container, and who listens there listens only on {}",
                  words.runtime, port, where);
    one.seen.add("runtime", words.runtime).add("port", port).add("listener", where);
    found.add(std::move(one));
}

}  // namespace

finding_list look_for_loopback_only_listener(const network_model& model)
{
    finding_list found;
    for (const runtime_words& words : model.runtimes.items) {
        for (const std::uint16_t port : words.tcp_ports) look_at_port(model, words, port, found);
    }
    return found;
}

}  // namespace nodescope::findings
