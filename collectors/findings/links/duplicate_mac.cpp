// duplicate-mac: two links on one bridge have one hardware address.
#include "collectors/findings/facts/wiring_facts.hpp"
#include "collectors/findings/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace nodescope::findings {

namespace {

using stations = std::vector<const bridge_station*>;

bool is_zero(const netlink::hardware_address& address)
{
    return std::ranges::all_of(address.bytes, [](std::uint8_t one) { return one == 0; });
}

/// By address, in the order of the ports.
std::map<std::string, stations> by_hardware(const std::vector<bridge_station>& all)
{
    std::map<std::string, stations> same;
    for (const bridge_station& one : all) {
        if (*one.hardware && !is_zero(**one.hardware)) same[text_of(**one.hardware)].push_back(&one);
    }
    return same;
}

/// A bridge has the address of one of its ports, unless somebody gives it another.
void leave_out_bridge(stations& same)
{
    if (std::ranges::any_of(same, [](const auto* one) { return !one->is_bridge && !one->is_end; })) {
        std::erase_if(same, [](const auto* one) { return one->is_bridge; });
    }
}

}  // namespace

finding_list look_for_duplicate_mac(const network_model& model)
{
    finding_list found;
    for (const wired_side& where : model.sides.items) {
        for (const wired_bridge& bridge : where.bridges) {
            const std::vector<bridge_station> all = stations_of(model, where, bridge);
            for (auto& [address, same] : by_hardware(all)) {
                leave_out_bridge(same);
                const bool is_own = std::ranges::any_of(same, [](const auto* one) { return one->is_own; });
                if (same.size() < 2 || (!where.is_here && !is_own)) continue;
                finding one;
                one.about = subject_of(where, same);
                one.summary = fmt::format("{} have one hardware address, {}, on the bridge {}", names_of(same), address,
                                          bridge.name);
                one.seen.add("address", address).add("links", names_of(same)).add("bridge", bridge.name);
                found.add(std::move(one));
            }
        }
    }
    return found;
}

}  // namespace nodescope::findings
