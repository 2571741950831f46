// Messages composed from the kernel's definitions, for what recorded dumps do not hold.
#pragma once

#include "netlink/decode/attributes.hpp"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <cstddef>
#include <cstring>
#include <string_view>
#include <vector>

namespace nodescope::testing {

/// A payload: the family header, then attributes.
class composed {
public:
    composed() = default;
    template <class Header>
    explicit composed(const Header& header)
    {
        append(&header, sizeof header);
    }

    composed& bytes(int type, std::string_view value)
    {
        const nlattr header{.nla_len = static_cast<std::uint16_t>(sizeof(nlattr) + value.size()),
                            .nla_type = static_cast<std::uint16_t>(type)};
        append(&header, sizeof header);
        append(value.data(), value.size());
        return *this;
    }
    template <class Number>
    composed& number(int type, Number value)
    {
        return bytes(type, {reinterpret_cast<const char*>(&value), sizeof value});
    }
    composed& u32(int type, std::uint32_t value) { return number(type, value); }
    composed& u8(int type, std::uint8_t value) { return number(type, value); }
    composed& nested(int type, const composed& inside)
    {
        return bytes(type | NLA_F_NESTED, {reinterpret_cast<const char*>(inside.bytes_.data()), inside.bytes_.size()});
    }

    operator netlink::byte_span() const { return bytes_; }  // NOLINT: stands for its bytes
    [[nodiscard]] std::size_t size() const { return bytes_.size(); }

private:
    void append(const void* data, std::size_t size)
    {
        const auto* const begin = static_cast<const std::byte*>(data);
        bytes_.insert(bytes_.end(), begin, begin + size);
        bytes_.resize(NLMSG_ALIGN(bytes_.size()));
    }
    std::vector<std::byte> bytes_;
};

inline ifinfomsg link_header(int index, unsigned type, unsigned flags)
{
    ifinfomsg header{};
    header.ifi_index = index;
    header.ifi_type = static_cast<unsigned short>(type);
    header.ifi_flags = flags;
    return header;
}

inline ifaddrmsg address_header(unsigned index, int family, int prefix_length, int scope = 0, unsigned flags = 0)
{
    ifaddrmsg header{};
    header.ifa_family = static_cast<unsigned char>(family);
    header.ifa_prefixlen = static_cast<unsigned char>(prefix_length);
    header.ifa_flags = static_cast<unsigned char>(flags);
    header.ifa_scope = static_cast<unsigned char>(scope);
    header.ifa_index = index;
    return header;
}

/// Every way to cut `payload` short or to falsify one of its bytes, each in memory of its own, so that a sanitizer sees
/// a read beyond the end.
template <class Visit>
void for_each_damage(netlink::byte_span payload, Visit visit)
{
    for (std::size_t size = 0; size < payload.size(); ++size) {
        const std::vector<std::byte> cut(payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(size));
        visit(netlink::byte_span(cut));
    }
    for (std::size_t at = 0; at < payload.size(); ++at) {
        for (const int value : {0x00, 0x01, 0x03, 0x7F, 0x80, 0xFF}) {
            std::vector<std::byte> changed(payload.begin(), payload.end());
            changed[at] = static_cast<std::byte>(value);
            visit(netlink::byte_span(changed));
        }
    }
}

}  // namespace nodescope::testing
