#include "netlink/decode/link_settings.hpp"

#include "netlink/decode/message.hpp"

#include <netinet/in.h>

#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>

namespace nodescope::netlink {

namespace {

/// The number at `index` of an array of settings, which is longer in each newer kernel.
std::optional<std::int32_t> setting_at(byte_span array, std::size_t index)
{
    const std::size_t offset = index * sizeof(std::int32_t);
    if (offset >= array.size()) return std::nullopt;
    return read_struct<std::int32_t>(array.subspan(offset));
}

/// Begins with the first setting, whose number is 1 (inet_fill_link_af in net/ipv4/devinet.c).
void take_ipv4(link_settings& to, byte_span array)
{
    const auto at = [&](std::size_t number) { return setting_at(array, number - 1); };
    to.forwarding = at(IPV4_DEVCONF_FORWARDING);
    to.rp_filter = at(IPV4_DEVCONF_RP_FILTER);
    to.proxy_arp = at(IPV4_DEVCONF_PROXY_ARP);
    to.arp_ignore = at(IPV4_DEVCONF_ARP_IGNORE);
    to.accept_local = at(IPV4_DEVCONF_ACCEPT_LOCAL);
    to.route_localnet = at(IPV4_DEVCONF_ROUTE_LOCALNET);
}

/// ipv6_store_devconf in net/ipv6/addrconf.c.
void take_ipv6(link_settings& to, byte_span array)
{
    to.forwarding6 = setting_at(array, DEVCONF_FORWARDING);
    to.disable_ipv6 = setting_at(array, DEVCONF_DISABLE_IPV6);
}

void take_families(link_settings& to, byte_span families, std::size_t& damaged)
{
    for_each_attribute(families, damaged, [&](std::uint16_t family, byte_span inside) {
        if (family != AF_INET && family != AF_INET6) return;
        for_each_attribute(inside, damaged, [&](std::uint16_t type, byte_span value) {
            if (family == AF_INET && type == IFLA_INET_CONF) take_ipv4(to, value);
            if (family == AF_INET6 && type == IFLA_INET6_CONF) take_ipv6(to, value);
        });
    });
}

}  // namespace

bool decode(byte_span message, link_settings& to, std::size_t& damaged)
{
    return decode_message<ifinfomsg>(
        RTM_NEWLINK, message, damaged,
        [&to](const ifinfomsg& header) {
            to.index = header.ifi_index;
            return true;
        },
        [&to, &damaged](std::uint16_t type, byte_span value) {
            if (type == IFLA_IFNAME) to.name = string_payload(value);
            if (type == IFLA_AF_SPEC) take_families(to, value, damaged);
        });
}

}  // namespace nodescope::netlink
