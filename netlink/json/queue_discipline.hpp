// Queueing disciplines as `tc -j -s qdisc` writes them.
#pragma once

#include "netlink/json/context.hpp"
#include "netlink/model/queue_discipline.hpp"

namespace nodescope::netlink {

/// The options of kinds other than pfifo, bfifo, pfifo_fast, prio, fq_codel, fq, tbf and htb are left empty.
void write_queue_discipline(json_writer& json, const queue_discipline& shown, const json_context& context);

/// What stands in "options".
void write_queue_options(json_writer& json, const queue_discipline& shown);
/// What the kind counts itself, behind all else.
void write_queue_statistics(json_writer& json, const queue_discipline& shown);

}  // namespace nodescope::netlink
