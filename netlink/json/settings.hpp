// The part `sysctl` of the network of a container or the node.
#pragma once

#include "core/json/writer.hpp"
#include "netlink/model/network_settings.hpp"

namespace nodescope::netlink {

/// As /proc/sys/net is: an object a directory, a number or a list of numbers a file, null for a file that is not there.
void write_settings(json_writer& out, const network_settings& what);

}  // namespace nodescope::netlink
