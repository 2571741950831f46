// Authentication and authorisation of all requests: the gate that the HTTP server asks before it routes anything, and
// the files and services behind it.
#pragma once

#include "core/log.hpp"
#include "core/task.hpp"
#include "core/worker_pool.hpp"
#include "server/auth/access_options.hpp"
#include "server/auth/access_review.hpp"
#include "server/auth/access_statistics.hpp"
#include "server/auth/credentials.hpp"
#include "server/http/gate.hpp"

#include <memory>
#include <string>
#include <vector>

namespace nodescope::auth {

class access_control : public http::gate {
public:
    /// The TLS context for new connections; null: no TLS.
    [[nodiscard]] virtual tls_context tls() const = 0;
    /// Reads changed files now (SIGHUP). Failures: credentials::reload.
    virtual task<result<void>> reload() = 0;
    /// Notices changed files, until cancelled.
    virtual task<> watch() = 0;
    /// For the watchdog: these threads belong to access control alone.
    [[nodiscard]] virtual worker_pool& workers() noexcept = 0;
    /// A thread of ours hangs in the kernel and cannot be joined.
    [[nodiscard]] virtual bool has_stuck_worker() const noexcept = 0;
    [[nodiscard]] virtual const access_statistics& statistics() const noexcept = 0;
    [[nodiscard]] virtual std::vector<reload_statistics> reloads() const = 0;
    /// --auth as it stands.
    [[nodiscard]] virtual const std::vector<std::string>& methods() const noexcept = 0;
};

/// Reads the files now, and blocks. failure::invalid / denied / … for options that do not go together and files that
/// cannot be used. `reviewer` is null unless `kubernetes` is among the methods; it outlives what is made here.
/// `review_limit` bounds one review.
result<std::unique_ptr<access_control>> make_access_control(access_options options, access_reviewer* reviewer,
                                                            steady_clock::duration review_limit, logger& log);

}  // namespace nodescope::auth
