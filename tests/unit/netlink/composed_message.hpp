// Messages composed from the kernel's definitions, for what recorded dumps do not hold.
#pragma once

#include "netlink/decode/attributes.hpp"
#include "tests/support/guarded_bytes.hpp"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::testing {

/// A message: the family header, then attributes; or, without a header, attributes to nest.
class composed {
public:
    composed() = default;
    template <class Header>
    composed(int type, const Header& header)
    {
        const nlmsghdr frame{.nlmsg_len = 0,
                             .nlmsg_type = static_cast<std::uint16_t>(type),
                             .nlmsg_flags = 0,
                             .nlmsg_seq = 0,
                             .nlmsg_pid = 0};
        append(&frame, sizeof frame);
        append(&header, sizeof header);
        framed_ = true;
        set_length();
    }
    explicit composed(const ifinfomsg& header) : composed(RTM_NEWLINK, header) {}
    explicit composed(const ifaddrmsg& header) : composed(RTM_NEWADDR, header) {}
    explicit composed(const rtmsg& header) : composed(RTM_NEWROUTE, header) {}

    composed& bytes(int type, std::string_view value)
    {
        const nlattr header{.nla_len = static_cast<std::uint16_t>(sizeof(nlattr) + value.size()),
                            .nla_type = static_cast<std::uint16_t>(type)};
        append(&header, sizeof header);
        append(value.data(), value.size());
        set_length();
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
    void set_length()
    {
        const auto length = static_cast<std::uint32_t>(bytes_.size());
        if (framed_) std::memcpy(bytes_.data(), &length, sizeof length);
    }

    bool framed_ = false;
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

inline rtmsg route_header(int family, int table, int prefix_length = 0, unsigned flags = 0)
{
    rtmsg header{};
    header.rtm_family = static_cast<unsigned char>(family);
    header.rtm_table = static_cast<unsigned char>(table);
    header.rtm_dst_len = static_cast<unsigned char>(prefix_length);
    header.rtm_type = RTN_UNICAST;
    header.rtm_flags = flags;
    return header;
}

/// `message` as it is but cut to `size` bytes, which its header then claims.
inline std::string cut_to(netlink::byte_span message, std::size_t size)
{
    std::string cut(reinterpret_cast<const char*>(message.data()), size);
    const auto claimed = static_cast<std::uint32_t>(size);
    if (size >= sizeof(nlmsghdr)) std::memcpy(cut.data(), &claimed, sizeof claimed);
    return cut;
}

/// Every way to cut `message` short (its header claims what is left) or to falsify one byte behind that header, each in
/// front of memory that nobody may read.
template <class Visit>
void for_each_damage(netlink::byte_span message, Visit visit)
{
    const auto give = [&](std::string_view bytes) {
        const guarded_bytes guarded(bytes);
        visit(netlink::byte_span(reinterpret_cast<const std::byte*>(guarded.view().data()), bytes.size()));
    };
    for (std::size_t size = 0; size < message.size(); ++size) give(cut_to(message, size));
    for (std::size_t at = sizeof(nlmsghdr); at < message.size(); ++at) {
        for (const int value : {0x00, 0x01, 0x03, 0x7F, 0x80, 0xFF}) {
            std::string changed = cut_to(message, message.size());
            changed[at] = static_cast<char>(value);
            give(changed);
        }
    }
}

}  // namespace nodescope::testing
