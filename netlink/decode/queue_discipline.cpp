#include "netlink/decode/decode.hpp"
#include "netlink/decode/message.hpp"

#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

namespace nodescope::netlink {
namespace {

/// The kernel may tell less or more of a structure than these headers know.
template <class T>
T read_prefix(byte_span value)
{
    T made{};
    std::memcpy(&made, value.data(), std::min(value.size(), sizeof made));
    return made;
}

void take_statistics(queue_discipline& to, byte_span value, std::size_t& damaged)
{
    std::optional<std::uint64_t> many_packets;
    bool wide_rate = false;
    for_each_attribute(value, damaged, [&](std::uint16_t type, byte_span part) {
        if (type == TCA_STATS_BASIC && !to.counters) {
            const auto told = read_prefix<gnet_stats_basic>(part);
            to.counters = queue_counters{.bytes = told.bytes, .packets = told.packets};
        }
        if (type == TCA_STATS_PKT64) take_number(many_packets, part, damaged);
        if (type == TCA_STATS_QUEUE && !to.queue) {
            const auto told = read_prefix<gnet_stats_queue>(part);
            to.queue = queue_state{.length = told.qlen,
                                   .backlog = told.backlog,
                                   .drops = told.drops,
                                   .requeues = told.requeues,
                                   .overlimits = told.overlimits};
        }
        if (type == TCA_STATS_RATE_EST64) {
            const auto told = read_prefix<gnet_stats_rate_est64>(part);
            to.rate = queue_rate{.bytes_per_second = told.bps, .packets_per_second = told.pps};
            wide_rate = true;
        }
        if (type == TCA_STATS_RATE_EST && !wide_rate) {
            const auto told = read_prefix<gnet_stats_rate_est>(part);
            to.rate = queue_rate{.bytes_per_second = told.bps, .packets_per_second = told.pps};
        }
        if (type == TCA_STATS_APP && !to.kind_statistics) to.kind_statistics = raw_bytes(part);
    });
    if (to.counters && many_packets.value_or(0) != 0) to.counters->packets = *many_packets;
}

}  // namespace

bool decode(byte_span message, queue_discipline& to, std::size_t& damaged)
{
    bool named = false;
    std::optional<std::string> older_statistics;
    const bool decoded = decode_message<tcmsg>(
        RTM_NEWQDISC, message, damaged,
        [&](const tcmsg& header) {
            to.interface_index = static_cast<std::uint32_t>(header.tcm_ifindex);
            to.handle = header.tcm_handle;
            to.parent = header.tcm_parent;
            to.references = header.tcm_info;
            return true;
        },
        [&](std::uint16_t type, byte_span value) {
            if (type == TCA_KIND && !named) {
                to.kind = string_payload(value);
                named = true;
            }
            if (type == TCA_OPTIONS && !to.options) to.options = raw_bytes(value);
            if (type == TCA_STATS2) take_statistics(to, value, damaged);
            if (type == TCA_XSTATS && !older_statistics) older_statistics = raw_bytes(value);
            if (type == TCA_HW_OFFLOAD) {
                std::uint8_t offloaded = 0;
                take_number(offloaded, value, damaged);
                to.offloaded = offloaded != 0;
            }
            if (type == TCA_INGRESS_BLOCK) take_number(to.ingress_block, value, damaged);
            if (type == TCA_EGRESS_BLOCK) take_number(to.egress_block, value, damaged);
        });
    if (!to.kind_statistics) to.kind_statistics = std::move(older_statistics);
    if (decoded && !named) ++damaged;
    return decoded && named;
}

}  // namespace nodescope::netlink
