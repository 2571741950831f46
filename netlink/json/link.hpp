// Links and their addresses as `ip -j -d -s addr show` writes them.
#pragma once

#include "netlink/json/context.hpp"
#include "netlink/model/address.hpp"
#include "netlink/model/link_details.hpp"

#include <vector>

namespace nodescope::netlink {

/// One link with the addresses that are its own, in the kernel's order.
void write_link(json_writer& json, const detailed_link& shown, const std::vector<const link_address*>& addresses,
                const json_context& context);
/// An element of "addr_info".
void write_address(json_writer& json, const link_address& shown, const json_context& context);
/// What iproute2's `linkinfo` has: the kind of a link, and that of its place in a master. Of kinds that this does not
/// know in detail, the name alone.
void write_link_kinds(json_writer& json, const detailed_link& shown, const json_context& context);

}  // namespace nodescope::netlink
