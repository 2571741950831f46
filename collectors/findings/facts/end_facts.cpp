#include "collectors/findings/facts/end_facts.hpp"

#include <linux/if.h>

namespace nodescope::findings {

bool is_lowered_by_node(const network_model& model, const other_end& end)
{
    return !model.is_node && end.on_node && !end.here && (end.flags & IFF_UP) == 0;
}

std::unordered_set<int> links_lowered_by_node(const network_model& model)
{
    std::unordered_set<int> indexes;
    for (const other_end& end : model.ends.items) {
        if (is_lowered_by_node(model, end)) indexes.insert(end.link_index);
    }
    return indexes;
}

std::string_view place_text(const other_end& end)
{
    if (end.here) return "in this namespace";
    return end.on_node ? "on the node" : "in another namespace";
}

}  // namespace nodescope::findings
