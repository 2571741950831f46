#include "netlink/nat/nat.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nodescope::netlink {

nat_reader::nat_reader(program_runner& programs, nat_options options) : programs_(programs, std::move(options)) {}

/// One program to its end. The two variants are two programs, because one reads nf_tables and the other the tables of
/// the old interface.
task<result<program_output>> nat_reader::save(std::string name, filter_variant variant, nat_target where,
                                              deadline limit)
{
    std::string label = "nat: " + name;
    std::vector<std::string> only_nat;
    only_nat.emplace_back("-t");
    only_nat.emplace_back("nat");
    co_return co_await programs_.run(std::move(label), std::move(name), std::move(only_nat), variant, std::move(where),
                                     limit);
}

task<result<nat_text>> nat_reader::read(nat_target where, ip_family family, result<nat_tables> found, deadline limit)
{
    if (!found) co_return found.error();
    blocking_prepare();
    nat_text made;
    bool any = false;
    std::optional<error> failed = found->nft_failure;
    struct variant {
        std::string name;
        filter_variant kind;
        std::size_t rules;  // at least; of the old tables none are counted: their program fails without memory
    };
    const std::string prefix = family == ip_family::ipv4 ? "iptables-" : "ip6tables-";
    std::vector<variant> variants;
    if (found->nft) variants.push_back({prefix + "nft-save", filter_variant::nft, found->nft_rules});
    if (found->legacy) variants.push_back({prefix + "legacy-save", filter_variant::legacy, 0});
    for (variant& one : variants) {
        if (made.truncated) break;
        const std::string label = "nat: " + one.name;
        auto saving = save(std::move(one.name), one.kind, where, limit);
        auto output = co_await std::move(saving);
        if (output) {
            any = true;
            if (!failed) failed = missing_rules(label, *output, one.rules);
            made.truncated =
                output->truncated || made.text.size() + output->text.size() > programs_.options().limits.output;
            made.text += output->text;
            made.text.resize(std::min(made.text.size(), programs_.options().limits.output));
            if (made.truncated) cut_after_last_line(made.text);
        } else if (output.error().kind() == failure::cancelled) {
            co_return output.error();
        } else if (!failed) {
            failed = output.error();
        }
    }
    // After what a program has said, which matters more: where only root may see legacy tables, there seldom are any.
    if (!failed) failed = found->legacy_failure;
    if (failed && !any) co_return *failed;
    made.incomplete = failed;
    made.elsewhere = std::move(found->elsewhere);
    co_return made;
}

}  // namespace nodescope::netlink
