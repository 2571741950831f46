#include "netlink/decode/attributes.hpp"
#include "netlink/json/link_kinds.hpp"
#include "netlink/json/queue_discipline.hpp"

#include <linux/pkt_sched.h>

#include <algorithm>
#include <cstring>
#include <span>

namespace nodescope::netlink {
namespace {

using queue_writer = void (*)(json_writer&, const std::string& bytes);

struct queue_kind {
    std::string_view name;
    queue_writer options;
    queue_writer statistics;  ///< null: it counts nothing
};

/// The structure at the beginning of `bytes`; what is missing at its end is zero.
template <class T>
T prefix_of(const std::string& bytes)
{
    T made{};
    std::memcpy(&made, bytes.data(), std::min(bytes.size(), sizeof made));
    return made;
}

attribute_list attributes_in(std::string_view bytes)
{
    attribute_list list;
    std::size_t damaged = 0;
    for_each_attribute(std::as_bytes(std::span(bytes)), damaged, [&](std::uint16_t type, byte_span value) {
        if (list.find(type) != nullptr) return;
        list.attributes.push_back({.type = type, .bytes{reinterpret_cast<const char*>(value.data()), value.size()}});
    });
    return list;
}

std::optional<std::uint32_t> number_in(const attribute_list& list, std::uint16_t type)
{
    return kind_number<std::uint32_t>(list, type);
}

void write_unless(json_writer& json, const attribute_list& list, std::uint16_t type, std::string_view key,
                  std::uint32_t silent)
{
    const auto number = number_in(list, type);
    if (number && *number != silent) json.member(key, *number);
}

void write_fifo(json_writer& json, const std::string& bytes)
{
    if (bytes.size() >= sizeof(tc_fifo_qopt)) json.member("limit", prefix_of<tc_fifo_qopt>(bytes).limit);
}

void write_prio(json_writer& json, const std::string& bytes)
{
    if (bytes.size() < sizeof(tc_prio_qopt)) return;
    const auto told = prefix_of<tc_prio_qopt>(bytes);
    json.member("bands", static_cast<std::uint32_t>(told.bands));
    json.list_member("priomap", told.priomap);
    json.member("multiqueue", false);  // kernels since 2.6.27 have no other
}

void write_fq_codel(json_writer& json, const std::string& bytes)
{
    const attribute_list list = attributes_in(bytes);
    optional_member(json, "limit", number_in(list, TCA_FQ_CODEL_LIMIT));
    optional_member(json, "flows", number_in(list, TCA_FQ_CODEL_FLOWS));
    optional_member(json, "quantum", number_in(list, TCA_FQ_CODEL_QUANTUM));
    optional_member(json, "target", number_in(list, TCA_FQ_CODEL_TARGET));
    optional_member(json, "ce_threshold", number_in(list, TCA_FQ_CODEL_CE_THRESHOLD));
    const auto selector = kind_number<std::uint8_t>(list, TCA_FQ_CODEL_CE_THRESHOLD_SELECTOR).value_or(0);
    const auto mask = kind_number<std::uint8_t>(list, TCA_FQ_CODEL_CE_THRESHOLD_MASK).value_or(0);
    if (selector != 0 || mask != 0) {
        json.member("ce_threshold_selector", selector);
        json.member("ce_threshold_mask", mask);
    }
    optional_member(json, "interval", number_in(list, TCA_FQ_CODEL_INTERVAL));
    optional_member(json, "memory_limit", number_in(list, TCA_FQ_CODEL_MEMORY_LIMIT));
    if (number_in(list, TCA_FQ_CODEL_ECN).value_or(0) != 0) json.member("ecn", true);
    write_unless(json, list, TCA_FQ_CODEL_DROP_BATCH_SIZE, "drop_batch", 0);
}

void write_fq_codel_statistics(json_writer& json, const std::string& bytes)
{
    const auto told = prefix_of<tc_fq_codel_xstats>(bytes);
    if (told.type != TCA_FQ_CODEL_XSTATS_QDISC) return;
    const tc_fq_codel_qd_stats& counted = told.qdisc_stats;
    json.member("maxpacket", counted.maxpacket);
    json.member("drop_overlimit", counted.drop_overlimit);
    json.member("new_flow_count", counted.new_flow_count);
    json.member("ecn_mark", counted.ecn_mark);
    json.member_unless_empty("ce_mark", counted.ce_mark);
    json.member_unless_empty("memory_used", counted.memory_usage);
    json.member_unless_empty("drop_overmemory", counted.drop_overmemory);
    json.member("new_flows_len", counted.new_flows_len);
    json.member("old_flows_len", counted.old_flows_len);
}

void write_fq(json_writer& json, const std::string& bytes)
{
    constexpr std::uint32_t none = 0xFFFFFFFFU;
    const attribute_list list = attributes_in(bytes);
    optional_member(json, "limit", number_in(list, TCA_FQ_PLIMIT));
    optional_member(json, "flow_limit", number_in(list, TCA_FQ_FLOW_PLIMIT));
    if (const auto log = number_in(list, TCA_FQ_BUCKETS_LOG)) json.member("buckets", 1U << (*log & 31U));
    optional_member(json, "orphan_mask", number_in(list, TCA_FQ_ORPHAN_MASK));
    if (number_in(list, TCA_FQ_RATE_ENABLE).value_or(1) == 0) json.member("pacing", false);
    optional_member(json, "quantum", number_in(list, TCA_FQ_QUANTUM));
    optional_member(json, "initial_quantum", number_in(list, TCA_FQ_INITIAL_QUANTUM));
    write_unless(json, list, TCA_FQ_FLOW_MAX_RATE, "maxrate", none);
    write_unless(json, list, TCA_FQ_FLOW_DEFAULT_RATE, "defrate", 0);
    write_unless(json, list, TCA_FQ_LOW_RATE_THRESHOLD, "low_rate_threshold", 0);
    optional_member(json, "refill_delay", number_in(list, TCA_FQ_FLOW_REFILL_DELAY));
    write_unless(json, list, TCA_FQ_CE_THRESHOLD, "ce_threshold", none);
    optional_member(json, "timer_slack", number_in(list, TCA_FQ_TIMER_SLACK));
    optional_member(json, "horizon", number_in(list, TCA_FQ_HORIZON));
    if (const auto drop = kind_number<std::uint8_t>(list, TCA_FQ_HORIZON_DROP)) {
        null_member(json, *drop != 0 ? "horizon_drop" : "horizon_cap");
    }
}

void write_fq_statistics(json_writer& json, const std::string& bytes)
{
    const auto told = prefix_of<tc_fq_qd_stats>(bytes);
    json.member("flows", told.flows);
    json.member("inactive", told.inactive_flows);
    json.member("throttled", told.throttled_flows);
    if (told.time_next_delayed_flow > 0) json.member("next_packet_delay", told.time_next_delayed_flow);
    json.member("gc", told.gc_flows);
    json.member("highprio", told.highprio_packets);
    json.member_unless_empty("retrans", told.tcp_retrans);
    json.member("throttled", told.throttled);  // iproute2 writes two members of this name
    json.member_unless_empty("latency", told.unthrottle_latency_ns);
    json.member_unless_empty("ce_mark", told.ce_mark);
    json.member_unless_empty("flows_plimit", told.flows_plimit);
    json.member_unless_empty("pkts_too_long", told.pkts_too_long);
    json.member_unless_empty("alloc_errors", told.allocation_errors);
    json.member_unless_empty("horizon_drops", told.horizon_drops);
    json.member_unless_empty("horizon_caps", told.horizon_caps);
}

/// The scheduler counts time in 64 ns (PSCHED_SHIFT in include/net/pkt_sched.h), which /proc/net/psched tells tc.
std::uint32_t microseconds_of(std::uint32_t ticks) { return static_cast<std::uint32_t>(ticks / 15.625); }

void write_tbf(json_writer& json, const std::string& bytes)
{
    const attribute_list list = attributes_in(bytes);
    const std::string* const parameters = list.find(TCA_TBF_PARMS);
    if (parameters == nullptr || parameters->size() < sizeof(tc_tbf_qopt)) return;
    const auto told = prefix_of<tc_tbf_qopt>(*parameters);
    const std::uint64_t rate = kind_number<std::uint64_t>(list, TCA_TBF_RATE64).value_or(told.rate.rate);
    const std::uint64_t peak = kind_number<std::uint64_t>(list, TCA_TBF_PRATE64).value_or(told.peakrate.rate);
    const auto bytes_in = [](std::uint64_t per_second, std::uint32_t ticks) {
        const double size = static_cast<double>(per_second) * microseconds_of(ticks) / 1e6;
        return static_cast<std::uint32_t>(std::min(size, 4294967295.0));
    };
    json.member("rate", rate);
    json.member("burst", bytes_in(rate, told.buffer));
    if (peak != 0 && (told.mtu != 0 || told.peakrate.mpu != 0)) json.member("minburst", bytes_in(peak, told.mtu));
    const auto latency = [&](std::uint64_t per_second, std::uint32_t ticks) {
        return per_second == 0 ? 0 : 1e6 * told.limit / static_cast<double>(per_second) - microseconds_of(ticks);
    };
    const double longest = std::max(latency(rate, told.buffer), peak != 0 ? latency(peak, told.mtu) : -1e18);
    if (longest >= 0) json.member("lat", static_cast<std::uint64_t>(std::min(longest, 1e18)));
    else json.member("limit", told.limit);
    if (told.rate.overhead != 0) json.member("overhead", static_cast<std::int32_t>(told.rate.overhead));
    if ((told.rate.linklayer & TC_LINKLAYER_MASK) == TC_LINKLAYER_ATM) json.member("linklayer", "atm");
}

void write_htb(json_writer& json, const std::string& bytes)
{
    const attribute_list list = attributes_in(bytes);
    if (const std::string* const all = list.find(TCA_HTB_INIT)) {
        if (all->size() < sizeof(tc_htb_glob)) return;
        const auto told = prefix_of<tc_htb_glob>(*all);
        json.member("r2q", static_cast<std::int32_t>(told.rate2quantum));
        json.member("default", hexadecimal(told.defcls));
        json.member("direct_packets_stat", told.direct_pkts);
    }
    optional_member(json, "direct_qlen", number_in(list, TCA_HTB_DIRECT_QLEN));
    if (list.find(TCA_HTB_OFFLOAD) != nullptr) null_member(json, "offload");
}

constexpr queue_kind queue_kinds[] = {
    {"pfifo", write_fifo, nullptr},
    {"bfifo", write_fifo, nullptr},
    {"pfifo_head_drop", write_fifo, nullptr},
    {"pfifo_fast", write_prio, nullptr},
    {"prio", write_prio, nullptr},
    {"fq_codel", write_fq_codel, write_fq_codel_statistics},
    {"fq", write_fq, write_fq_statistics},
    {"tbf", write_tbf, nullptr},
    {"htb", write_htb, nullptr},
};

const queue_kind* find_queue_kind(std::string_view name)
{
    const auto* const found = std::ranges::find(queue_kinds, name, &queue_kind::name);
    return found != std::end(queue_kinds) ? found : nullptr;
}

}  // namespace

void write_queue_options(json_writer& json, const queue_discipline& shown)
{
    const queue_kind* const kind = find_queue_kind(shown.kind);
    if (kind != nullptr && shown.options) kind->options(json, *shown.options);
}

void write_queue_statistics(json_writer& json, const queue_discipline& shown)
{
    const queue_kind* const kind = find_queue_kind(shown.kind);
    if (kind != nullptr && kind->statistics != nullptr && shown.kind_statistics) {
        kind->statistics(json, *shown.kind_statistics);
    }
}

}  // namespace nodescope::netlink
