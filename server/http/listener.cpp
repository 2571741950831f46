#include "server/http/listener.hpp"

#include "core/url_text.hpp"
#include "server/http/traffic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace nodescope::http {

namespace {

constexpr mode_t socket_file_mode = 0660;  // owner and group, whatever the umask

/// Room for any address, with the casts that the socket calls want in one place.
struct socket_address {
    sockaddr_storage storage{};
    socklen_t size = sizeof(sockaddr_storage);
    sockaddr* get() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
    [[nodiscard]] int family() const noexcept { return storage.ss_family; }
};

error refused_address(std::string_view text, std::string_view why)
{
    return error(failure::invalid,
                 fmt::format("listen address \"{}\": {} (host:port, [v6]:port or unix:/path)", text, why));
}

error os_error(const std::string& address, std::string_view step)
{
    // It may be free again soon.
    if (errno == EADDRINUSE) {
        return error(failure::conflict,
                     fmt::format("listen on {}: {}: {}", address, step, std::generic_category().message(EADDRINUSE)));
    }
    return from_errno(errno, fmt::format("listen on {}: {}", address, step));
}

/// Numeric only: no resolver, no files.
result<socket_address> resolve(const listen_address& from)
{
    socket_address out;
    if (from.is_unix()) {
        auto* const unix_address = reinterpret_cast<sockaddr_un*>(&out.storage);
        unix_address->sun_family = AF_UNIX;
        std::memcpy(unix_address->sun_path, from.path.data(), from.path.size());
        out.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + from.path.size() + 1);
        return out;
    }
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (getaddrinfo(from.host.c_str(), fmt::format("{}", from.port).c_str(), &hints, &found) != 0) {
        return refused_address(from.text, "the host is not an IP address");
    }
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
    std::memcpy(&out.storage, found->ai_addr, found->ai_addrlen);
    out.size = found->ai_addrlen;
    return out;
}

std::string name_of(int descriptor)
{
    socket_address bound;
    if (getsockname(descriptor, bound.get(), &bound.size) != 0) return {};
    return address_text(bound.storage);
}

/// Removes the file of a socket nobody listens on. Anything else at the path stays.
result<void> remove_stale_socket(const listen_address& address, socket_address where)
{
    struct stat found {};
    if (lstat(address.path.c_str(), &found) != 0) {
        if (errno == ENOENT) return {};
        return os_error(address.text, "stat");
    }
    if (!S_ISSOCK(found.st_mode)) {
        return error(failure::invalid, fmt::format("listen on {}: the path exists and is not a socket", address.text));
    }
    const unique_fd probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!probe) return os_error(address.text, "socket");
    // A full backlog says EAGAIN: somebody listens there.
    if (connect(probe.get(), where.get(), where.size) == 0 || errno == EAGAIN) {
        return error(failure::conflict, fmt::format("listen on {}: another process listens there", address.text));
    }
    if (errno != ECONNREFUSED && errno != ENOENT) return os_error(address.text, "connect to the socket in place");
    if (unlink(address.path.c_str()) != 0 && errno != ENOENT) return os_error(address.text, "unlink");
    return {};
}

void set_option(int descriptor, int protocol, int name, int value = 1) noexcept
{
    setsockopt(descriptor, protocol, name, &value, sizeof(value));
}

/// What accepted connections inherit (Linux, tcp(7)), which saves each of them the system calls.
void set_tcp_options(int descriptor) noexcept
{
    set_option(descriptor, IPPROTO_TCP, TCP_NODELAY);
    // What is on its way is not bounded, so this slows nobody down who reads.
    set_option(descriptor, IPPROTO_TCP, TCP_NOTSENT_LOWAT, unsent_bytes);
    set_option(descriptor, SOL_SOCKET, SO_RCVBUF, unread_bytes);
}

}  // namespace

result<listen_address> parse_listen_address(std::string_view text)
{
    listen_address out;
    out.text = text;
    if (text.starts_with("unix:")) {
        std::string_view path = text.substr(5);
        if (path.starts_with("//")) path.remove_prefix(2);  // unix:///path is what Docker users write
        if (path.empty() || path.front() != '/') return refused_address(text, "the path must be absolute");
        if (path.size() >= sizeof(sockaddr_un::sun_path)) return refused_address(text, "the path is over 107 bytes");
        if (path.find('\0') != std::string_view::npos) return refused_address(text, "the path holds a NUL");
        out.path = path;
        return out;
    }

    const auto parts = parse_host_and_port(text);
    if (!parts) return refused_address(text, parts.error().message());
    if (!parts->port) return refused_address(text, "the port is missing");
    out.port = *parts->port;
    out.host = parts->host == "localhost" ? "127.0.0.1" : std::string(parts->host);
    if (const auto known = resolve(out); !known) return known.error();
    return out;
}

std::vector<std::string> not_among(const std::vector<std::string>& taken, std::vector<std::string> wanted)
{
    std::vector<listen_address> there;
    there.reserve(taken.size());
    for (const std::string& name : taken) {
        if (auto address = parse_listen_address(name)) there.push_back(std::move(*address));
    }
    std::erase_if(wanted, [&there](const std::string& text) {
        const auto address = parse_listen_address(text);
        return address && std::ranges::any_of(there, [&address](const listen_address& one) {
                   return one.host == address->host && one.port == address->port && one.path == address->path;
               });
    });
    return wanted;
}

std::string host_text(const sockaddr_storage& address)
{
    const bool is_v4 = address.ss_family == AF_INET;
    const void* const bytes = is_v4
                                  ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(&address)->sin_addr)
                                  : &reinterpret_cast<const sockaddr_in6*>(&address)->sin6_addr;
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(is_v4 ? AF_INET : AF_INET6, bytes, text.data(), text.size());
    return text.data();
}

std::string address_text(const sockaddr_storage& address)
{
    if (address.ss_family == AF_UNIX) {
        return fmt::format("unix:{}", reinterpret_cast<const sockaddr_un*>(&address)->sun_path);
    }
    const in_port_t port = address.ss_family == AF_INET ? reinterpret_cast<const sockaddr_in*>(&address)->sin_port
                                                        : reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port;
    return authority_text(host_text(address), ntohs(port));
}

bool is_local(const listen_address& address) { return address.is_unix() || is_loopback_host(address.host); }

result<listener> listener::open(const listen_address& address)
{
    auto where = resolve(address);
    if (!where) return where.error();

    listener out;
    out.socket_.reset(socket(where->family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!out.socket_) return os_error(address.text, "socket");
    const int descriptor = out.socket_.get();
    if (address.is_unix()) {
        if (const auto cleared = remove_stale_socket(address, *where); !cleared) return cleared.error();
        // The kernel makes the file with the mode of the socket's own inode (unix_bind_bsd, net/unix/af_unix.c), so it
        // is never wider than this; the umask may have made it narrower, hence the second chmod.
        fchmod(descriptor, socket_file_mode);
    } else {
        set_option(descriptor, SOL_SOCKET, SO_REUSEADDR);
        // [::]:80 and 0.0.0.0:80 are two addresses, whatever net.ipv6.bindv6only says.
        if (where->family() == AF_INET6) set_option(descriptor, IPPROTO_IPV6, IPV6_V6ONLY);
        set_tcp_options(descriptor);
    }
    if (bind(descriptor, where->get(), where->size) != 0) return os_error(address.text, "bind");
    if (address.is_unix()) {
        struct stat made {};
        if (chmod(address.path.c_str(), socket_file_mode) != 0 || lstat(address.path.c_str(), &made) != 0) {
            return os_error(address.text, "set the mode");
        }
        out.file_ = address.path;
        out.device_ = made.st_dev;
        out.inode_ = made.st_ino;
    }
    if (::listen(descriptor, accept_backlog) != 0) return os_error(address.text, "listen");
    out.name_ = name_of(descriptor);
    return out;
}

result<listener> listener::adopt(unique_fd socket)
{
    const int descriptor = socket.get();
    int listening = 0;
    int type = 0;
    socklen_t size = sizeof(int);
    if (getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 ||
        getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
        return from_errno(errno, fmt::format("inherited descriptor {}", descriptor));
    }
    socket_address bound;
    if (listening == 0 || type != SOCK_STREAM || getsockname(descriptor, bound.get(), &bound.size) != 0 ||
        (bound.family() != AF_INET && bound.family() != AF_INET6 && bound.family() != AF_UNIX)) {
        return error(failure::invalid,
                     fmt::format("inherited descriptor {} is not a listening stream socket", descriptor));
    }
    const int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) != 0 ||
        fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0) {
        return from_errno(errno, fmt::format("inherited descriptor {}", descriptor));
    }
    if (bound.family() != AF_UNIX) set_tcp_options(descriptor);
    listener out;
    out.socket_ = std::move(socket);
    out.name_ = name_of(descriptor);
    return out;
}

listener& listener::operator=(listener&& other) noexcept
{
    if (this == &other) return *this;
    close();
    socket_ = std::move(other.socket_);
    name_ = std::move(other.name_);
    file_ = std::exchange(other.file_, {});
    device_ = other.device_;
    inode_ = other.inode_;
    return *this;
}

void listener::close() noexcept
{
    socket_.reset();
    if (file_.empty()) return;
    // Somebody may have replaced the file since: theirs stays.
    struct stat found {};
    if (lstat(file_.c_str(), &found) == 0 && found.st_dev == device_ && found.st_ino == inode_) unlink(file_.c_str());
    file_.clear();
}

}  // namespace nodescope::http
