// The one place every request passes before it is routed: who is calling, and what they may do. The HTTP layer knows
// this interface; server/auth implements it. Whatever is not granted is denied.
#pragma once

#include "core/deadline.hpp"
#include "core/task.hpp"
#include "core/unique_fd.hpp"
#include "server/http/message.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <sys/types.h>

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

/// What is known of a caller before its first request.
enum class standing {
    unknown,   ///< nothing but where it comes from
    admitted,  ///< it may ask, whatever it presents: places are kept for such callers
    stranger,  ///< another user of this machine: all of them share a few places
};

/// The other end of a connection.
struct peer_info {
    peer_info() = default;
    std::string text;  ///< "127.0.0.1:4711" or "unix:uid=0", for the log
    /// What limits per peer count by: caller_key(). Empty, as for Unix sockets: not limited.
    std::string limited_by;
    sockaddr_storage remote{};
    std::optional<uid_t> uid;  ///< who owns the other end's socket, if that is on this machine and known
    /// Which program holds it and connects for somebody else ("containerd (process 7)"); empty: none, or it does not
    /// matter. Unset: not known.
    std::optional<std::string> forwarder;
    http::standing standing = http::standing::unknown;
};

/// A connection that has been accepted, and has no session yet.
struct arrival {
    arrival() = default;
    unique_fd socket;
    peer_info peer;
};

/// One connection at the gate. Its tasks are run one at a time, and are cancelled when the client goes away.
class visitor {
public:
    virtual ~visitor() = default;
    /// `authorization` is the header's value, empty when there is none; it stays valid until the task ends.
    virtual task<admission> authenticate(std::string_view authorization, deadline limit) = 0;
    /// Called after authenticate() has granted. `verb` is that of the request, `what` that of its route; without a
    /// route, the one that needs most.
    virtual task<admission> authorise(method verb, area what, deadline limit) = 0;
    /// The caller that the last authenticate() granted, for the log: "token-file:prometheus". Never a secret.
    [[nodiscard]] virtual std::string_view caller() const noexcept = 0;
};

class gate {
public:
    virtual ~gate() = default;
    /// `peer` and `tls` (null without TLS, else after the handshake) live as long as the visitor. Cheap: what costs
    /// something waits for the first request that needs it.
    virtual std::unique_ptr<visitor> meet(const peer_info& peer, int descriptor, const ssl_st* tls) = 0;
    /// Finds out who has just connected, as far as that can be told without a request: uid, standing and limited_by.
    /// `arrived` outlives the task, which ends soon, whatever hangs.
    virtual task<> recognise(std::vector<arrival>& arrived)
    {
        static_cast<void>(arrived);
        co_return;
    }
    /// Whether recognise() ever finds somebody admitted.
    [[nodiscard]] virtual bool knows_admitted() const { return false; }
    /// failure::invalid, with what is missing, for an address that must not be served like this.
    [[nodiscard]] virtual result<void> may_listen(const listen_address& address) const = 0;
};

/// What a server is guarded with. The gate outlives the server.
struct server_security {
    explicit server_security(gate& g) : admission(&g) {}
    gate* admission;
    /// Called for each TCP connection, so that it may change while the service runs. Empty: no TLS.
    std::function<std::shared_ptr<ssl_ctx_st>()> tls;
};

}  // namespace nodescope::http
