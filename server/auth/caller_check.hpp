// Decides for one connection which of the configured methods accepts its caller.
#pragma once

#include "core/log.hpp"
#include "core/worker_pool.hpp"
#include "server/auth/access_options.hpp"
#include "server/auth/access_review.hpp"
#include "server/auth/access_statistics.hpp"
#include "server/auth/credentials.hpp"
#include "server/auth/failure_limiter.hpp"
#include "server/auth/local_peer.hpp"
#include "server/auth/password_check.hpp"
#include "server/auth/review_cache.hpp"
#include "server/http/gate.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <sys/types.h>

namespace nodescope::auth {

/// What access control asks for and cannot do itself.
struct outside_help {
    outside_help() = default;
    access_reviewer* reviewer = nullptr;  ///< null unless `kubernetes` is among the methods; outlives the checks
    local_recognition local;
};

/// What all checks share. Outlives them.
struct check_environment {
    check_environment(access_options o, outside_help help, steady_clock::duration review_limit, logger& l);

    const access_options options;
    const local_recognition local;
    /// Whether local-peer would admit this user, unless somebody else is behind the connection.
    [[nodiscard]] std::function<bool(uid_t)> asks_for_forwarder() const;
    logger& log;
    std::unique_ptr<credentials> secrets;
    // Not the threads that read /proc and enter namespaces: on a sick node those hang first, and these must never be in
    // another network namespace. Declared after what their jobs use.
    worker_pool workers;
    failure_limiter failures;
    password_check passwords{workers};
    std::optional<review_cache> reviews;
    access_statistics statistics;
};

/// http::gate::recognise(). On the loopback addresses a user can have any number of addresses, and every user the same:
/// callers there are told apart by their uid.
task<> recognise_callers(check_environment& environment, std::vector<http::arrival>& arrived);

std::unique_ptr<http::visitor> make_caller_check(check_environment& environment, const http::peer_info& peer,
                                                 int descriptor, const ssl_st* tls);

}  // namespace nodescope::auth
