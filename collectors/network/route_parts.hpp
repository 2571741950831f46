// The parts that say where packets go: routes, rules, nexthop objects.
#pragma once

#include "collectors/network/part_source.hpp"
#include "collectors/network/part_text.hpp"
#include "core/error.hpp"

namespace nodescope {

/// Of all families, as `ip route show table all` has them.
result<part_text> blocking_route(part_source& source);
result<part_text> blocking_route6(part_source& source);
result<part_text> blocking_rule(part_source& source);
result<part_text> blocking_rule6(part_source& source);
result<part_text> blocking_nexthop(part_source& source);

}  // namespace nodescope
