// What the writers of this folder share. They write what `ip -j` of iproute2 6.1 writes: its keys, its spelling, its
// order. Names of links and addresses come from the shown namespace and are escaped, as JSON wants it.
#pragma once

#include "core/json/writer.hpp"
#include "netlink/model/link.hpp"
#include "netlink/text/iproute_names.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace nodescope::netlink {

/// The links of a namespace by their indexes.
class link_index {
public:
    link_index() = default;
    template <class Link>
    explicit link_index(const std::vector<Link>& links)
    {
        entries_.reserve(links.size());
        for (const link& known : links) {
            entries_.insert_or_assign(static_cast<std::uint32_t>(known.index),
                                      entry{known.name.value_or(std::string()), known.flags, known.type});
        }
    }

    /// "*" for 0, "if7" for one that is not there.
    [[nodiscard]] std::string name(std::uint32_t index) const;
    /// It is there, and administratively down.
    [[nodiscard]] bool is_down(std::uint32_t index) const;
    /// ARPHRD_*
    [[nodiscard]] std::uint16_t type(std::uint32_t index) const;

private:
    struct entry {
        std::string name;
        std::uint32_t flags = 0;
        std::uint16_t type = 0;
    };
    std::unordered_map<std::uint32_t, entry> entries_;
};

/// Both outlive the writers.
struct json_context {
    json_context(const link_index& l, iproute_names& n) : links(l), names(n) {}
    const link_index& links;
    iproute_names& names;
};

/// As printf's "%#x" writes it: "0" for zero.
std::string hexadecimal(std::uint64_t number);
/// "02:42:ac:11:00:02", in the form of a link of that type.
std::string hardware_text(const hardware_address& address, std::uint16_t type);
/// The same for bytes as they came; what is longer than an address is cut.
std::string hardware_text(std::string_view bytes, std::uint16_t type);
/// RTN_*: "unicast", "blackhole", else the number.
std::string route_type_name(std::uint8_t type);
/// The array "flags" of routes and nexthops: RTNH_F_* and RTM_F_*.
void write_route_flags(json_writer& json, std::uint32_t flags);
/// As iproute2 writes hundredths of a second in an object of a bridge: 12.05.
void write_hundredths(json_writer& json, std::string_view key, std::uint64_t hundredths);

/// What iproute2 writes as a key alone.
inline void null_member(json_writer& json, std::string_view key) { json.key(key), json.null(); }

template <class Value>
void optional_member(json_writer& json, std::string_view key, const std::optional<Value>& what)
{
    if (what) json.member(key, *what);
}

}  // namespace nodescope::netlink
