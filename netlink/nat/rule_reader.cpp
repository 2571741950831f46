#include "netlink/nat/rule_reader.hpp"

#include <fmt/format.h>

#include <linux/netfilter.h>

#include <algorithm>
#include <array>

namespace nodescope::netlink {

namespace {

constexpr std::array<std::string_view, 5> tables_of_iptables{"nat", "filter", "mangle", "raw", "security"};

struct wanted_program {
    std::string_view name;
    filter_variant kind = filter_variant::nft;
    std::vector<std::string> arguments;
};

bool sees_family(std::uint8_t table, ip_family family)
{
    return table == NFPROTO_INET || table == (family == ip_family::ipv4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
}

std::vector<wanted_program> programs_for(const packet_filters& found, ip_family family)
{
    const bool four = family == ip_family::ipv4;
    bool by_iptables = false;
    bool by_nft = false;
    for (const nft_table_summary& one : found.nft.value_or(std::vector<nft_table_summary>())) {
        if (one.rules == 0 && one.base_chains.empty()) continue;
        if (!sees_family(one.table.family, family)) continue;
        (is_of_iptables(one.table) ? by_iptables : by_nft) = true;
    }
    std::vector<wanted_program> all;
    if (by_iptables) all.push_back({four ? "iptables-nft-save" : "ip6tables-nft-save", filter_variant::nft, {}});
    // By its name each: the program would look for the list in /proc, which is not open to it.
    for (const legacy_table_summary& one : found.legacy.value_or(std::vector<legacy_table_summary>())) {
        if (one.family != (four ? "ipv4" : "ipv6")) continue;
        if (std::ranges::find(tables_of_iptables, one.name) == tables_of_iptables.end()) continue;
        all.push_back(
            {four ? "iptables-legacy-save" : "ip6tables-legacy-save", filter_variant::legacy, {"-t", one.name}});
    }
    if (by_nft) all.push_back({"nft", filter_variant::nft, {"list", "ruleset"}});
    return all;
}

}  // namespace

bool is_of_iptables(const nft_table& table)
{
    const bool of_family = table.family == NFPROTO_IPV4 || table.family == NFPROTO_IPV6;
    return of_family && std::ranges::find(tables_of_iptables, table.name) != tables_of_iptables.end();
}

task<rule_texts> rule_reader::read(nat_target where, ip_family family, result<packet_filters> found, deadline limit)
{
    rule_texts made;
    const auto miss = [&made](std::string why) {
        made.whole = false;
        made.notes.push_back("rules: " + std::move(why));
    };
    if (!found) {
        miss(found.error().message());
        co_return made;
    }
    if ((!found->nft || !found->legacy) && !found->note.empty()) miss(found->note);
    for (const wanted_program& one : programs_for(*found, family)) {
        std::string name(one.name);
        std::string label = "rules: " + name;
        std::vector<std::string> arguments = one.arguments;
        auto output = co_await programs_.run(label, name, std::move(arguments), one.kind, where, limit);
        if (!output) {
            made.whole = false;
            made.notes.push_back(output.error().message());
            continue;
        }
        if (output->truncated) {
            cut_after_last_line(output->text);
            miss(fmt::format("what {} says is longer than {} bytes: the rest is not looked at", name,
                             programs_.options().limits.output));
        }
        made.texts.emplace_back(one.name, std::move(output->text));
    }
    co_return made;
}

}  // namespace nodescope::netlink
