// What `ip -d route`, `ip -d rule` and `ip -d nexthop` show beyond what the texts of net info need.
#pragma once

#include "netlink/model/route.hpp"
#include "netlink/model/rule.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nodescope::netlink {

/// Of a cached or temporary route (rta_cacheinfo).
struct route_cache {
    std::int32_t expires = 0;  ///< in hundredths of a second (USER_HZ), 0 for never
    std::uint32_t error = 0;
    std::uint32_t id = 0;
    std::uint32_t timestamp = 0;
    std::uint32_t timestamp_age = 0;
};

/// What is not set was not in the message.
struct detailed_route : route {
    bool has_destination = false;
    bool has_source = false;
    bool has_metrics = false;
    bool has_hop_list = false;  ///< RTA_MULTIPATH: `hops` is a list, be it of one
    std::optional<std::uint32_t> metric;
    std::optional<std::uint32_t> mark;
    std::optional<std::uint32_t> realms;
    std::optional<std::uint32_t> uid;
    std::optional<std::uint32_t> input_interface;
    std::optional<bool> propagates_ttl;
    std::optional<route_cache> cache;
    std::optional<std::string> congestion_control;
    /// Of the hops of a list, in their order; as many as there are hops, or none where no hop has any.
    std::vector<std::optional<std::uint32_t>> hop_realms;
};

struct number_range {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    friend bool operator==(const number_range&, const number_range&) = default;
};

/// What is not set was not in the message.
struct detailed_rule : routing_rule {
    std::uint32_t flags = 0;  ///< FIB_RULE_*
    std::uint8_t tos = 0;
    std::uint8_t source_length = 0;
    std::uint8_t destination_length = 0;
    std::optional<network_address> source;
    std::optional<network_address> destination;
    std::optional<std::string> input_interface;
    std::optional<std::string> output_interface;
    std::optional<std::uint32_t> mark;
    std::optional<std::uint32_t> mark_mask;
    std::optional<std::uint8_t> l3_master;
    std::optional<number_range> uids;
    std::optional<std::uint8_t> ip_protocol;
    std::optional<number_range> source_ports;
    std::optional<number_range> destination_ports;
    std::optional<std::uint64_t> tunnel;
    std::optional<std::uint32_t> suppress_prefix_length;
    std::optional<std::uint32_t> suppress_group;
    std::optional<std::uint32_t> realms;
    std::optional<std::uint32_t> go_to;
    std::optional<std::uint8_t> protocol;  ///< RTPROT_*: who made it
};

/// Of a group that keeps flows on their member (ip-nexthop(8), "resilient"); times in hundredths of a second.
struct resilient_group {
    std::uint16_t buckets = 0;
    std::uint32_t idle_timer = 0;
    std::uint32_t unbalanced_timer = 0;
    std::uint64_t unbalanced_time = 0;
};

struct detailed_nexthop : nexthop_object {
    std::uint8_t family = 0;
    std::uint8_t scope = 0;
    std::uint8_t protocol = 0;
    std::uint32_t flags = 0;
    std::uint16_t group_type = 0;  ///< NEXTHOP_GRP_TYPE_*
    bool has_group = false;
    bool has_gateway = false;
    bool for_forwarding_table = false;
    std::optional<resilient_group> resilient;
};

}  // namespace nodescope::netlink
