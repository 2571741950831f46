// listen-overflow: connections come faster than a program accepts them, and there is no room for more.
#include "collectors/findings/load/growth.hpp"
#include "collectors/findings/load/port_text.hpp"
#include "collectors/findings/rules.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nodescope::findings {

namespace {

/// The kernel's own question: a queue holds one more than its limit (sk_acceptq_is_full in include/net/sock.h), so one
/// with the limit 0 is not full before somebody has connected.
bool is_full(const netlink::inet_socket& listener) { return listener.receive_queue > listener.send_queue; }

void tell_dropped(const load_counters& before, const load_counters& now, finding_list& found)
{
    const std::uint64_t overflows = grown(before.tcp.listen_overflows, now.tcp.listen_overflows);
    const std::uint64_t drops = grown(before.tcp.listen_drops, now.tcp.listen_drops);
    if (overflows == 0 && drops == 0) return;
    const std::uint64_t seconds = seconds_between(before, now);
    finding one;
    one.summary =
        fmt::format("listeners have dropped {} attempts to connect within {} s", std::max(overflows, drops), seconds);
    one.seen.add("listen_overflows", overflows).add("listen_drops", drops).add("seconds", seconds);
    found.add(std::move(one));
}

}  // namespace

finding_list look_for_listen_overflow(const network_model& model)
{
    finding_list found;
    for (const netlink::inet_socket& listener : model.tcp.listeners) {
        if (!model.tcp.queue_limits_known || !is_full(listener)) continue;
        const std::string where = port_text(listener.family, listener.local, listener.local_port);
        finding one;
        one.summary =
            fmt::format("{} connections to {} wait to be accepted, and no more fit", listener.receive_queue, where);
        one.seen.add("listener", where)
            .add("queue", listener.receive_queue)
            .add("queue_limit", listener.send_queue)
            .add("inode", listener.inode);
        found.add(std::move(one));
    }
    if (model.counters.before) tell_dropped(*model.counters.before, model.counters.now, found);
    return found;
}

}  // namespace nodescope::findings
