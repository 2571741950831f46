// reverse-path-filter: packets come in through a link that takes only those whose way back leaves by it, and theirs
// leaves by another.
#include "collectors/findings/facts/setting_facts.hpp"
#include "collectors/findings/facts/wiring_facts.hpp"
#include "collectors/findings/rules.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

namespace nodescope::findings {

finding_list look_for_reverse_path_filter(const network_model& model)
{
    finding_list found;
    for (const wired_side& where : model.sides.items) {
        for (const way_back& way : where.ways) {
            const source_filter filter{way.filter_of_link, way.filter_of_all};
            if (!filter.is_strict() || way.is_same || way.leaves_by.empty()) continue;
            finding one;
            one.about.netns = where.netns;
            one.about.ifname = way.link;
            one.summary =
                fmt::format("{} {} drops packets from {}: its rp_filter is strict, and the way back leaves by {}",
                            way.link, place_text(where), way.packets_from, joined(way.leaves_by, " or "));
            one.seen.add("from", way.packets_from)
                .add("leaves_by", joined(way.leaves_by, ", "))
                .add("rp_filter", static_cast<std::uint64_t>(filter.of_link))
                .add("rp_filter_of_all", static_cast<std::uint64_t>(filter.of_all));
            found.add(std::move(one));
        }
    }
    return found;
}

}  // namespace nodescope::findings
