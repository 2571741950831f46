#include "netlink/json/address_text.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

namespace nodescope::netlink {

std::string address_text(std::uint8_t family, const network_address& address)
{
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (family != AF_INET && family != AF_INET6) return {};
    if (::inet_ntop(family, address.bytes.data(), text.data(), text.size()) == nullptr) return {};
    return text.data();
}

}  // namespace nodescope::netlink
