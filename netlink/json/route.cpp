#include "netlink/json/route.hpp"

#include "netlink/text/address_text.hpp"
#include "netlink/text/link_words.hpp"

#include <fmt/format.h>

#include <linux/icmpv6.h>
#include <linux/in_route.h>
#include <linux/lwtunnel.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <iterator>

namespace nodescope::netlink {
namespace {

// By LWTUNNEL_ENCAP_*.
constexpr std::string_view encapsulations[] = {"none", "mpls",      "ip",  "ila",   "ip6", "seg6",
                                               "bpf",  "seg6local", "rpl", "ioam6", "xfrm"};
// By RTAX_*; the ones below RTAX_MTU are never shown.
constexpr std::string_view metric_names[] = {
    "",         "",        "mtu",      "window",     "rtt",        "rttvar",
    "ssthresh", "cwnd",    "advmss",   "reordering", "hoplimit",   "initcwnd",
    "features", "rto_min", "initrwnd", "quickack",   "congestion", "fastopen_no_cookie",
};
// USER_HZ is 100 on every architecture that this is built for.
constexpr std::int32_t ticks_per_second = 100;

struct cache_flag {
    std::uint32_t bit;
    std::string_view name;
};
// In iproute2's order.
constexpr cache_flag cache_flags[] = {
    {RTCF_LOCAL, "local"},
    {RTCF_REJECT, "reject"},
    {RTCF_MULTICAST, "mc"},
    {RTCF_BROADCAST, "brd"},
    {RTCF_DNAT, "dst-nat"},
    {RTCF_SNAT, "src-nat"},
    {RTCF_MASQ, "masq"},
    {RTCF_DIRECTDST, "dst-direct"},
    {RTCF_DIRECTSRC, "src-direct"},
    {RTCF_REDIRECTED, "redirected"},
    {RTCF_DOREDIRECT, "redirect"},
    {RTCF_FAST, "fastroute"},
    {RTCF_NOTIFY, "notify"},
    {RTCF_TPROXY, "proxy"},
};

/// How much iproute2 says: with -d all, without what is usual.
enum class route_words { all, unusual };

/// Routes of multicast have families of their own.
std::uint8_t address_family(const route& shown)
{
    if (shown.type != RTN_MULTICAST) return shown.family;
    if (shown.family == RTNL_FAMILY_IPMR) return AF_INET;
    if (shown.family == RTNL_FAMILY_IP6MR) return AF_INET6;
    return shown.family;
}

int longest_prefix_of(std::uint8_t family) { return family == AF_INET ? 32 : family == AF_INET6 ? 128 : -1; }

std::string prefix_text(const route& shown, const network_address& address, int length)
{
    std::string text = address_text(address_family(shown), address);
    if (length != longest_prefix_of(shown.family)) text += fmt::format("/{}", length);
    return text;
}

void write_prefixes(json_writer& json, const detailed_route& shown)
{
    if (shown.has_destination) {
        json.member("dst", prefix_text(shown, shown.destination, shown.destination_length));
    } else if (shown.destination_length != 0) {
        json.member("dst", fmt::format("0/{} ", shown.destination_length));  // the blank is iproute2's
    } else {
        json.member("dst", "default");
    }
    if (shown.has_source) json.member("from", prefix_text(shown, shown.source, shown.source_length));
    else if (shown.source_length != 0) json.member("src", fmt::format("0/{}", shown.source_length));
}

void write_encapsulation_kind(json_writer& json, std::uint16_t kind)
{
    if (kind == LWTUNNEL_ENCAP_NONE) return;
    json.member("encap", kind < std::size(encapsulations) ? encapsulations[kind] : "unknown");
}

void write_gateway(json_writer& json, const next_hop& hop, std::uint8_t family)
{
    if (hop.gateway_family == 0) return;
    const std::string text = address_text(hop.gateway_family, hop.gateway);
    if (hop.gateway_family == family) {
        json.member("gateway", text);
        return;
    }
    json.object_member("via", [&] {
        const auto name = family_name(hop.gateway_family);
        json.member("family", name.empty() ? "???" : name);
        json.member("host", text);
    });
}

void write_realms(json_writer& json, std::uint32_t realms, const json_context& context)
{
    json.object_member("flow", [&] {
        if (realms >> 16U != 0) json.member("from", context.names.realm(realms >> 16U));
        json.member("to", context.names.realm(realms & 0xFFFFU));
    });
}

void write_route_cache(json_writer& json, const route_cache& cache)
{
    if (cache.expires != 0) json.member("expires", cache.expires / ticks_per_second);
    json.member_unless_empty("error", cache.error);
    if (cache.id != 0) json.member("ipid", hexadecimal(cache.id));
    if (cache.timestamp == 0 && cache.timestamp_age == 0) return;
    json.member("ts", hexadecimal(cache.timestamp));
    json.member("tsage", cache.timestamp_age);
}

void write_features(json_writer& json, std::uint32_t features)
{
    if ((features & RTAX_FEATURE_ECN) != 0) null_member(json, "ecn");
    if ((features & ~static_cast<std::uint32_t>(RTAX_FEATURE_ECN)) != 0) json.member("features", hexadecimal(features));
}

void write_metric(json_writer& json, unsigned kind, std::uint32_t value)
{
    if (kind == RTAX_FEATURES) return write_features(json, value);
    if (kind == RTAX_RTT) value /= 8;
    if (kind == RTAX_RTTVAR) value /= 4;
    json.member(metric_names[kind], value);
}

void write_metrics(json_writer& json, const detailed_route& shown)
{
    const auto find = [&](std::uint16_t kind) { return std::ranges::find(shown.metrics, kind, &route_metric::kind); };
    const auto locks = find(RTAX_LOCK);
    const std::uint32_t locked = locks != shown.metrics.end() ? locks->value : 0;
    json.array_member("metrics", [&] {
        json.object([&] {
            constexpr std::uint16_t count = std::size(metric_names);
            for (std::uint16_t kind = RTAX_MTU; kind < count; ++kind) {
                if (kind == RTAX_CC_ALGO) {
                    optional_member(json, metric_names[kind], shown.congestion_control);
                    continue;
                }
                const auto found = find(kind);
                const bool there = found != shown.metrics.end();
                if (!there && (locked >> kind & 1U) == 0) continue;
                const std::uint32_t value = there ? found->value : 0;
                if (kind == RTAX_HOPLIMIT && value == 0xFFFFFFFFU) continue;
                write_metric(json, kind, value);
            }
        });
    });
}

void write_preference(json_writer& json, std::uint8_t preference)
{
    switch (preference) {
        case ICMPV6_ROUTER_PREF_LOW: return json.member("pref", "low");
        case ICMPV6_ROUTER_PREF_MEDIUM: return json.member("pref", "medium");
        case ICMPV6_ROUTER_PREF_HIGH: return json.member("pref", "high");
        default: return json.member("pref", preference);
    }
}

void write_hops(json_writer& json, const detailed_route& shown, const json_context& context)
{
    json.array_member("nexthops", [&] {
        for (std::size_t i = 0; i < shown.hops.size(); ++i) {
            const next_hop& hop = shown.hops[i];
            json.object([&] {
                write_encapsulation_kind(json, hop.encapsulation);
                write_gateway(json, hop, shown.family);
                if (i < shown.hop_realms.size() && shown.hop_realms[i])
                    write_realms(json, *shown.hop_realms[i], context);
                json.member("dev", context.links.name(hop.interface_index));
                if (shown.family != AF_MPLS) json.member("weight", hop.weight);
                write_route_flags(json, hop.flags);
            });
        }
    });
}

void write_nexthop_members(json_writer& json, const detailed_nexthop& shown, const json_context& context)
{
    json.member("id", shown.id);
    if (shown.has_group) {
        json.objects_member("group", shown.group, [&](const nexthop_member& one) {
            json.member("id", one.id);
            if (one.weight != 1) json.member("weight", one.weight);
        });
    }
    if (shown.group_type == NEXTHOP_GRP_TYPE_RES) json.member("type", "resilient");
    else if (shown.group_type != NEXTHOP_GRP_TYPE_MPATH) json.member("type", "<unknown type>");
    if (shown.resilient) {
        const resilient_group& group = *shown.resilient;
        const auto seconds = [](std::uint64_t hundredths) { return static_cast<double>(hundredths) / 100; };
        json.object_member("resilient_args", [&] {
            json.member("buckets", group.buckets);
            json.member("idle_timer", seconds(group.idle_timer));
            json.member("unbalanced_timer", seconds(group.unbalanced_timer));
            json.member("unbalanced_time", seconds(group.unbalanced_time));
        });
    }
    write_encapsulation_kind(json, shown.hop.encapsulation);
    if (shown.has_gateway) json.member("gateway", address_text(shown.family, shown.hop.gateway));
    if (shown.hop.interface_index != 0) json.member("dev", context.links.name(shown.hop.interface_index));
    json.member("scope", context.names.scope(shown.scope));
    if (shown.hop.blackhole) null_member(json, "blackhole");
    json.member("protocol", context.names.route_protocol(shown.protocol));
    write_route_flags(json, shown.flags);
    if (shown.for_forwarding_table) null_member(json, "fdb");
}

/// What stands before the flags.
void write_route_head(json_writer& json, const detailed_route& shown, const json_context& context, route_words words)
{
    const bool all = words == route_words::all;
    if (all || shown.type != RTN_UNICAST) json.member("type", route_type_name(shown.type));
    write_prefixes(json, shown);
    if (shown.nexthop_id != 0) json.member("nhid", shown.nexthop_id);
    const next_hop* const hop = !shown.has_hop_list && !shown.hops.empty() ? &shown.hops.front() : nullptr;
    if (hop != nullptr) write_encapsulation_kind(json, hop->encapsulation);
    if (shown.tos != 0) json.member("tos", context.names.traffic_class(shown.tos));
    if (hop != nullptr) write_gateway(json, *hop, shown.family);
    if (hop != nullptr && hop->interface_index != 0) json.member("dev", context.links.name(hop->interface_index));
    if (shown.table != 0 && (all || shown.table != RT_TABLE_MAIN)) {
        json.member("table", context.names.table(shown.table));
    }
    if ((shown.flags & RTM_F_CLONED) == 0) {
        if (all || shown.protocol != RTPROT_BOOT) {
            json.member("protocol", context.names.route_protocol(shown.protocol));
        }
        if (all || shown.scope != RT_SCOPE_UNIVERSE) json.member("scope", context.names.scope(shown.scope));
    }
    if (shown.preferred_source) json.member("prefsrc", address_text(shown.family, *shown.preferred_source));
    optional_member(json, "metric", shown.metric);
}

void write_cache_flags(json_writer& json, std::uint32_t flags)
{
    json.array_member("cache", [&] {
        for (const cache_flag& one : cache_flags) {
            if ((flags & one.bit) != 0) json.plain_value(one.name);
        }
    });
}

void write_route_tail(json_writer& json, const detailed_route& shown, const json_context& context)
{
    write_route_flags(json, shown.flags);
    if (shown.mark && *shown.mark != 0) json.member("mark", *shown.mark);
    if (shown.realms) write_realms(json, *shown.realms, context);
    optional_member(json, "uid", shown.uid);
    if (shown.family == AF_INET && (shown.flags & RTM_F_CLONED) != 0) write_cache_flags(json, shown.flags);
    if (shown.cache && (shown.family == AF_INET || shown.family == AF_INET6)) write_route_cache(json, *shown.cache);
    if (shown.has_metrics) write_metrics(json, shown);
    if (shown.input_interface) json.member("iif", context.links.name(*shown.input_interface));
    if (shown.preference) write_preference(json, *shown.preference);
    optional_member(json, "ttl-propogate", shown.propagates_ttl);  // iproute2's spelling
}

}  // namespace

bool is_shown_by_ip_route(const detailed_route& route) { return (route.flags & RTM_F_CLONED) == 0; }

void write_route(json_writer& json, const detailed_route& shown, std::span<const detailed_nexthop> nexthops,
                 const json_context& context)
{
    json.object([&] {
        write_route_head(json, shown, context, route_words::all);
        write_route_tail(json, shown, context);
        if (shown.nexthop_id != 0) {
            const auto found = std::ranges::lower_bound(nexthops, shown.nexthop_id, {}, &detailed_nexthop::id);
            if (found != nexthops.end() && found->id == shown.nexthop_id) {
                json.object_member("nh_info", [&] { write_nexthop_members(json, *found, context); });
            }
        }
        if (shown.has_hop_list) write_hops(json, shown, context);
    });
}

void write_resolved_route(json_writer& json, const detailed_route& shown, const json_context& context)
{
    json.object([&] {
        write_route_head(json, shown, context, route_words::unusual);
        write_route_tail(json, shown, context);
        if (shown.has_hop_list) write_hops(json, shown, context);
    });
}

void write_nexthop(json_writer& json, const detailed_nexthop& shown, const json_context& context)
{
    json.object([&] { write_nexthop_members(json, shown, context); });
}

}  // namespace nodescope::netlink
