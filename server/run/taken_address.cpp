#include "server/run/taken_address.hpp"

#include "collectors/questions/socket_holder.hpp"
#include "core/url_text.hpp"
#include "netlink/model/tcp_socket.hpp"
#include "server/http/listener.hpp"

#include <fmt/format.h>

#include <optional>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace nodescope {

namespace {

std::optional<netlink::endpoint> endpoint_at(const http::listen_address& address)
{
    if (const auto v4 = parse_address<in_addr>(AF_INET, address.host)) {
        return netlink::endpoint_of(AF_INET, &*v4, htons(address.port));
    }
    if (const auto v6 = parse_address<in6_addr>(AF_INET6, address.host)) {
        return netlink::endpoint_of(AF_INET6, &*v6, htons(address.port));
    }
    return std::nullopt;
}

result<socket_holder> holder_at(const http::listen_address& address)
{
    if (address.is_unix()) return blocking_find_holder(address.path);
    const auto where = endpoint_at(address);
    if (!where || address.port == 0) return error(failure::invalid, "no address that anybody could hold");
    return blocking_find_holder(*where);
}

}  // namespace

std::string blocking_name_holder(const std::vector<std::string>& addresses, const std::string& root, deadline limit)
{
    for (const std::string& text : addresses) {
        const auto address = http::parse_listen_address(text);
        if (!address) continue;
        const auto holder = holder_at(*address);
        if (holder) return fmt::format("{} is held by {}", text, blocking_describe(*holder, root, limit));
    }
    return "nobody listens there: a socket holds the address without listening";
}

}  // namespace nodescope
