// retransmits: what TCP sends is not acknowledged, and is sent again.
#include "collectors/findings/load/growth.hpp"
#include "collectors/findings/rules.hpp"

#include <fmt/format.h>

namespace nodescope::findings {

namespace {

/// Of all segments that are sent. Far connections lose one of a hundred now and then; with five of a hundred TCP gets
/// through a tenth of what it would otherwise (its rate falls with the root of the loss), and requests take seconds.
constexpr std::uint64_t retransmits_percent = 5;
/// Between two readings: of a few segments one that is lost is a large part, and means nothing.
constexpr std::uint64_t least_retransmits = 10;

}  // namespace

finding_list look_for_retransmits(const network_model& model)
{
    finding_list found;
    if (!model.counters.before) return found;
    const load_counters& before = *model.counters.before;
    const load_counters& now = model.counters.now;
    const std::uint64_t again = grown(before.tcp.retransmitted, now.tcp.retransmitted);
    const std::uint64_t sent = grown(before.tcp.sent, now.tcp.sent) + again;
    if (again < least_retransmits || !is_over_percent(again, sent, retransmits_percent)) return found;
    const std::uint64_t seconds = seconds_between(before, now);
    finding one;
    one.summary = fmt::format("{} of {} TCP segments within {} s were sent again", again, sent, seconds);
    one.seen.add("retransmitted", again).add("sent", sent).add("seconds", seconds);
    found.add(std::move(one));
    return found;
}

}  // namespace nodescope::findings
