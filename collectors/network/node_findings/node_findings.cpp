#include "collectors/network/node_findings/node_findings.hpp"

#include "collectors/findings/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>

namespace nodescope {

void node_findings_builder::add(findings::report of, std::uint64_t netns,
                                std::optional<findings::named_container> container)
{
    ++made_.networks;
    for (const std::string_view name : of.checked) ++asked_[name];
    for (const auto& [name, why] : of.not_checked) {
        unasked& rule = unasked_[name];
        if (rule.networks++ == 0) rule.why = why;
        rule.same = rule.same && rule.why == why;
    }
    for (const auto& [name, more] : of.left_out) left_out_[name] += more;
    for (findings::finding& one : of.findings) {
        // What is wrong with the node's side of a network is seen from each that leads there, and by the node itself.
        const bool elsewhere = one.about.netns != 0 && one.about.netns != netns;
        if (elsewhere || !container) {
            const bool is_new = told_.emplace(one.rule, one.about.netns, one.about.ifname, one.summary).second;
            if (elsewhere && !is_new) continue;
        }
        if (!elsewhere) one.about.container = container;
        ++made_.all_findings;
        made_.whole.findings.push_back(std::move(one));
    }
    if (made_.whole.findings.size() > 2 * kept_findings) keep_heaviest(kept_findings);
    if (of.not_checked.empty()) return;
    // Which of the reasons are those of all networks is known at the end.
    for (const auto& [name, why] : of.not_checked) incomplete_bytes_ += name.size() + why.size();
    if (incomplete_bytes_ > kept_reason_bytes) {
        ++incomplete_left_out_;
        return;
    }
    incomplete_.push_back({netns, std::move(container), std::move(of.not_checked)});
}

void node_findings_builder::add_unseen(std::optional<findings::named_container> container, error why)
{
    if (made_.not_looked_at.size() < told_one_by_one)
        made_.not_looked_at.push_back({std::move(container), std::move(why)});
    else ++made_.not_looked_at_left_out;
}

void node_findings_builder::keep_heaviest(std::size_t most)
{
    auto& all = made_.whole.findings;
    std::ranges::stable_sort(all, std::ranges::greater(), &findings::finding::weight);
    if (all.size() > most) all.erase(all.begin() + static_cast<std::ptrdiff_t>(most), all.end());
}

node_findings node_findings_builder::finish()
{
    keep_heaviest(kept_findings);
    const auto everywhere = [this](std::string_view name) {
        const auto found = unasked_.find(name);
        return found != unasked_.end() && found->second.same && found->second.networks == made_.networks;
    };
    for (const findings::rule& rule : findings::all_rules()) {
        if (const auto found = unasked_.find(rule.name); found != unasked_.end()) {
            const unasked& one = found->second;
            made_.whole.not_checked.emplace_back(
                rule.name, everywhere(rule.name) ? one.why
                                                 : fmt::format("in {} of {} networks; in the first of them: {}",
                                                               one.networks, made_.networks, one.why));
        } else if (asked_.contains(rule.name)) {
            made_.whole.checked.push_back(rule.name);
        }
        if (const auto found = left_out_.find(rule.name); found != left_out_.end())
            made_.whole.left_out.emplace_back(rule.name, found->second);
    }
    made_.differing_left_out = incomplete_left_out_;
    for (node_findings::differing_network& one : incomplete_) {
        std::erase_if(one.not_checked, [&](const auto& rule) { return everywhere(rule.first); });
        if (one.not_checked.empty()) continue;
        if (made_.differing.size() < told_one_by_one) made_.differing.push_back(std::move(one));
        else ++made_.differing_left_out;
    }
    return std::move(made_);
}

}  // namespace nodescope
