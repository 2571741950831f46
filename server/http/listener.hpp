// Listening sockets, and the addresses that --listen may name.
#pragma once

#include "core/error.hpp"
#include "core/unique_fd.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <sys/stat.h>

namespace nodescope::http {

/// One --listen value, taken apart.
struct listen_address {
    std::string text;        ///< as configured
    std::string path;        ///< of a Unix socket; empty for TCP
    std::string host;        ///< an IP literal without brackets
    std::uint16_t port = 0;  ///< 0: the kernel chooses
    [[nodiscard]] bool is_unix() const noexcept { return !path.empty(); }
};

/// Reads `host:port`, `[v6]:port` and `unix:/path`; the host is an IP address or `localhost` (127.0.0.1): nothing is
/// resolved. failure::invalid shows the value and the forms.
result<listen_address> parse_listen_address(std::string_view text);

/// Whether only this machine can reach it: a Unix socket, 127.0.0.0/8, ::1.
bool is_local(const listen_address& address);

/// Those of `wanted` (--listen values) that none of `taken` (names of listeners) is.
std::vector<std::string> not_among(const std::vector<std::string>& taken, std::vector<std::string> wanted);

/// An IP address without its port.
std::string host_text(const sockaddr_storage& address);

/// "127.0.0.1:80", "[::1]:80", "unix:/path".
std::string address_text(const sockaddr_storage& address);

/// A bound, listening, non-blocking, close-on-exec socket. A Unix socket's file is removed with it, unless
/// somebody has replaced it.
class listener {
public:
    /// Binds and listens. The file of a Unix socket gets mode 0660; one that is left over is replaced, but only if
    /// nobody listens on it. failure::conflict when somebody else has the address, now. Failures name the address.
    static result<listener> open(const listen_address& address);
    /// Takes a socket that is bound and listening already (inherited from the service manager). failure::invalid when
    /// it is not a listening stream socket of a family we serve.
    static result<listener> adopt(unique_fd socket);

    listener(listener&& other) noexcept { *this = std::move(other); }
    listener& operator=(listener&& other) noexcept;
    ~listener() { close(); }

    /// "127.0.0.1:8095", "[::1]:8095", "unix:/run/nodescope.sock": as bound, with the port the kernel chose.
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    /// For whoever waits on it; the file stays with the listener.
    [[nodiscard]] unique_fd take_socket() noexcept { return std::move(socket_); }

private:
    listener() = default;
    void close() noexcept;

    unique_fd socket_;
    std::string name_;
    std::string file_;  // to remove; empty when there is none
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

/// The longest queue of connections that wait to be accepted. Where it is full the kernel drops SYNs, and whoever sent
/// one waits a second before the next; what is in it is taken in a tenth of a second. The kernel cuts it to
/// net.core.somaxconn (4096 since Linux 5.4). The socket unit asks for as many.
inline constexpr int accept_backlog = 4096;

}  // namespace nodescope::http
