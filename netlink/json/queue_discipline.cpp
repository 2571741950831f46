#include "netlink/json/queue_discipline.hpp"

#include <fmt/format.h>

#include <linux/pkt_sched.h>

namespace nodescope::netlink {
namespace {

/// "8001:", "1:2", ":3".
std::string class_id(std::uint32_t id)
{
    const std::uint32_t major = id >> 16U;
    const std::uint32_t minor = id & 0xFFFFU;
    if (major == 0) return fmt::format(":{:x}", minor);
    if (minor == 0) return fmt::format("{:x}:", major);
    return fmt::format("{:x}:{:x}", major, minor);
}

void write_place(json_writer& json, const queue_discipline& shown)
{
    if (shown.parent == TC_H_ROOT) json.member("root", true);
    else if (shown.parent != 0) json.member("parent", class_id(shown.parent));
}

}  // namespace

void write_queue_discipline(json_writer& json, const queue_discipline& shown, const json_context& context)
{
    json.object([&] {
        json.member("kind", shown.kind);
        json.member("handle", fmt::format("{:x}:", shown.handle >> 16U));
        json.member("dev", context.links.name(shown.interface_index));
        write_place(json, shown);
        if (shown.references != 1) json.member("refcnt", shown.references);
        if (shown.offloaded) json.member("offloaded", true);
        json.member_unless_empty("ingress_block", shown.ingress_block);
        json.member_unless_empty("egress_block", shown.egress_block);
        json.object_member("options", [&] { write_queue_options(json, shown); });
        if (shown.counters) {
            json.member("bytes", shown.counters->bytes);
            json.member("packets", shown.counters->packets);
        }
        if (shown.queue) {
            json.member("drops", shown.queue->drops);
            json.member("overlimits", shown.queue->overlimits);
            json.member("requeues", shown.queue->requeues);
        }
        if (shown.rate) {
            json.member("rate", shown.rate->bytes_per_second);
            json.member("pps", shown.rate->packets_per_second);
        }
        if (shown.queue) {
            json.member("backlog", shown.queue->backlog);
            json.member("qlen", shown.queue->length);
        }
        write_queue_statistics(json, shown);
    });
}

}  // namespace nodescope::netlink
