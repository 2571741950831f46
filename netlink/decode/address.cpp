#include "netlink/decode/decode.hpp"
#include "netlink/decode/message.hpp"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

namespace nodescope::netlink {
namespace {

void take(link_address& made, std::uint16_t type, byte_span value, std::optional<std::uint32_t>& flags,
          std::size_t& damaged)
{
    switch (type) {
        case IFA_LOCAL: return take_address(made.local, made.family, value, damaged);
        case IFA_ADDRESS: return take_address(made.peer, made.family, value, damaged);
        case IFA_BROADCAST: return take_address(made.broadcast, made.family, value, damaged);
        case IFA_ANYCAST: return take_address(made.anycast, made.family, value, damaged);
        case IFA_LABEL: return take_text(made.label, value);
        case IFA_FLAGS: return take_number(flags, value, damaged);
        case IFA_RT_PRIORITY: return take_number(made.metric, value, damaged);
        case IFA_CACHEINFO: {
            std::optional<ifa_cacheinfo> info;
            take_number(info, value, damaged);
            if (info && !made.lifetime) made.lifetime = address_lifetime{info->ifa_prefered, info->ifa_valid};
            return;
        }
        default: return;
    }
}

}  // namespace

bool decode(byte_span message, link_address& to, std::size_t& damaged)
{
    std::optional<std::uint32_t> flags;
    const bool decoded = decode_message<ifaddrmsg>(
        RTM_NEWADDR, message, damaged,
        [&](const ifaddrmsg& header) {
            to.link_index = static_cast<int>(header.ifa_index);
            to.family = header.ifa_family;
            to.prefix_length = header.ifa_prefixlen;
            to.scope = header.ifa_scope;
            to.flags = header.ifa_flags;
            return true;
        },
        [&](std::uint16_t type, byte_span value) { take(to, type, value, flags, damaged); });
    // The header has room for 8 bits only.
    to.flags = flags.value_or(to.flags);
    if (!to.local) to.local = to.peer;
    if (!to.peer) to.peer = to.local;
    return decoded;
}

}  // namespace nodescope::netlink
