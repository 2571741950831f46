// The one place every request passes before it is routed: who asks, and may they. The HTTP layer
// asks; what answers is in server/auth. Denial is what happens unless somebody says otherwise.
#pragma once

#include "core/deadline.hpp"
#include "core/task.hpp"
#include "server/http/message.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/socket.h>

struct ssl_st;
struct ssl_ctx_st;

namespace nodescope::http {

struct listen_address;

/// What a gate says of one request: a default-constructed one denies.
struct admission {
    admission() = default;
    admission(unsigned code, std::string_view why) : status(code), sentence(why) {}
    static admission grant() { return {0, {}}; }

    [[nodiscard]] bool granted() const noexcept { return status == 0; }

    unsigned status = 403;
    std::string_view sentence = "access denied";                 ///< a constant
    std::vector<std::pair<std::string, std::string>> headers{};  ///< WWW-Authenticate, Retry-After
};

/// The other end of a connection.
struct peer_info {
    peer_info() = default;
    std::string text;     ///< "127.0.0.1:4711" or "unix:uid=0", for the log
    std::string address;  ///< what limits per peer count by; empty for Unix sockets
    sockaddr_storage remote{};
};

/// One connection at the gate. Its tasks are run one at a time, and are cancelled when the client goes away.
class visitor {
public:
    virtual ~visitor() = default;
    /// `authorization` is the header's value, empty when there is none; it stays valid until the task ends.
    virtual task<admission> authenticate(std::string_view authorization, deadline limit) = 0;
    /// Asked after authenticate() has granted. `verb` is that of the request, `what` that of its route; of a request
    /// without a route, the one that asks for most.
    virtual task<admission> authorise(method verb, area what, deadline limit) = 0;
    /// Who the last authenticate() has granted, for the log: "token-file:prometheus". Never a secret.
    [[nodiscard]] virtual std::string_view caller() const noexcept = 0;
};

class gate {
public:
    virtual ~gate() = default;
    /// `peer` and `tls` (null without TLS, else after the handshake) live as long as the visitor. Cheap: what costs
    /// something waits for the first request that needs it.
    virtual std::unique_ptr<visitor> meet(const peer_info& peer, int descriptor, const ssl_st* tls) = 0;
    /// failure::invalid, with what is missing, for an address that must not be served like this.
    [[nodiscard]] virtual result<void> may_listen(const listen_address& address) const = 0;
};

/// What a server is guarded with. The gate outlives the server.
struct server_security {
    explicit server_security(gate& g) : admission(&g) {}
    gate* admission;
    /// Asked for each TCP connection, so that it may change while the service runs. Empty: no TLS.
    std::function<std::shared_ptr<ssl_ctx_st>()> tls;
};

}  // namespace nodescope::http
