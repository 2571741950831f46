// The names iproute2 gives to numbers: device groups, scopes, routing tables, protocols, …, from /etc/iproute2 and
// /etc/protocols below a root path.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
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

/// The names of device groups, by the text of `device_groups_file`.
name_map device_groups_of(std::string_view file);
inline constexpr std::string_view device_groups_file = "/etc/iproute2/group";
/// A longer file counts as empty.
inline constexpr std::size_t iproute_file_limit = 256UL * 1024UL;

/// Adds the lines `name number aliases…` of /etc/protocols to `names`; an earlier line wins, and what is not such a
/// line is left out, as in protocols(5).
void add_protocol_names(name_map& names, std::string_view file);

/// The files below <root>/etc/iproute2. A file that is missing, not a regular file or above 256 KiB counts as empty.
/// Reads each file when a name is first asked for. For one thread.
class iproute_names {
public:
    explicit iproute_names(std::string root) : root_(std::move(root)) {}
    /// `groups` are those of the root: name_source keeps them, as every link has one.
    iproute_names(std::string root, std::shared_ptr<const name_map> groups)
        : root_(std::move(root)), groups_(std::move(groups))
    {
    }

    /// `group`: the name, else the number.
    std::string group(std::uint32_t number);
    /// `rt_scopes`. iproute2 has names of its own for five scopes, and reads the file, which may then rename those,
    /// when it first meets another one.
    std::string scope(std::uint8_t number);
    /// `rt_tables`, `rt_tables.d/*.conf`
    std::string table(std::uint32_t number);
    /// `rt_protos`, `rt_protos.d/*.conf`: who made a route.
    std::string route_protocol(std::uint8_t number);
    /// `rt_realms`
    std::string realm(std::uint32_t number);
    /// `rt_dsfield`; a number is hexadecimal, "0x08".
    std::string traffic_class(std::uint8_t number);
    /// /etc/protocols: "tcp"; "ipproto-6" for one without a name.
    std::string ip_protocol(std::uint8_t number);
    /// `protodown_reasons.d/*.conf`
    std::string protocol_down_reason(unsigned number);

    [[nodiscard]] const std::string& root() const noexcept { return root_; }

private:
    std::string root_;
    std::shared_ptr<const name_map> groups_;
    std::optional<name_map> scopes_;
    std::optional<name_map> tables_;
    std::optional<name_map> protocols_;
    std::optional<name_map> realms_;
    std::optional<name_map> traffic_classes_;
    std::optional<name_map> ip_protocols_;
    std::optional<name_map> reasons_;
};

}  // namespace nodescope::netlink
