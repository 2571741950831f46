#include "netlink/decode/decode.hpp"
#include "netlink/decode/message.hpp"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <endian.h>

namespace nodescope::netlink {
namespace {

/// Of a forwarding table the length tells the family.
void take_neighbour_address(neighbour& to, byte_span value, std::size_t& damaged)
{
    if (to.address) return;
    if (to.family == AF_BRIDGE) to.address_family = value.size() == 16 ? AF_INET6 : AF_INET;
    else to.address_family = to.family;
    take_address(to.address, to.address_family, value, damaged);
}

void take_neighbour_hardware(neighbour& to, byte_span value, std::size_t& damaged)
{
    if (to.hardware) return;
    hardware_address address;
    if (value.size() > address.bytes.size()) {
        ++damaged;
        return;
    }
    std::copy(value.begin(), value.end(), reinterpret_cast<std::byte*>(address.bytes.data()));
    address.size = static_cast<std::uint8_t>(value.size());
    to.hardware = address;
}

void take_ages(neighbour& to, byte_span value, std::size_t& damaged)
{
    std::optional<nda_cacheinfo> info;
    take_number(info, value, damaged);
    if (!info || to.ages) return;
    to.ages = neighbour_ages{.confirmed = info->ndm_confirmed,
                             .used = info->ndm_used,
                             .updated = info->ndm_updated,
                             .references = info->ndm_refcnt};
}

void take_neighbour(neighbour& to, std::uint16_t type, byte_span value, std::size_t& damaged)
{
    switch (type) {
        case NDA_DST: return take_neighbour_address(to, value, damaged);
        case NDA_LLADDR: return take_neighbour_hardware(to, value, damaged);
        case NDA_CACHEINFO: return take_ages(to, value, damaged);
        case NDA_PROBES: return take_number(to.probes, value, damaged);
        case NDA_PROTOCOL: return take_number(to.protocol, value, damaged);
        case NDA_FLAGS_EXT: return take_number(to.more_flags, value, damaged);
        case NDA_VLAN: return take_number(to.vlan, value, damaged);
        case NDA_PORT: {
            std::optional<std::uint16_t> wire;
            take_number(wire, value, damaged);
            if (wire && !to.port) to.port = be16toh(*wire);
            return;
        }
        case NDA_VNI: return take_number(to.vni, value, damaged);
        case NDA_SRC_VNI: return take_number(to.source_vni, value, damaged);
        case NDA_IFINDEX: return take_number(to.via_interface, value, damaged);
        case NDA_NH_ID: return take_number(to.nexthop_id, value, damaged);
        case NDA_LINK_NETNSID: return take_number(to.link_namespace, value, damaged);
        case NDA_MASTER: return take_number(to.master, value, damaged);
        default: return;
    }
}

}  // namespace

bool decode(byte_span message, neighbour& to, std::size_t& damaged)
{
    return decode_message<ndmsg>(
        RTM_NEWNEIGH, message, damaged,
        [&](const ndmsg& header) {
            to.family = header.ndm_family;
            to.flags = header.ndm_flags;
            to.state = header.ndm_state;
            to.interface_index = static_cast<std::uint32_t>(header.ndm_ifindex);
            return true;
        },
        [&](std::uint16_t type, byte_span value) { take_neighbour(to, type, value, damaged); });
}

}  // namespace nodescope::netlink
