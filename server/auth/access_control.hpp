// Authentication and authorisation of all requests: the gate that every request passes before it is routed, and the
// files and services behind it.
#pragma once

#include "core/log.hpp"
#include "core/task.hpp"
#include "core/worker_pool.hpp"
#include "server/auth/access_options.hpp"
#include "server/auth/access_review.hpp"
#include "server/auth/access_statistics.hpp"
#include "server/auth/caller_check.hpp"
#include "server/auth/credentials.hpp"
#include "server/http/gate.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace nodescope::auth {

class access_control final : public http::gate {
public:
    /// Reads the files now, and blocks. failure::invalid / denied / … for options that do not go together and files
    /// that cannot be used. `review_limit` bounds one review.
    static result<std::unique_ptr<access_control>> blocking_make(access_options options, outside_help help,
                                                                 steady_clock::duration review_limit, logger& log);

    std::unique_ptr<http::visitor> meet(const http::peer_info& peer, int descriptor, const ssl_st* tls) override;
    task<> recognise(std::vector<http::arrival>& arrived) override;
    [[nodiscard]] bool knows_admitted() const override;
    [[nodiscard]] result<void> may_listen(const http::listen_address& address) const override;

    /// The TLS context for new connections; null: no TLS.
    [[nodiscard]] tls_context tls() const { return shared_.secrets->tls(); }
    /// Reads changed files now (SIGHUP). Failures: credentials::reload.
    task<result<void>> reload();
    /// Notices changed files, until cancelled.
    task<> watch() { return shared_.secrets->watch(); }
    /// For the watchdog: these threads belong to access control alone.
    [[nodiscard]] worker_pool& workers() noexcept { return shared_.workers; }
    /// A thread of ours hangs in the kernel and cannot be joined.
    [[nodiscard]] bool has_stuck_worker() const noexcept { return shared_.workers.busy() > 0; }
    [[nodiscard]] const access_statistics& statistics() const noexcept { return shared_.statistics; }
    [[nodiscard]] std::vector<reload_statistics> reloads() const { return shared_.secrets->statistics(); }
    /// --auth as it stands.
    [[nodiscard]] const std::vector<std::string>& methods() const noexcept { return shared_.options.methods; }

private:
    access_control(access_options options, outside_help help, steady_clock::duration review_limit, logger& log)
        : shared_(std::move(options), std::move(help), review_limit, log)
    {
    }

    check_environment shared_;
};

}  // namespace nodescope::auth
