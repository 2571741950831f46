// two-iptables-backends: some rules are in the tables of the legacy iptables, others in those of iptables-nft.
#include "collectors/findings/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace nodescope::findings {

namespace {

struct filled_table {
    std::string_view name;
    std::uint64_t rules = 0;
};

/// The one with the most rules; those that iptables-nft makes have these names, and it fills no others.
filled_table fullest_of_nft(const netlink::packet_filters& tables, std::string_view family)
{
    constexpr std::array<std::string_view, 5> names{"filter", "nat", "mangle", "raw", "security"};
    filled_table fullest;
    if (!tables.nft) return fullest;
    for (const netlink::nft_table_summary& one : *tables.nft) {
        if (netlink::nft_family_name(one.table.family) != family ||
            std::ranges::find(names, one.table.name) == names.end())
            continue;
        if (one.rules > fullest.rules) fullest = {one.table.name, one.rules};
    }
    return fullest;
}

filled_table fullest_of_legacy(const netlink::packet_filters& tables, std::string_view family)
{
    filled_table fullest;
    if (!tables.legacy) return fullest;
    for (const netlink::legacy_table_summary& one : *tables.legacy) {
        if (one.family == family && one.rules.value_or(0) > fullest.rules) fullest = {one.name, *one.rules};
    }
    return fullest;
}

}  // namespace

finding_list look_for_two_iptables_backends(const network_model& model)
{
    finding_list found;
    const auto filters = std::ranges::find(model.filters.items, model.netns, &wired_filters::netns);
    if (filters == model.filters.items.end()) return found;
    struct compared_family {
        std::string_view of_nft;
        std::string_view of_legacy;
        std::string_view shown;
    };
    constexpr std::array<compared_family, 2> families{{{"ip", "ipv4", "IPv4"}, {"ip6", "ipv6", "IPv6"}}};
    for (const compared_family& family : families) {
        const filled_table nft = fullest_of_nft(filters->filters.tables, family.of_nft);
        const filled_table legacy = fullest_of_legacy(filters->filters.tables, family.of_legacy);
        if (nft.rules == 0 || legacy.rules == 0) continue;
        finding one;
        one.summary = fmt::format(
            "{} rules are in both variants of iptables: {} in the legacy table {}, {} in the table "
            "{} of nf_tables",
            family.shown, legacy.rules, legacy.name, nft.rules, nft.name);
        one.seen.add("family", std::string(family.shown))
            .add("legacy_table", std::string(legacy.name))
            .add("legacy_rules", legacy.rules)
            .add("nft_table", std::string(nft.name))
            .add("nft_rules", nft.rules);
        found.add(std::move(one));
    }
    return found;
}

}  // namespace nodescope::findings
