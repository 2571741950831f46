// Links and addresses as the text that `ip addr` of iproute2 6.1 prints, byte for byte, trailing spaces included. Names
// are printed as the bytes they are, as ip does: escape the text where it leaves the process.
#pragma once

#include "netlink/model/address.hpp"
#include "netlink/model/link.hpp"
#include "netlink/text/iproute_names.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace nodescope::netlink {

/// `namespace_names`: by the ids that the shown namespace has for others. Links and addresses come in the order of the
/// kernel's dumps, and are shown in it.
std::string ip_addr_text(std::span<const link> links, std::span<const link_address> addresses, iproute_names& names,
                         const std::map<std::int32_t, std::string>& namespace_names);

}  // namespace nodescope::netlink
