// Attributes that are kept as the kernel sent them: what their bytes are depends on the kind of what they belong to.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace nodescope::netlink {

struct raw_attribute {
    std::uint16_t type = 0;
    std::string bytes;
    friend bool operator==(const raw_attribute&, const raw_attribute&) = default;
};

/// In the kernel's order, the first of each type only.
struct attribute_list {
    std::vector<raw_attribute> attributes;

    [[nodiscard]] const std::string* find(std::uint16_t type) const
    {
        const auto found = std::ranges::find(attributes, type, &raw_attribute::type);
        return found != attributes.end() ? &found->bytes : nullptr;
    }
};

}  // namespace nodescope::netlink
