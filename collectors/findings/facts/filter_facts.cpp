#include "collectors/findings/facts/filter_facts.hpp"

#include "collectors/findings/facts/wiring_facts.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace nodescope::findings {

namespace {

/// How the conditions on the way to a rule are about a bridge.
struct aim {
    bool names_it = false;        ///< the bridge or its network is named, or may be
    bool names_others = false;    ///< something else is
    bool has_conditions = false;  ///< of kinds that are not weighed
    [[nodiscard]] bool is_meant() const { return names_it || (!names_others && !has_conditions); }
    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the 0 of a comparison for a pointer.
    friend auto operator<=>(const aim&, const aim&) = default;
};

bool is_named(const netlink::interface_condition& condition, const wired_bridge& bridge)
{
    if (condition.index != 0) return condition.index == static_cast<std::uint32_t>(bridge.index);
    return condition.is_beginning ? bridge.name.starts_with(condition.name) : bridge.name == condition.name;
}

bool is_named(const netlink::address_condition& condition, const wired_bridge& bridge)
{
    return std::ranges::any_of(bridge.addresses, [&condition](const netlink::link_address& one) {
        if (!one.local || one.family != condition.family) return false;
        // One within the other.
        const unsigned shared = std::min(one.prefix_length, condition.prefix_length);
        return same_beginning(*one.local, condition.address, shared);
    });
}

template <class Condition>
void weigh(aim& of, const Condition& condition, const wired_bridge& bridge)
{
    const bool named = is_named(condition, bridge);
    if (!condition.negated) (named ? of.names_it : of.names_others) = true;
    // "All but it" is about others; "all but another" is about it too, without naming it.
    else if (named) of.names_others = true;
}

aim aim_of(aim before, const netlink::filter_rule& rule, const wired_bridge& bridge)
{
    for (const auto& condition : rule.interfaces) weigh(before, condition, bridge);
    for (const auto& condition : rule.addresses) weigh(before, condition, bridge);
    before.names_it = before.names_it || rule.looks_in_set;
    before.has_conditions = before.has_conditions || rule.has_conditions;
    return before;
}

}  // namespace

dropping_filter::dropping_filter(const netlink::dropping_chain& chain) : first_(chain.name)
{
    for (const netlink::filter_rule& one : *chain.rules) by_chain_[one.chain].push_back(&one);
}

bool dropping_filter::accepts_some(const wired_bridge& bridge, std::uint8_t family) const
{
    // A chain is looked at once for each way of being led there.
    std::set<std::pair<std::string_view, aim>> seen;
    std::vector<std::pair<std::string_view, aim>> waiting{{first_, aim()}};
    while (!waiting.empty()) {
        const auto [name, before] = waiting.back();
        waiting.pop_back();
        const auto rules = by_chain_.find(name);
        if (rules == by_chain_.end() || !seen.emplace(name, before).second) continue;
        for (const netlink::filter_rule* const rule : rules->second) {
            if (rule->family != 0 && rule->family != family) continue;
            const aim now = aim_of(before, *rule, bridge);
            if (rule->verdict == netlink::filter_verdict::jump) waiting.emplace_back(rule->target, now);
            else if (now.is_meant()) return true;
        }
    }
    return false;
}

}  // namespace nodescope::findings
