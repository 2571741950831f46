// The names iproute2 gives to numbers: device groups, address scopes and reasons of protodown, from /etc/iproute2 below
// a root path.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace nodescope::netlink {

/// From number to name, as read from one file.
using name_map = std::map<int, std::string>;

/// Adds the lines `number name` of a file of /etc/iproute2 to `names`; a later line wins. Numbers are decimal or
/// 0x hexadecimal, `#` starts a comment. Like iproute2, stops at the first line it cannot read.
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

}  // namespace nodescope::netlink
