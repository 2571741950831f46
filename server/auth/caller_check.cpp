#include "server/auth/caller_check.hpp"

#include "server/auth/authorization_header.hpp"
#include "server/auth/local_peer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace nodescope::auth {

namespace {

using http::admission;

/// Looking up a socket takes microseconds; a kernel that needs longer is one that hangs.
constexpr std::chrono::seconds lookup_limit{2};

/// What one method decides.
enum class verdict { accepted, rejected, unknown };

class caller_check final : public http::visitor {
public:
    caller_check(check_environment& environment, const http::peer_info& peer, int descriptor, const ssl_st* tls)
        : environment_(environment), peer_(peer), descriptor_(descriptor), tls_(tls)
    {
    }

    task<admission> authenticate(std::string_view authorization, deadline limit) override;
    task<admission> authorise(http::method verb, http::area what, deadline limit) override;
    [[nodiscard]] std::string_view caller() const noexcept override { return caller_; }

private:
    /// By properties of the connection: nothing here can be guessed, so nothing is limited.
    task<verdict> by_connection(deadline limit);
    verdict by_certificate();
    task<verdict> by_local_peer(deadline limit);
    task<result<uid_t>> find_owner(deadline limit);
    /// By what the request presents.
    task<verdict> by_secret(presented shown, deadline limit);
    task<verdict> by_token(std::string token, deadline limit);
    task<verdict> by_review(std::string token, deadline limit);
    task<verdict> by_password(presented shown, deadline limit);

    verdict accept(access_method method, std::string_view name);
    verdict reject(access_method method, std::string why);
    verdict cannot_tell(access_method method, const error& reason);
    [[nodiscard]] admission grant();
    [[nodiscard]] admission deny(const std::string& key);
    [[nodiscard]] admission unavailable();
    [[nodiscard]] admission too_many();

    check_environment& environment_;
    const http::peer_info& peer_;
    const int descriptor_;
    const ssl_st* const tls_;
    std::string caller_;
    access_method method_ = access_method::unknown;  // the last one that accepted, rejected or could not tell
    std::string why_ = "no credentials";             // for the log
    std::shared_ptr<const reviewed_user> reviewed_;

    // What does not change while the connection lasts is found out once.
    std::optional<uid_t> uid_;
    bool uid_known_ = false;
    tls_context names_trust_;  // what names_ were verified with; kept, so that its address is not reused
    std::vector<std::string> names_;
};

verdict caller_check::accept(access_method method, std::string_view name)
{
    method_ = method;
    caller_ = fmt::format("{}:{}", to_string(method), name);
    return verdict::accepted;
}

verdict caller_check::reject(access_method method, std::string why)
{
    method_ = method;
    why_ = std::move(why);
    return verdict::rejected;
}

verdict caller_check::cannot_tell(access_method method, const error& reason)
{
    method_ = method;
    environment_.log.write(log_level::warning, "it could not be found out who asks",
                           {{"peer", peer_.text}, {"reason", reason.message()}});
    return verdict::unknown;
}

task<admission> caller_check::authenticate(std::string_view authorization, deadline limit)
{
    reviewed_.reset();
    method_ = environment_.everybody ? access_method::none : access_method::unknown;
    if (environment_.everybody) co_return grant();
    why_ = "no credentials";
    verdict found = co_await by_connection(limit);
    if (found == verdict::accepted) co_return grant();

    const std::string key = failure_key(peer_.remote, peer_.text);
    if (environment_.failures.exhausted(key)) co_return too_many();
    presented shown = read_authorization(authorization);
    if (shown.kind != presented::scheme::none) {
        const access_method undecided = method_;
        const verdict second = co_await by_secret(std::move(shown), limit);
        if (second == verdict::accepted) co_return grant();
        if (second == verdict::unknown) found = second;
        else if (found == verdict::unknown) method_ = undecided;
    }
    if (found == verdict::unknown) co_return unavailable();
    co_return deny(key);
}

task<verdict> caller_check::by_connection(deadline limit)
{
    if (environment_.client_certificate && tls_ != nullptr) {
        if (by_certificate() == verdict::accepted) co_return verdict::accepted;
    }
    if (!environment_.local_peer) co_return verdict::rejected;
    co_return co_await by_local_peer(limit);
}

verdict caller_check::by_certificate()
{
    const tls_context& trust = environment_.credentials_in_use->tls();
    if (names_trust_ != trust) {
        names_ = verified_names(tls_, trust.get());
        names_trust_ = trust;
    }
    for (const std::string& name : names_) {
        const auto& allowed = environment_.options.client_names;
        if (std::find(allowed.begin(), allowed.end(), name) != allowed.end())
            return accept(access_method::client_certificate, name);
    }
    if (names_.empty()) return verdict::rejected;
    return reject(access_method::client_certificate, "the client certificate carries no allowed name");
}

task<verdict> caller_check::by_local_peer(deadline limit)
{
    if (!uid_known_) {
        const auto owner = co_await find_owner(limit);
        // Not knowing is no answer, and the next request asks again.
        if (!owner && owner.error().kind() != failure::gone) {
            co_return cannot_tell(access_method::local_peer, owner.error());
        }
        uid_known_ = true;
        if (owner) uid_ = *owner;
    }
    if (!uid_) co_return verdict::rejected;
    const auto& allowed = environment_.options.local_uids;
    if (std::find(allowed.begin(), allowed.end(), *uid_) == allowed.end()) {
        co_return reject(access_method::local_peer, fmt::format("uid {} is not allowed", *uid_));
    }
    co_return accept(access_method::local_peer, fmt::format("uid={}", *uid_));
}

task<result<uid_t>> caller_check::find_owner(deadline limit)
{
    if (peer_.remote.ss_family == AF_UNIX) {
        const auto uid = owner_of_unix_peer(descriptor_);
        if (!uid) co_return error(failure::denied, "local peer: the kernel does not know the peer of a Unix socket");
        co_return *uid;
    }
    sockaddr_storage ours{};
    socklen_t size = sizeof(ours);
    if (getsockname(descriptor_, reinterpret_cast<sockaddr*>(&ours), &size) != 0 ||
        !is_loopback_connection(ours, peer_.remote)) {
        co_return error(failure::gone, "local peer: not a loopback connection");
    }
    auto work = [ours, peers = peer_.remote](const abandon_flag&) { return blocking_owner_of_peer(ours, peers); };
    const deadline within = deadline::sooner(limit, deadline::in(lookup_limit));
    co_return co_await environment_.workers.run("local peer", within, std::move(work));
}

task<verdict> caller_check::by_secret(presented shown, deadline limit)
{
    if (shown.kind == presented::scheme::bearer) co_return co_await by_token(std::move(shown.token), limit);
    if (shown.kind == presented::scheme::basic && environment_.basic) {
        co_return co_await by_password(std::move(shown), limit);
    }
    co_return reject(access_method::unknown, "credentials of a kind that is not in use");
}

task<verdict> caller_check::by_token(std::string token, deadline limit)
{
    if (environment_.tokens) {
        const std::shared_ptr<const token_table> tokens = environment_.credentials_in_use->tokens();
        if (const auto name = tokens->name_of(token)) co_return accept(access_method::token_file, *name);
    }
    if (environment_.reviews) co_return co_await by_review(std::move(token), limit);
    if (environment_.tokens) co_return reject(access_method::token_file, "wrong token");
    co_return reject(access_method::unknown, "credentials of a kind that is not in use");
}

task<verdict> caller_check::by_review(std::string token, deadline limit)
{
    auto user = co_await environment_.reviews->user_of(std::move(token), limit);
    if (!user) co_return cannot_tell(access_method::kubernetes, user.error());
    if (!*user) co_return reject(access_method::kubernetes, "wrong token");
    reviewed_ = std::move(*user);
    co_return accept(access_method::kubernetes, reviewed_->name);
}

task<verdict> caller_check::by_password(presented shown, deadline limit)
{
    const std::string user = shown.user;
    const auto right = co_await environment_.passwords.check(environment_.credentials_in_use->passwords(), user,
                                                             std::move(shown.password), limit);
    if (!right) co_return cannot_tell(access_method::basic, right.error());
    if (*right != judgement::allowed) co_return reject(access_method::basic, "wrong user or password");
    co_return accept(access_method::basic, user);
}

task<admission> caller_check::authorise(http::method verb, http::area what, deadline limit)
{
    // The other methods name callers that may ask everything.
    if (!reviewed_) co_return admission::grant();
    access_question question;
    question.verb = verb == http::method::get || verb == http::method::head ? "get" : "create";
    question.subresource = http::to_string(what);
    const auto allowed = co_await environment_.reviews->may(reviewed_, std::move(question), limit);
    if (!allowed) {
        cannot_tell(access_method::kubernetes, allowed.error());
        co_return unavailable();
    }
    if (*allowed == judgement::allowed) co_return admission::grant();
    environment_.statistics.count(access_method::kubernetes, access_outcome::forbidden);
    environment_.log.write(log_level::warning, "access refused",
                           {{"peer", peer_.text}, {"caller", caller_}, {"reason", "the API server does not allow it"}});
    co_return admission(403, "this caller may not ask this");
}

admission caller_check::grant()
{
    environment_.statistics.count(method_, access_outcome::granted);
    return admission::grant();
}

admission caller_check::deny(const std::string& key)
{
    environment_.statistics.count(method_, access_outcome::refused);
    environment_.failures.count(key);
    environment_.log.write(log_level::warning, "access refused", {{"peer", peer_.text}, {"reason", why_}});
    const bool bearer = environment_.tokens || environment_.reviews;
    if (!bearer && !environment_.basic) return {403, "this caller is not allowed"};
    admission answer(401, "credentials are missing or wrong");
    if (bearer) answer.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"nodescope\"");
    if (environment_.basic) {
        answer.headers.emplace_back("WWW-Authenticate", "Basic realm=\"nodescope\", charset=\"UTF-8\"");
    }
    return answer;
}

admission caller_check::unavailable()
{
    environment_.statistics.count(method_, access_outcome::unavailable);
    admission answer(503, "it cannot be found out at the moment whether this caller is allowed");
    answer.headers.emplace_back("Retry-After", "1");
    return answer;
}

admission caller_check::too_many()
{
    environment_.statistics.count(method_, access_outcome::limited);
    admission answer(429, "too many failed authentications");
    answer.headers.emplace_back("Retry-After", "1");
    return answer;
}

}  // namespace

check_environment::check_environment(const access_options& o, worker_pool& w, access_reviewer* reviewer,
                                     steady_clock::duration review_limit, logger& l)
    : options(o),
      workers(w),
      log(l),
      local_peer(o.has("local-peer")),
      client_certificate(o.has("client-certificate")),
      tokens(o.has("token-file")),
      basic(o.has("basic")),
      everybody(o.has("none")),
      passwords(w)
{
    if (reviewer != nullptr && o.has("kubernetes")) reviews.emplace(*reviewer, review_limit);
}

std::unique_ptr<http::visitor> make_caller_check(check_environment& environment, const http::peer_info& peer,
                                                 int descriptor, const ssl_st* tls)
{
    return std::make_unique<caller_check>(environment, peer, descriptor, tls);
}

}  // namespace nodescope::auth
