#include "netlink/model/route.hpp"

#include <algorithm>

namespace nodescope::netlink {

void resolve_nexthop(route& to, std::span<const nexthop_object> objects)
{
    const auto find = [&](std::uint32_t id) -> const nexthop_object* {
        const auto found = std::ranges::lower_bound(objects, id, {}, &nexthop_object::id);
        return found != objects.end() && found->id == id ? &*found : nullptr;
    };
    const nexthop_object* const own = find(to.nexthop_id);
    if (own == nullptr) return;
    if (own->group.empty()) to.hops.push_back(own->hop);
    // A group cannot hold groups (net/ipv4/nexthop.c, valid_group_nh), so one step is enough.
    for (const nexthop_member& member : own->group) {
        if (const nexthop_object* const object = find(member.id)) {
            to.hops.push_back(object->hop);
            to.hops.back().weight = member.weight;
        }
    }
}

}  // namespace nodescope::netlink
