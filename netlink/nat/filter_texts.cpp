#include "netlink/nat/filter_texts.hpp"

#include "core/text.hpp"

#include <fmt/format.h>

#include <linux/netfilter.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace nodescope::netlink {

namespace {

constexpr std::string_view part_name = "netfilter_text";

/// Those that iptables knows; what else is called in a namespace is no table of its programs.
constexpr std::string_view iptables_tables[] = {"raw", "mangle", "nat", "filter", "security"};

bool is_of_iptables(std::string_view name)
{
    return std::ranges::find(iptables_tables, name) != std::end(iptables_tables);
}

std::optional<filter_text_plan> plan_of_nft_save(const std::vector<nft_table_summary>& tables, std::uint8_t family,
                                                 const char* program)
{
    std::optional<filter_text_plan> plan;
    for (const nft_table_summary& one : tables) {
        if (one.table.family != family || !is_of_iptables(one.table.name)) continue;
        if (!plan) {
            plan.emplace();
            plan->programs.emplace_back(program, std::vector<std::string>(), filter_variant::nft);
        }
        plan->rules += one.rules;
    }
    return plan;
}

/// Each table by its name: without one the program reads their list itself, which its rights do not reach. A table that
/// is in the kernel's list is not made by asking for it.
std::optional<filter_text_plan> plan_of_legacy_save(const std::vector<legacy_table_summary>& tables,
                                                    std::string_view family, const char* program)
{
    std::optional<filter_text_plan> plan;
    for (const legacy_table_summary& one : tables) {
        if (one.family != family || !is_of_iptables(one.name)) continue;
        if (!plan) plan.emplace();
        plan->programs.emplace_back(program, std::vector<std::string>{"-t", one.name}, filter_variant::legacy);
    }
    return plan;
}

/// The longest beginning of `text` whose JSON string has at most so many bytes.
std::size_t fitting_bytes(std::string_view text, std::size_t limit_bytes)
{
    if (json_string_bytes(text) <= limit_bytes) return text.size();
    constexpr std::size_t piece_bytes = 1024;
    std::size_t fits = 0;
    for (;;) {
        std::string_view piece = text.substr(fits, piece_bytes);
        while (!piece.empty() && json_string_bytes(piece) > limit_bytes) piece.remove_suffix(1);
        limit_bytes -= json_string_bytes(piece);
        fits += piece.size();
        if (piece.size() < piece_bytes) return fits;
    }
}

}  // namespace

std::vector<filter_text_plan> plan_of_texts(const packet_filters& found)
{
    std::vector<filter_text_plan> plans;
    const auto add = [&plans](std::optional<filter_text> filter_texts::*text, std::optional<filter_text_plan> plan) {
        if (!plan) return;
        plan->text = text;
        plans.push_back(std::move(*plan));
    };
    if (found.nft) {
        add(&filter_texts::iptables_nft, plan_of_nft_save(*found.nft, NFPROTO_IPV4, "iptables-nft-save"));
        add(&filter_texts::ip6tables_nft, plan_of_nft_save(*found.nft, NFPROTO_IPV6, "ip6tables-nft-save"));
    }
    if (found.legacy) {
        add(&filter_texts::iptables_legacy, plan_of_legacy_save(*found.legacy, "ipv4", "iptables-legacy-save"));
        add(&filter_texts::ip6tables_legacy, plan_of_legacy_save(*found.legacy, "ipv6", "ip6tables-legacy-save"));
    }
    if (found.nft && !found.nft->empty()) {
        filter_text_plan all;
        all.of_lines = false;
        all.programs.emplace_back("nft", std::vector<std::string>{"-j", "list", "ruleset"}, filter_variant::nft);
        add(&filter_texts::nft, std::move(all));
    }
    return plans;
}

filter_text_reader::filter_text_reader(program_runner& programs, nat_options options)
    : programs_(programs, std::move(options))
{
}

struct filter_text_reader::attempt {
    attempt() = default;
    std::optional<filter_text> text;  ///< none: no program gave anything
    std::vector<error> failures;
};

/// The outputs of one text's programs.
task<filter_text_reader::attempt> filter_text_reader::text_of(filter_text_plan plan, nat_target where, deadline limit)
{
    attempt made;
    for (filter_program& one : plan.programs) {
        if (made.text && made.text->truncated) break;
        const std::string name = one.name;
        const std::string label = fmt::format("{}: {}", part_name, name);
        auto running = programs_.run(label, name, std::move(one.arguments), one.variant, where, limit);
        const auto output = co_await std::move(running);
        if (!output) {
            made.failures.push_back(output.error());
            break;
        }
        if (!made.text) made.text.emplace();
        filter_text& text = *made.text;
        text.program = name;
        text.of_lines = plan.of_lines;
        text.text += output->text;
        text.truncated = output->truncated || text.text.size() > programs_.options().limits.output;
        if (auto missing = missing_rules(label, *output, plan.rules)) made.failures.push_back(std::move(*missing));
    }
    co_return made;
}

task<result<filter_texts>> filter_text_reader::read(nat_target where, packet_filters found, deadline limit)
{
    filter_texts made;
    made.note = found.note;
    bool any = false;
    std::vector<error> failures;
    std::vector<filter_text_plan> plans = plan_of_texts(found);
    for (filter_text_plan& plan : plans) {
        const auto member = plan.text;
        auto reading = text_of(std::move(plan), where, limit);
        attempt tried = co_await std::move(reading);
        any = any || tried.text;
        made.*member = std::move(tried.text);
        std::ranges::move(tried.failures, std::back_inserter(failures));
    }
    if (!failures.empty() && !any) co_return failures.front();
    for (const error& one : failures) append_clause(made.note, one.message());
    co_return made;
}

void fit_filter_texts(filter_texts& texts, std::size_t limit_bytes)
{
    std::vector<filter_text*> there;
    for (const filter_text_member& member : filter_text_members) {
        if (texts.*member.text) there.push_back(&*(texts.*member.text));
    }
    std::ranges::sort(there, {}, [](const filter_text* one) { return one->text.size(); });
    for (std::size_t i = 0; i < there.size(); ++i) {
        filter_text& one = *there[i];
        const std::size_t had = one.text.size();
        const std::size_t share = limit_bytes / (there.size() - i);
        std::size_t fits = fitting_bytes(one.text, share);
        if (one.of_lines && (one.truncated || fits < had)) fits = one.text.substr(0, fits).rfind('\n') + 1;
        if (one.truncated || fits < had) {
            append_clause(texts.note, fmt::format("{} is cut after {} of {}{} bytes", one.program, fits,
                                                  one.truncated ? "more than " : "", had));
        }
        one.text.resize(fits);
        limit_bytes -= std::min(limit_bytes, json_string_bytes(one.text));
    }
}

void write_filter_texts(json_writer& out, const filter_texts& what)
{
    out.object([&] {
        for (const filter_text_member& member : filter_text_members) {
            out.key(member.name);
            if (what.*member.text) out.value((what.*member.text)->text);
            else out.null();
        }
    });
}

}  // namespace nodescope::netlink
