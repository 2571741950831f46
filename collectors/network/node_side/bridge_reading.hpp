// The bridges among the links of a namespace, and what is connected to them.
#pragma once

#include "collectors/findings/wiring_model.hpp"
#include "netlink/model/link_details.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <vector>

namespace nodescope {

/// Those that have ports, and are in `wanted` where that is not empty.
std::vector<findings::wired_bridge> bridges_among(const std::vector<netlink::detailed_link>& links,
                                                  const std::vector<netlink::link_address>& addresses,
                                                  const std::set<std::uint32_t>& wanted);

/// A port whose other end is in another namespace, and the index that it has there.
struct awaited_end {
    findings::bridge_port* port = nullptr;
    std::uint32_t index = 0;
};
/// Those that are not known yet, by the id that the bridges' namespace has for the other one. `bridges` must stay where
/// they are.
std::map<std::int32_t, std::vector<awaited_end>> ends_elsewhere(const std::vector<netlink::detailed_link>& links,
                                                                std::vector<findings::wired_bridge>& bridges);

}  // namespace nodescope
