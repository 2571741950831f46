#include "netlink/text/hardware_names.hpp"

#include <arpa/inet.h>
#include <linux/if_arp.h>
#include <sys/socket.h>

#include <algorithm>
#include <iterator>

namespace nodescope::netlink {
namespace {

struct type_name {
    std::uint16_t type;
    std::string_view name;
};

constexpr type_name type_names[] = {
    {ARPHRD_NETROM, "netrom"},
    {ARPHRD_ETHER, "ether"},
    {ARPHRD_EETHER, "eether"},
    {ARPHRD_AX25, "ax25"},
    {ARPHRD_PRONET, "pronet"},
    {ARPHRD_CHAOS, "chaos"},
    {ARPHRD_IEEE802, "ieee802"},
    {ARPHRD_ARCNET, "arcnet"},
    {ARPHRD_APPLETLK, "atalk"},
    {ARPHRD_DLCI, "dlci"},
    {ARPHRD_ATM, "atm"},
    {ARPHRD_METRICOM, "metricom"},
    {ARPHRD_IEEE1394, "ieee1394"},
    {ARPHRD_INFINIBAND, "infiniband"},
    {ARPHRD_SLIP, "slip"},
    {ARPHRD_CSLIP, "cslip"},
    {ARPHRD_SLIP6, "slip6"},
    {ARPHRD_CSLIP6, "cslip6"},
    {ARPHRD_RSRVD, "rsrvd"},
    {ARPHRD_ADAPT, "adapt"},
    {ARPHRD_ROSE, "rose"},
    {ARPHRD_X25, "x25"},
    {ARPHRD_HWX25, "hwx25"},
    {ARPHRD_CAN, "can"},
    {ARPHRD_PPP, "ppp"},
    {ARPHRD_HDLC, "hdlc"},
    {ARPHRD_LAPB, "lapb"},
    {ARPHRD_DDCMP, "ddcmp"},
    {ARPHRD_RAWHDLC, "rawhdlc"},
    {ARPHRD_TUNNEL, "ipip"},
    {ARPHRD_TUNNEL6, "tunnel6"},
    {ARPHRD_FRAD, "frad"},
    {ARPHRD_SKIP, "skip"},
    {ARPHRD_LOOPBACK, "loopback"},
    {ARPHRD_LOCALTLK, "ltalk"},
    {ARPHRD_FDDI, "fddi"},
    {ARPHRD_BIF, "bif"},
    {ARPHRD_SIT, "sit"},
    {ARPHRD_IPDDP, "ip/ddp"},
    {ARPHRD_IPGRE, "gre"},
    {ARPHRD_PIMREG, "pimreg"},
    {ARPHRD_HIPPI, "hippi"},
    {ARPHRD_ASH, "ash"},
    {ARPHRD_ECONET, "econet"},
    {ARPHRD_IRDA, "irda"},
    {ARPHRD_FCPP, "fcpp"},
    {ARPHRD_FCAL, "fcal"},
    {ARPHRD_FCPL, "fcpl"},
    {ARPHRD_IEEE802_TR, "tr"},
    {ARPHRD_IEEE80211, "ieee802.11"},
    {ARPHRD_IEEE80211_PRISM, "ieee802.11/prism"},
    {ARPHRD_IEEE80211_RADIOTAP, "ieee802.11/radiotap"},
    {ARPHRD_IEEE802154, "ieee802.15.4"},
    {ARPHRD_IEEE802154_MONITOR, "ieee802.15.4/monitor"},
    {ARPHRD_PHONET, "phonet"},
    {ARPHRD_PHONET_PIPE, "phonet_pipe"},
    {ARPHRD_CAIF, "caif"},
    {ARPHRD_IP6GRE, "gre6"},
    {ARPHRD_NETLINK, "netlink"},
    {ARPHRD_6LOWPAN, "6lowpan"},
    {ARPHRD_NONE, "none"},
    {ARPHRD_VOID, "void"},
};
static_assert(std::ranges::is_sorted(type_names, {}, &type_name::type));

// Of ARPHRD_FCFABRIC and the numbers after it.
constexpr std::string_view fabric_names[] = {"fcfb0", "fcfb1", "fcfb2", "fcfb3",  "fcfb4",  "fcfb5", "fcfb6",
                                             "fcfb7", "fcfb8", "fcfb9", "fcfb10", "fcfb11", "fcfb12"};

// iproute2 writes into a buffer of 64 bytes: InfiniBand's 20 bytes fit, longer addresses are cut.
constexpr std::size_t longest_text = 63;

void append_internet_address(std::string& out, int family, const hardware_address& address)
{
    char text[INET6_ADDRSTRLEN];
    if (::inet_ntop(family, address.bytes.data(), text, sizeof text) != nullptr) out += text;
}

// Six characters and a number (SSID), each shifted left by one bit (linux/ax25.h).
void append_call_sign(std::string& out, const hardware_address& address)
{
    std::string sign;
    for (std::size_t i = 0; i < 6; ++i) {
        const char letter = static_cast<char>((address.bytes[i] >> 1U) & 0x7FU);
        if (letter != ' ') sign += letter;
    }
    sign += '-';
    sign += std::to_string((address.bytes[6] >> 1U) & 0x0FU);
    sign.resize(std::min(sign.find('\0'), sign.size()));
    out += sign.empty() || sign.front() == '-' ? "*" : sign;
}

// Five bytes of two decimal digits each (linux/rose.h).
void append_rose_address(std::string& out, const hardware_address& address)
{
    for (std::size_t i = 0; i < 5; ++i) {
        out += static_cast<char>('0' + (address.bytes[i] >> 4U));
        out += static_cast<char>('0' + (address.bytes[i] & 0x0FU));
    }
}

}  // namespace

std::string_view hardware_type_name(std::uint16_t type) noexcept
{
    const std::size_t fabric = std::size_t{type} - ARPHRD_FCFABRIC;
    if (type >= ARPHRD_FCFABRIC && fabric < std::size(fabric_names)) return fabric_names[fabric];
    const auto* const found = std::ranges::lower_bound(type_names, type, {}, &type_name::type);
    return found != std::end(type_names) && found->type == type ? found->name : std::string_view{};
}

void append_hardware_address(std::string& out, const hardware_address& address, std::uint16_t type)
{
    const bool over_ipv4 = type == ARPHRD_TUNNEL || type == ARPHRD_SIT || type == ARPHRD_IPGRE;
    const bool over_ipv6 = type == ARPHRD_TUNNEL6 || type == ARPHRD_IP6GRE;
    if (address.size == 4 && over_ipv4) return append_internet_address(out, AF_INET, address);
    if (address.size == 16 && over_ipv6) return append_internet_address(out, AF_INET6, address);
    if (address.size == 7 && (type == ARPHRD_AX25 || type == ARPHRD_NETROM)) return append_call_sign(out, address);
    if (address.size == 5 && type == ARPHRD_ROSE) return append_rose_address(out, address);

    constexpr std::string_view digits = "0123456789abcdef";
    const std::size_t begin = out.size();
    for (std::size_t i = 0; i < address.size; ++i) {
        if (i > 0) out += ':';
        out += digits[address.bytes[i] >> 4U];
        out += digits[address.bytes[i] & 0x0FU];
    }
    out.resize(std::min(out.size(), begin + longest_text));
}

}  // namespace nodescope::netlink
