// Links as the kernel would give them.
#pragma once

#include "netlink/model/link_details.hpp"

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

namespace nodescope::testing {

inline netlink::detailed_link made_link(int index, std::string name, std::string kind = {})
{
    netlink::detailed_link one;
    one.index = index;
    one.name = std::move(name);
    if (!kind.empty()) {
        one.kind.emplace();
        one.kind->name = std::move(kind);
    }
    return one;
}

/// One that ends at, or is carried by, another link.
inline netlink::detailed_link made_link_to(int index, std::string name, std::string kind, std::uint32_t lower,
                                           std::optional<std::int32_t> name_space = std::nullopt)
{
    netlink::detailed_link one = made_link(index, std::move(name), std::move(kind));
    one.lower = lower;
    one.lower_namespace = name_space;
    return one;
}

inline netlink::detailed_link with_master(netlink::detailed_link one, std::uint32_t master)
{
    one.master = master;
    return one;
}

inline void add_bytes(netlink::detailed_link& to, std::uint16_t type, std::string bytes)
{
    to.kind->attributes.push_back({type, std::move(bytes)});
}

inline void add_number(netlink::detailed_link& to, std::uint16_t type, std::uint32_t value)
{
    std::string bytes(sizeof value, '\0');
    std::memcpy(bytes.data(), &value, sizeof value);
    add_bytes(to, type, std::move(bytes));
}

}  // namespace nodescope::testing
