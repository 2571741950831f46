#include "collectors/http_client/unix_connect.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace nodescope::http_client {

std::pair<unique_fd, int> connect_unix(const std::string& path) noexcept
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof(address.sun_path)) return {unique_fd(), ENAMETOOLONG};
    std::memcpy(address.sun_path, path.data(), path.size());

    unique_fd descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!descriptor) return {unique_fd(), errno};
    // unix(7): the address is a sockaddr of any family to the call.
    if (::connect(descriptor.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        return {unique_fd(), errno};
    }
    return {std::move(descriptor), 0};
}

}  // namespace nodescope::http_client
