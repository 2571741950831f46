#include "collectors/findings/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace nodescope::findings {

namespace {

constexpr std::string_view needs_two_readings =
    "needs two readings: ask again after a second, or about one network with interval=1s";

/// Why the rule cannot be asked; empty where it can.
std::string what_is_missing(const network_model& model, const rule& which)
{
    const std::pair<unsigned, const std::string*> inputs[] = {
        {links_input, &model.links.missing},           {addresses_input, &model.addresses.missing},
        {routes_input, &model.routes.missing},         {rules_input, &model.rules.missing},
        {neighbours_input, &model.neighbours.missing}, {ends_input, &model.ends.missing},
        {sockets_input, &model.tcp.missing},           {conntrack_input, &model.conntrack.missing},
        {counters_input, &model.counters.missing},     {tasks_input, &model.tasks.missing},
        {filters_input, &model.filters.missing},       {wiring_input, &model.sides.missing},
        {resolver_input, &model.resolver.missing},     {runtime_input, &model.runtimes.missing}};
    for (const auto& [input, missing] : inputs) {
        if ((which.needs & input) != 0 && !missing->empty()) return *missing;
    }
    if ((which.needs & rates_input) != 0 && !model.counters.before) return std::string(needs_two_readings);
    return {};
}

/// What a rule that also compares counters has not seen; empty where it has.
std::string not_compared(const network_model& model, const rule& which)
{
    if ((which.uses & counters_input) == 0) return {};
    if (!model.counters.missing.empty()) return model.counters.missing;
    if (model.counters.before) return {};
    return fmt::format("whether its counters grow was not looked at: that {}", needs_two_readings);
}

}  // namespace

bool rule_choice::is_off(const rule& which) const { return std::ranges::find(off, which.name) != off.end(); }

bool rule_choice::asks(const rule& which) const { return which.weight >= least && !is_off(which); }

unsigned needed_inputs(const rule_choice& choice)
{
    unsigned inputs = 0;
    for (const rule& which : all_rules()) {
        if (choice.asks(which)) inputs |= which.needs | which.uses;
    }
    return inputs;
}

report check(const network_model& model, const rule_choice& choice)
{
    report made;
    made.notes = model.notes;
    for (const rule& which : all_rules()) {
        if (which.weight < choice.least) continue;
        std::string why_not = choice.is_off(which) ? "switched off: --finding-off" : what_is_missing(model, which);
        if (!why_not.empty()) {
            made.not_checked.emplace_back(which.name, std::move(why_not));
            continue;
        }
        finding_list found = which.look(model);
        for (finding& one : found.items()) {
            one.rule = which.name;
            one.weight = which.weight;
            one.hint = which.hint;
            // A rule about the node's side says so itself.
            if (one.about.netns == 0) one.about.netns = model.netns;
        }
        std::ranges::move(found.items(), std::back_inserter(made.findings));
        made.checked.push_back(which.name);
        if (auto note = not_compared(model, which); !note.empty()) made.notes.emplace_back(which.name, std::move(note));
        if (found.left_out() != 0) made.left_out.emplace_back(which.name, found.left_out());
    }
    std::ranges::stable_sort(made.findings, std::ranges::greater(), &finding::weight);
    return made;
}

}  // namespace nodescope::findings
