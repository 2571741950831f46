// Decides for one connection which of the configured methods accepts its caller.
#pragma once

#include "core/log.hpp"
#include "core/worker_pool.hpp"
#include "server/auth/access_control.hpp"
#include "server/auth/failure_limiter.hpp"
#include "server/auth/password_check.hpp"
#include "server/auth/review_cache.hpp"

#include <memory>
#include <optional>

namespace nodescope::auth {

/// What all checks share. Outlives them.
struct check_environment {
    check_environment(const access_options& o, worker_pool& w, access_reviewer* reviewer,
                      steady_clock::duration review_limit, logger& l);

    const access_options& options;
    worker_pool& workers;
    logger& log;
    const bool local_peer;
    const bool client_certificate;
    const bool tokens;
    const bool basic;
    const bool everybody;
    const credentials* credentials_in_use = nullptr;
    failure_limiter failures;
    password_check passwords;
    std::optional<review_cache> reviews;
    access_statistics statistics;
};

std::unique_ptr<http::visitor> make_caller_check(check_environment& environment, const http::peer_info& peer,
                                                 int descriptor, const ssl_st* tls);

}  // namespace nodescope::auth
