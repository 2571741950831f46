#include "netlink/decode/address.hpp"

#include "netlink/decode/attribute_values.hpp"

#include <linux/if_addr.h>
#include <sys/socket.h>

#include <algorithm>

namespace nodescope::netlink {
namespace {

void take_network_address(std::optional<network_address>& target, std::uint8_t family, byte_span value,
                          std::size_t& malformed)
{
    if (target) return;
    // Families without a known length (AF_PHONET: one byte) are shown without their bytes.
    const std::size_t least = family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
    network_address address;
    if (value.size() < least) {
        ++malformed;
        return;
    }
    const auto used = value.first(std::min(value.size(), least == 0 ? address.bytes.size() : least));
    std::transform(used.begin(), used.end(), address.bytes.begin(),
                   [](std::byte byte) { return std::to_integer<std::uint8_t>(byte); });
    target = address;
}

void take(link_address& made, std::uint16_t type, byte_span value, std::optional<std::uint32_t>& flags,
          std::size_t& malformed)
{
    switch (type) {
        case IFA_LOCAL: return take_network_address(made.local, made.family, value, malformed);
        case IFA_ADDRESS: return take_network_address(made.peer, made.family, value, malformed);
        case IFA_BROADCAST: return take_network_address(made.broadcast, made.family, value, malformed);
        case IFA_ANYCAST: return take_network_address(made.anycast, made.family, value, malformed);
        case IFA_LABEL: return take_text(made.label, value);
        case IFA_FLAGS: return take_number(flags, value, malformed);
        case IFA_RT_PRIORITY: return take_number(made.metric, value, malformed);
        case IFA_CACHEINFO: {
            std::optional<ifa_cacheinfo> info;
            take_number(info, value, malformed);
            if (info && !made.lifetime) made.lifetime = address_lifetime{info->ifa_prefered, info->ifa_valid};
            return;
        }
        default: return;
    }
}

}  // namespace

std::optional<link_address> decode_address(byte_span payload, std::size_t& malformed)
{
    const auto header = read_struct<ifaddrmsg>(payload);
    if (!header) {
        ++malformed;
        return std::nullopt;
    }
    std::optional<link_address> made(std::in_place);
    made->link_index = static_cast<int>(header->ifa_index);
    made->family = header->ifa_family;
    made->prefix_length = header->ifa_prefixlen;
    made->scope = header->ifa_scope;
    std::optional<std::uint32_t> flags;
    const bool whole = for_each_attribute(after(payload, sizeof(ifaddrmsg)), [&](std::uint16_t type, byte_span value) {
        take(*made, type, value, flags, malformed);
    });
    if (!whole) ++malformed;
    // The header has room for 8 bits only.
    made->flags = flags.value_or(header->ifa_flags);
    if (!made->local) made->local = made->peer;
    if (!made->peer) made->peer = made->local;
    return made;
}

}  // namespace nodescope::netlink
