// The names iproute2 gives to numbers: device groups, address scopes, reasons of protodown from /etc/iproute2, and
// network namespaces from /run/netns. All below a root path.
#pragma once

#include "core/deadline.hpp"
#include "netlink/read/dump.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace nodescope::netlink {

/// From number to name, as read from one file.
using name_map = std::map<int, std::string>;

/// Adds the lines `number name` of a file of /etc/iproute2 to `names`; a later line wins. Numbers are decimal or
/// 0x hexadecimal, `#` starts a comment. iproute2 stops at the first line it cannot read, so does this.
void add_iproute_names(name_map& names, std::string_view file);

/// The files below <root>/etc/iproute2. A file that is missing, not a regular file or above 256 KiB counts as empty.
/// Reads each file when a name is first asked for. For one thread.
class iproute_names {
public:
    explicit iproute_names(std::string root) : root_(std::move(root)) {}

    /// `group`: the name, else the number.
    std::string group(std::uint32_t number);
    /// `rt_scopes`. iproute2 has names of its own for five scopes, and reads the file, which may then rename those,
    /// when it first meets another one.
    std::string scope(std::uint8_t number);
    /// `protodown_reasons.d/*.conf`
    std::string protocol_down_reason(unsigned number);

    [[nodiscard]] const std::string& root() const noexcept { return root_; }

private:
    std::string root_;
    std::optional<name_map> groups_;
    std::optional<name_map> scopes_;
    std::optional<name_map> reasons_;
};

/// From the ids by which the namespace of `socket` knows other namespaces to their names in <root>/run/netns; where
/// several names mean the same namespace, the first in the order of the directory. Asks only until all of `wanted`
/// are found. What cannot be opened or asked about has no name, as in iproute2. Blocking.
std::map<std::int32_t, std::string> blocking_namespace_names(netlink_socket& socket, const std::string& root,
                                                             std::span<const std::int32_t> wanted, deadline limit);

}  // namespace nodescope::netlink
