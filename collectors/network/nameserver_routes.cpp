#include "collectors/network/nameserver_routes.hpp"

#include "netlink/read/route_query.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace nodescope {

namespace {

/// A question over UDP, as resolvers send it.
std::optional<netlink::route_question> question_for(const std::string& nameserver)
{
    constexpr std::uint16_t dns_port = 53;
    netlink::route_question asked;
    asked.protocol = IPPROTO_UDP;
    asked.port = dns_port;
    in_addr four{};
    if (::inet_aton(nameserver.c_str(), &four) != 0) {
        asked.family = AF_INET;
        std::memcpy(asked.destination.bytes.data(), &four, sizeof four);
        return asked;
    }
    if (::inet_pton(AF_INET6, nameserver.c_str(), asked.destination.bytes.data()) != 1) return std::nullopt;
    asked.family = AF_INET6;
    return asked;
}

std::optional<bool> ask_for_route(part_source& source, const std::string& nameserver)
{
    const auto asked = question_for(nameserver);
    const auto socket = source.blocking_socket();
    if (!asked || !socket) return std::nullopt;
    const auto probing =
        netlink::blocking_find_probing_routes(**socket, source.where.space, *asked, source.limit, source.abandoned);
    if (!probing) return std::nullopt;
    // Through a router that nobody has asked for yet, and that the question would make the kernel ask for.
    if (!probing->empty()) return true;
    const auto answer = netlink::blocking_ask_route(**socket, *asked, source.limit);
    if (!answer) return std::nullopt;
    return answer->route.has_value();
}

}  // namespace

std::vector<std::optional<bool>> blocking_ask_for_routes(part_source& source,
                                                         const std::vector<std::string>& nameservers)
{
    std::vector<std::optional<bool>> all(nameservers.size());
    const std::size_t count = std::min(nameservers.size(), asked_nameservers);
    for (std::size_t i = 0; i < count && !source.limit.passed(); ++i) all[i] = ask_for_route(source, nameservers[i]);
    return all;
}

}  // namespace nodescope
