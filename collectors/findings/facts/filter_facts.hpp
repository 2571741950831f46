// Whether a packet filter lets the packets of a bridge pass. Its rules are not simulated: one that accepts and names
// the bridge or its network, or names nothing, is taken to be meant for it.
#pragma once

#include "collectors/findings/wiring_model.hpp"

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace nodescope::findings {

/// A chain that drops, made ready to be asked about many bridges. Refers to it.
class dropping_filter {
public:
    explicit dropping_filter(const netlink::dropping_chain& chain);
    /// A rule in the chain, or in one that it leads to, accepts packets of that family and bridge. True also where a
    /// rule looks the link or the address up in a set, which is not read.
    [[nodiscard]] bool accepts_some(const wired_bridge& bridge, std::uint8_t family) const;

private:
    std::string_view first_;
    std::unordered_map<std::string_view, std::vector<const netlink::filter_rule*>> by_chain_;
};

}  // namespace nodescope::findings
