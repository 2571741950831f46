#include "server/auth/access_control.hpp"

#include <utility>

#include <unistd.h>

namespace nodescope::auth {

namespace {

constexpr std::chrono::seconds reload_limit{10};

}  // namespace

result<std::unique_ptr<access_control>> access_control::blocking_make(access_options options, outside_help help,
                                                                      steady_clock::duration review_limit, logger& log)
{
    if (const auto sound = check_options(options); !sound) return sound.error();
    if (options.local_uids.empty()) options.local_uids = {0, ::geteuid()};
    std::unique_ptr<access_control> made(new access_control(std::move(options), std::move(help), review_limit, log));
    auto loaded = credentials::blocking_load(made->shared_.options.files, made->shared_.workers, log);
    if (!loaded) return loaded.error();
    made->shared_.secrets = std::move(*loaded);
    return made;
}

std::unique_ptr<http::visitor> access_control::meet(const http::peer_info& peer, int descriptor, const ssl_st* tls)
{
    return make_caller_check(shared_, peer, descriptor, tls);
}

task<> access_control::recognise(std::vector<http::arrival>& arrived) { return recognise_callers(shared_, arrived); }

bool access_control::knows_admitted() const { return shared_.options.has("local-peer"); }

result<void> access_control::may_listen(const http::listen_address& address) const
{
    return check_exposure(shared_.options, address);
}

task<result<void>> access_control::reload() { return shared_.secrets->reload(deadline::in(reload_limit)); }

}  // namespace nodescope::auth
