#include "netlink/decode/decode.hpp"
#include "netlink/decode/message.hpp"

#include <linux/nexthop.h>
#include <linux/rtnetlink.h>

namespace nodescope::netlink {
namespace {

/// The lengths in the list were checked, and counted where they are wrong, when its hops were taken.
void take_hop_realms(detailed_route& to, byte_span value, std::size_t& damaged)
{
    std::vector<std::optional<std::uint32_t>> all;
    std::size_t counted_before = 0;
    bool any = false;
    while (const auto header = read_struct<rtnexthop>(value)) {
        if (header->rtnh_len < sizeof(rtnexthop) || header->rtnh_len > value.size()) break;
        std::optional<std::uint32_t>& realms = all.emplace_back();
        for_each_attribute(after(value.first(header->rtnh_len), sizeof(rtnexthop)), counted_before,
                           [&](std::uint16_t type, byte_span part) {
                               if (type == RTA_FLOW) take_number(realms, part, damaged);
                           });
        any = any || realms;
        value = after(value, header->rtnh_len);
    }
    if (any) to.hop_realms = std::move(all);
}

void take_route_cache(detailed_route& to, byte_span value)
{
    const auto info = read_struct<rta_cacheinfo>(value);
    if (!info || to.cache) return;
    to.cache = route_cache{.expires = info->rta_expires,
                           .error = info->rta_error,
                           .id = info->rta_id,
                           .timestamp = info->rta_ts,
                           .timestamp_age = info->rta_tsage};
}

void take_route_detail(detailed_route& to, std::uint16_t type, byte_span value, std::size_t& damaged)
{
    switch (type) {
        case RTA_DST: to.has_destination = true; return;
        case RTA_SRC: to.has_source = true; return;
        case RTA_PRIORITY: {
            std::size_t counted_before = 0;
            return take_number(to.metric, value, counted_before);
        }
        case RTA_MARK: return take_number(to.mark, value, damaged);
        case RTA_FLOW: return take_number(to.realms, value, damaged);
        case RTA_UID: return take_number(to.uid, value, damaged);
        case RTA_IIF: return take_number(to.input_interface, value, damaged);
        case RTA_CACHEINFO: return take_route_cache(to, value);
        case RTA_METRICS: {
            to.has_metrics = true;
            std::size_t counted_before = 0;
            for_each_attribute(value, counted_before, [&](std::uint16_t kind, byte_span metric) {
                if (kind == RTAX_CC_ALGO) take_text(to.congestion_control, metric);
            });
            return;
        }
        case RTA_TTL_PROPAGATE: {
            std::optional<std::uint8_t> propagates;
            take_number(propagates, value, damaged);
            if (propagates && !to.propagates_ttl) to.propagates_ttl = *propagates != 0;
            return;
        }
        case RTA_MULTIPATH: to.has_hop_list = true; return take_hop_realms(to, value, damaged);
        default: return;
    }
}

void take_resilient(detailed_nexthop& to, byte_span value, std::size_t& damaged)
{
    if (to.resilient) return;
    resilient_group& made = to.resilient.emplace();
    for_each_attribute(value, damaged, [&](std::uint16_t type, byte_span part) {
        if (type == NHA_RES_GROUP_BUCKETS) take_number(made.buckets, part, damaged);
        if (type == NHA_RES_GROUP_IDLE_TIMER) take_number(made.idle_timer, part, damaged);
        if (type == NHA_RES_GROUP_UNBALANCED_TIMER) take_number(made.unbalanced_timer, part, damaged);
        if (type == NHA_RES_GROUP_UNBALANCED_TIME) take_number(made.unbalanced_time, part, damaged);
    });
}

}  // namespace

bool decode(byte_span message, detailed_route& to, std::size_t& damaged)
{
    if (!decode(message, static_cast<route&>(to), damaged)) return false;
    // What is wrong with the message itself was counted there.
    std::size_t counted_before = 0;
    return decode_message<rtmsg>(
        RTM_NEWROUTE, message, counted_before, [](const rtmsg&) { return true; },
        [&](std::uint16_t type, byte_span value) { take_route_detail(to, type, value, damaged); });
}

bool decode(byte_span message, detailed_nexthop& to, std::size_t& damaged)
{
    if (!decode(message, static_cast<nexthop_object&>(to), damaged)) return false;
    std::size_t counted_before = 0;
    return decode_message<nhmsg>(
        RTM_NEWNEXTHOP, message, counted_before,
        [&](const nhmsg& header) {
            to.family = header.nh_family;
            to.scope = header.nh_scope;
            to.protocol = header.nh_protocol;
            to.flags = header.nh_flags;
            return true;
        },
        [&](std::uint16_t type, byte_span value) {
            if (type == NHA_GROUP) to.has_group = true;
            if (type == NHA_GATEWAY) to.has_gateway = !value.empty();
            if (type == NHA_FDB) to.for_forwarding_table = true;
            if (type == NHA_GROUP_TYPE) take_number(to.group_type, value, damaged);
            if (type == NHA_RES_GROUP) take_resilient(to, value, damaged);
        });
}

}  // namespace nodescope::netlink
