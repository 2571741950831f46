#include "collectors/findings/report.hpp"

#include <algorithm>
#include <iterator>

namespace nodescope::findings {

namespace {

/// Why the rule cannot be asked; empty where it can.
std::string what_is_missing(const network_model& model, const rule& which)
{
    const std::pair<unsigned, const std::string*> inputs[] = {
        {links_input, &model.links.missing},           {addresses_input, &model.addresses.missing},
        {routes_input, &model.routes.missing},         {rules_input, &model.rules.missing},
        {neighbours_input, &model.neighbours.missing}, {ends_input, &model.ends.missing},
        {filters_input, &model.filters.missing},       {wiring_input, &model.sides.missing}};
    for (const auto& [input, missing] : inputs) {
        if ((which.needs & input) != 0 && !missing->empty()) return *missing;
    }
    return {};
}

}  // namespace

bool rule_choice::is_off(const rule& which) const { return std::ranges::find(off, which.name) != off.end(); }

unsigned needed_inputs(const rule_choice& choice)
{
    unsigned needed = 0;
    for (const rule& which : all_rules()) {
        if (which.weight >= choice.least && !choice.is_off(which)) needed |= which.needs;
    }
    return needed;
}

report check(const network_model& model, const rule_choice& choice)
{
    report made;
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
        if (found.left_out() != 0) made.left_out.emplace_back(which.name, found.left_out());
    }
    std::ranges::stable_sort(made.findings, std::ranges::greater(), &finding::weight);
    return made;
}

}  // namespace nodescope::findings
