#include "collectors/http_client/name_lookup.hpp"

#include <fmt/format.h>
#include <boost/asio/ip/tcp.hpp>

#include <netdb.h>

#include <algorithm>
#include <memory>

namespace nodescope::http_client {

result<address_list> blocking_resolve(const std::string& host)
{
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    if (const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &list); code != 0) {
        return error(failure::unavailable, fmt::format("resolve {}: {}", host, ::gai_strerror(code)));
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
    address_list addresses;
    for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
        boost::asio::ip::tcp::endpoint found;
        if (one->ai_addrlen > found.capacity()) continue;
        std::copy_n(reinterpret_cast<const char*>(one->ai_addr), one->ai_addrlen,
                    reinterpret_cast<char*>(found.data()));
        addresses.push_back(found.address());
    }
    return addresses;
}

}  // namespace nodescope::http_client
