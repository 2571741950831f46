#include "netlink/decode/filter_rules.hpp"

#include <netinet/in.h>

#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <sys/socket.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>

namespace nodescope::netlink {

namespace {

/// An ipt_entry or ip6t_entry with what follows it.
struct legacy_entry {
    std::size_t offset = 0;
    byte_span bytes;
    std::size_t target = 0;  ///< its offset in `bytes`
};

/// What xt_standard_target and xt_error_target have in common.
constexpr std::size_t target_name_offset = offsetof(xt_entry_target, u.user.name);
constexpr std::size_t target_data_offset = sizeof(xt_entry_target);

std::string_view target_name(const legacy_entry& entry)
{
    if (entry.target + target_name_offset + XT_EXTENSION_MAXNAMELEN > entry.bytes.size()) return "?";
    return string_payload(entry.bytes.subspan(entry.target + target_name_offset, XT_EXTENSION_MAXNAMELEN));
}

/// Of the standard target, which has no name: negative for a verdict, else where the chain begins.
std::optional<std::int32_t> standard_verdict(const legacy_entry& entry)
{
    if (!target_name(entry).empty() || entry.target + target_data_offset > entry.bytes.size()) return std::nullopt;
    return read_struct<std::int32_t>(entry.bytes.subspan(entry.target + target_data_offset));
}

std::optional<std::vector<legacy_entry>> split(byte_span entries, const legacy_entry_layout& layout)
{
    std::vector<legacy_entry> all;
    std::size_t offset = 0;
    while (offset < entries.size()) {
        const byte_span rest = entries.subspan(offset);
        if (rest.size() < layout.size) return std::nullopt;
        const auto target = read_struct<std::uint16_t>(rest.subspan(layout.target_offset));
        const auto next = read_struct<std::uint16_t>(rest.subspan(layout.next_offset));
        if (!target || !next || *next < layout.size || *next > rest.size()) return std::nullopt;
        if (*target < layout.size || *target > *next) return std::nullopt;
        all.push_back({offset, rest.first(*next), *target});
        offset += *next;
    }
    return all;
}

/// A name under its mask, which has a byte for the end of the name only where the whole name is meant.
void add_interface(filter_rule& rule, const char (&name)[IFNAMSIZ], const unsigned char (&mask)[IFNAMSIZ],
                   bool outgoing, bool negated)
{
    const auto compared = static_cast<std::size_t>(std::find(std::begin(mask), std::end(mask), 0) - std::begin(mask));
    if (compared == 0) return;
    interface_condition& made = rule.interfaces.emplace_back();
    made.name = std::string_view(&name[0], compared);
    const std::size_t end = made.name.find('\0');
    made.is_beginning = end == std::string::npos;
    made.name.resize(std::min(end, made.name.size()));
    made.outgoing = outgoing;
    made.negated = negated;
}

void add_legacy_address(filter_rule& rule, std::uint8_t family, const void* address, const void* mask, bool destination,
                        bool negated)
{
    const std::size_t size = family == AF_INET ? 4 : 16;
    std::array<std::uint8_t, 16> bits{};
    std::memcpy(bits.data(), mask, size);
    unsigned length = 0;
    while (length < size * 8 && (bits[length / 8] & (0x80U >> length % 8)) != 0) ++length;
    unsigned ones = 0;
    for (const std::uint8_t one : bits) ones += static_cast<unsigned>(std::popcount(one));
    if (ones != length) rule.has_conditions = true;  // no prefix
    if (ones != length || (length == 0 && !negated)) return;
    address_condition& made = rule.addresses.emplace_back();
    made.family = family;
    made.prefix_length = static_cast<std::uint8_t>(length);
    std::memcpy(made.address.bytes.data(), address, size);
    made.is_destination = destination;
    made.negated = negated;
}

void take_ip(filter_rule& rule, const ipt_ip& ip)
{
    const auto inverted = [&ip](unsigned bit) { return (ip.invflags & bit) != 0; };
    add_interface(rule, ip.iniface, ip.iniface_mask, false, inverted(IPT_INV_VIA_IN));
    add_interface(rule, ip.outiface, ip.outiface_mask, true, inverted(IPT_INV_VIA_OUT));
    add_legacy_address(rule, AF_INET, &ip.src, &ip.smsk, false, inverted(IPT_INV_SRCIP));
    add_legacy_address(rule, AF_INET, &ip.dst, &ip.dmsk, true, inverted(IPT_INV_DSTIP));
    rule.has_conditions = rule.has_conditions || ip.proto != 0 || (ip.flags & IPT_F_FRAG) != 0;
}

void take_ip(filter_rule& rule, const ip6t_ip6& ip)
{
    const auto inverted = [&ip](unsigned bit) { return (ip.invflags & bit) != 0; };
    add_interface(rule, ip.iniface, ip.iniface_mask, false, inverted(IP6T_INV_VIA_IN));
    add_interface(rule, ip.outiface, ip.outiface_mask, true, inverted(IP6T_INV_VIA_OUT));
    add_legacy_address(rule, AF_INET6, &ip.src, &ip.smsk, false, inverted(IP6T_INV_SRCIP));
    add_legacy_address(rule, AF_INET6, &ip.dst, &ip.dmsk, true, inverted(IP6T_INV_DSTIP));
    rule.has_conditions = rule.has_conditions || (ip.flags & (IP6T_F_PROTO | IP6T_F_TOS)) != 0;
}

/// Matches stand between the entry and its target. A comment decides nothing.
bool has_matches(const legacy_entry& entry, std::size_t at)
{
    while (at + sizeof(xt_entry_match) <= entry.target) {
        const auto size = read_struct<std::uint16_t>(entry.bytes.subspan(at));
        const byte_span name = entry.bytes.subspan(at + offsetof(xt_entry_match, u.user.name), XT_EXTENSION_MAXNAMELEN);
        if (!size || *size < sizeof(xt_entry_match) || string_payload(name) != "comment") return true;
        at += *size;
    }
    return at < entry.target;
}

/// None for one that neither accepts nor jumps.
std::optional<filter_rule> rule_of(const legacy_entry& entry, const legacy_entry_layout& layout,
                                   const std::map<std::size_t, std::string>& chains)
{
    const auto verdict = standard_verdict(entry);
    if (!verdict) return std::nullopt;
    filter_rule rule;
    if (*verdict < 0) {
        if (*verdict != -NF_ACCEPT - 1) return std::nullopt;
    } else {
        const auto target = chains.find(static_cast<std::size_t>(*verdict));
        if (target == chains.end()) return std::nullopt;
        rule.verdict = filter_verdict::jump;
        rule.target = target->second;
    }
    if (&layout == &ipt_layout) {
        if (const auto ip = read_struct<ipt_ip>(entry.bytes)) take_ip(rule, *ip);
    } else if (const auto ip = read_struct<ip6t_ip6>(entry.bytes)) {
        take_ip(rule, *ip);
    }
    rule.has_conditions = rule.has_conditions || has_matches(entry, layout.size);
    return rule;
}

// What both kinds of entries begin with.
static_assert(offsetof(ipt_entry, ip) == 0 && offsetof(ip6t_entry, ipv6) == 0);

std::string error_name(const legacy_entry& entry)
{
    const std::size_t at = entry.target + target_data_offset;
    if (at + XT_FUNCTION_MAXNAMELEN > entry.bytes.size()) return {};
    return std::string(string_payload(entry.bytes.subspan(at, XT_FUNCTION_MAXNAMELEN)));
}

}  // namespace

std::size_t size_of(const filter_rule& rule)
{
    std::size_t size = sizeof(rule) + rule.chain.size() + rule.target.size();
    for (const interface_condition& one : rule.interfaces) size += sizeof(one) + one.name.size();
    return size + rule.addresses.size() * sizeof(address_condition);
}

std::optional<legacy_rules> decode_legacy_rules(byte_span entries, const legacy_entry_layout& layout,
                                                std::int64_t forward, std::int64_t forward_end, std::size_t most_bytes)
{
    const auto all = split(entries, layout);
    if (!all) return std::nullopt;
    legacy_rules made;
    // A jump leads behind the head of a chain; the last head is the end of the table.
    std::map<std::size_t, std::string> chains;
    for (const legacy_entry& one : *all) {
        if (target_name(one) != XT_ERROR_TARGET || &one == &all->back()) continue;
        std::string name = error_name(one);
        made.chains.push_back(name);
        chains.emplace(one.offset + one.bytes.size(), std::move(name));
    }
    std::string chain;
    for (const legacy_entry& one : *all) {
        const auto offset = static_cast<std::int64_t>(one.offset);
        if (target_name(one) == XT_ERROR_TARGET) chain = error_name(one);
        else if (offset == forward) chain = "FORWARD";
        if (offset == forward_end) {
            made.forward_drops = standard_verdict(one) == -NF_DROP - 1;
            chain.clear();  // the next built-in chain follows
            continue;
        }
        if (chain.empty()) continue;
        auto rule = rule_of(one, layout, chains);
        if (!rule) continue;
        rule->chain = chain;
        const std::size_t size = size_of(*rule);
        if (size > most_bytes) return std::nullopt;
        most_bytes -= size;
        made.rules.push_back(std::move(*rule));
    }
    return made;
}

}  // namespace nodescope::netlink
