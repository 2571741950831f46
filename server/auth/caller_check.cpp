#include "server/auth/caller_check.hpp"

#include "server/auth/authorization_header.hpp"
#include "server/auth/local_peer.hpp"
#include "server/http/caller_key.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace nodescope::auth {

namespace {

using http::admission;

/// Looking up a socket takes microseconds; a kernel that needs longer is one that hangs.
constexpr std::chrono::seconds lookup_limit{2};

/// A verification costs a fraction of a millisecond, which requests of one connection need not pay each.
constexpr std::chrono::seconds verified_for{5};

/// Verb and resource, so that whoever grants rights knows which.
constexpr std::string_view lacking_right(bool to_url, bool get, http::area what) noexcept
{
    if (to_url) return "this caller may not: it needs the right to the URL that --auth-url names";
    if (what == http::area::stats) {
        return get ? "this caller may not get nodes/stats" : "this caller may not create nodes/stats";
    }
    if (what == http::area::metrics) {
        return get ? "this caller may not get nodes/metrics" : "this caller may not create nodes/metrics";
    }
    return get ? "this caller may not get nodes/diagnosis" : "this caller may not create nodes/diagnosis";
}

constexpr std::string_view forwarded_sentence =
    "this connection comes through a container runtime or the kubelet (kubectl port-forward), and the kernel "
    "cannot say for which user: show a token, or use the Unix socket of the service on the node itself";

/// What one method decides.
enum class verdict { accepted, rejected, unknown, later };

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
    task<result<local_caller>> find_caller(deadline limit);
    /// By what the request presents.
    task<verdict> by_secret(presented shown, std::string key, deadline limit);
    task<verdict> by_token(std::string token, std::string key, deadline limit);
    task<verdict> by_review(std::string token, std::string key, deadline limit);
    task<verdict> by_password(presented shown, std::string key, deadline limit);
    /// Looking at these costs nothing and tells nobody anything that they could not guess as fast as they can ask.
    [[nodiscard]] bool is_known(const presented& shown);
    /// Only the API server can say whether it is good, and asking is limited there: whoever fails too often waits.
    [[nodiscard]] bool waits_for_review(const presented& shown);

    verdict accept(access_method method, std::string_view name);
    verdict reject(access_method method, std::string why);
    verdict cannot_tell(access_method method, const error& reason);
    [[nodiscard]] admission grant();
    [[nodiscard]] admission deny(const std::string& key);
    [[nodiscard]] admission try_later(access_outcome outcome, unsigned status, std::string_view sentence);
    [[nodiscard]] admission unavailable();
    [[nodiscard]] admission limited(std::string_view sentence);

    check_environment& environment_;
    const http::peer_info& peer_;
    const int descriptor_;
    const ssl_st* const tls_;
    std::string caller_;
    access_method method_ = access_method::unknown;  // the last one that accepted, rejected or could not tell
    std::string why_ = "no credentials";             // for the log
    std::shared_ptr<const reviewed_user> reviewed_;

    // What cannot change while the connection lasts is looked up once.
    std::optional<local_caller> local_;
    bool local_known_ = false;
    tls_context names_trust_;  // what names_ were verified with; kept, so that its address is not reused
    std::vector<std::string> names_;
    steady_clock::time_point verified_at_;
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
    method_ = environment_.options.has("none") ? access_method::none : access_method::unknown;
    if (environment_.options.has("none")) co_return grant();
    why_ = "no credentials";
    verdict found = co_await by_connection(limit);
    if (found == verdict::accepted) co_return grant();

    // Who guesses as the same peer does not keep those out whose credentials are known to be good.
    const std::string key = http::caller_key(peer_);
    presented shown = read_authorization(authorization);
    if (!is_known(shown) && !waits_for_review(shown) && environment_.failures.exhausted(key)) {
        co_return limited("too many failed authentications");
    }
    const bool is_token = shown.kind == presented::scheme::bearer;
    if (shown.kind != presented::scheme::none) {
        const access_method undecided = method_;
        const verdict second = co_await by_secret(std::move(shown), key, limit);
        if (second == verdict::accepted) co_return grant();
        if (second == verdict::later) {
            co_return limited(is_token ? "too many tokens wait for their review"
                                       : "passwords of this peer are checked one after the other");
        }
        if (second == verdict::unknown) found = second;
        else if (found == verdict::unknown) method_ = undecided;
    }
    if (found == verdict::unknown) co_return unavailable();
    co_return deny(key);
}

task<verdict> caller_check::by_connection(deadline limit)
{
    if (environment_.options.has("client-certificate") && tls_ != nullptr) {
        if (by_certificate() == verdict::accepted) co_return verdict::accepted;
    }
    if (!environment_.options.has("local-peer")) co_return verdict::rejected;
    co_return co_await by_local_peer(limit);
}

verdict caller_check::by_certificate()
{
    const tls_context& trust = environment_.secrets->tls();
    // A certificate also expires while its connection lasts.
    if (names_trust_ != trust || steady_clock::now() - verified_at_ >= verified_for) {
        names_ = verified_names(tls_, trust.get());
        names_trust_ = trust;
        verified_at_ = steady_clock::now();
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
    if (!local_known_) {
        auto found = co_await find_caller(limit);
        // A failed lookup is not remembered: the next request tries again.
        if (!found && found.error().kind() != failure::gone) {
            co_return cannot_tell(access_method::local_peer, found.error());
        }
        if (found && !found->forwarder) co_return cannot_tell(access_method::local_peer, found->forwarder.error());
        local_known_ = true;
        if (found) local_ = std::move(*found);
    }
    if (!local_) co_return verdict::rejected;
    if (!environment_.options.admits_user(local_->uid)) {
        co_return reject(access_method::local_peer, fmt::format("uid {} is not allowed", local_->uid));
    }
    if (!local_->forwarder->empty()) {
        co_return reject(access_method::local_peer,
                         fmt::format("{} holds the other end, and connects for others", *local_->forwarder));
    }
    co_return accept(access_method::local_peer, fmt::format("uid={}", local_->uid));
}

task<result<local_caller>> caller_check::find_caller(deadline limit)
{
    const bool by_unix_socket = peer_.remote.ss_family == AF_UNIX;
    if (peer_.uid && (by_unix_socket || peer_.forwarder)) {
        local_caller known;
        known.uid = *peer_.uid;
        known.forwarder = peer_.forwarder.value_or("");
        co_return known;
    }
    if (by_unix_socket) {
        co_return error(failure::denied, "local peer: the kernel does not know the peer of a Unix socket");
    }
    const auto ends = ends_of_loopback(peer_, descriptor_);
    if (!ends) co_return error(failure::gone, "local peer: not a loopback connection");
    const deadline within = deadline::sooner(limit, deadline::in(lookup_limit));
    auto work = [by = environment_.local, matters = environment_.asks_for_forwarder(), ends = *ends,
                 within](const abandon_flag& abandoned) {
        return blocking_find_caller(by, ends, matters, within, abandoned);
    };
    co_return co_await environment_.workers.run("local peer", within, std::move(work));
}

bool caller_check::is_known(const presented& shown)
{
    if (shown.kind == presented::scheme::bearer) {
        const auto& tokens = environment_.secrets->tokens();
        if (environment_.options.has("token-file") && tokens->name_of(shown.token)) return true;
        return environment_.reviews && environment_.reviews->has_known(shown.token);
    }
    if (shown.kind != presented::scheme::basic || !environment_.options.has("basic")) return false;
    return environment_.passwords.remembers(*environment_.secrets->passwords(), shown.user, shown.password);
}

bool caller_check::waits_for_review(const presented& shown)
{
    return shown.kind == presented::scheme::bearer && environment_.reviews &&
           !environment_.reviews->has_refused(shown.token);
}

task<verdict> caller_check::by_secret(presented shown, std::string key, deadline limit)
{
    if (shown.kind == presented::scheme::bearer) {
        co_return co_await by_token(std::move(shown.token), std::move(key), limit);
    }
    if (shown.kind == presented::scheme::basic && environment_.options.has("basic")) {
        co_return co_await by_password(std::move(shown), std::move(key), limit);
    }
    co_return reject(access_method::unknown, "credentials of a kind that is not in use");
}

task<verdict> caller_check::by_token(std::string token, std::string key, deadline limit)
{
    if (environment_.options.has("token-file")) {
        const std::shared_ptr<const token_table> tokens = environment_.secrets->tokens();
        if (const auto name = tokens->name_of(token)) co_return accept(access_method::token_file, *name);
    }
    if (environment_.reviews) co_return co_await by_review(std::move(token), std::move(key), limit);
    if (environment_.options.has("token-file")) co_return reject(access_method::token_file, "wrong token");
    co_return reject(access_method::unknown, "credentials of a kind that is not in use");
}

task<verdict> caller_check::by_review(std::string token, std::string key, deadline limit)
{
    auto user = co_await environment_.reviews->user_of(std::move(token), std::move(key), limit);
    if (!user && user.error().kind() == failure::overloaded) {
        method_ = access_method::kubernetes;
        co_return verdict::later;
    }
    if (!user) co_return cannot_tell(access_method::kubernetes, user.error());
    if (!*user) co_return reject(access_method::kubernetes, "wrong token");
    reviewed_ = std::move(*user);
    co_return accept(access_method::kubernetes, reviewed_->name);
}

task<verdict> caller_check::by_password(presented shown, std::string key, deadline limit)
{
    const std::string user = shown.user;
    const auto right = co_await environment_.passwords.check(environment_.secrets->passwords(), user,
                                                             std::move(shown.password), std::move(key), limit);
    if (!right && right.error().kind() == failure::overloaded) {
        method_ = access_method::basic;
        co_return verdict::later;
    }
    if (!right) co_return cannot_tell(access_method::basic, right.error());
    if (*right != judgement::allowed) co_return reject(access_method::basic, "wrong user or password");
    co_return accept(access_method::basic, user);
}

task<admission> caller_check::authorise(http::method verb, http::area what, deadline limit)
{
    // The other methods name callers that may ask everything.
    if (!reviewed_) co_return admission::grant();
    const std::string_view question_verb = verb == http::method::get || verb == http::method::head ? "get" : "create";
    access_question question;
    question.verb = question_verb;
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
    co_return admission(403, lacking_right(environment_.reviews->asks_for_url(), question_verb == "get", what));
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
    const bool bearer = environment_.options.has("token-file") || environment_.reviews;
    const bool forwarded = local_ && !local_->forwarder->empty();
    if (!bearer && !environment_.options.has("basic")) {
        return {403, forwarded ? forwarded_sentence : "this caller is not allowed"};
    }
    admission answer(401, forwarded ? forwarded_sentence : "credentials are missing or wrong");
    if (bearer) answer.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"nodescope\"");
    if (environment_.options.has("basic")) {
        answer.headers.emplace_back("WWW-Authenticate", "Basic realm=\"nodescope\", charset=\"UTF-8\"");
    }
    return answer;
}

admission caller_check::try_later(access_outcome outcome, unsigned status, std::string_view sentence)
{
    environment_.statistics.count(method_, outcome);
    admission answer(status, sentence);
    answer.headers.emplace_back("Retry-After", "1");
    return answer;
}

admission caller_check::limited(std::string_view sentence) { return try_later(access_outcome::limited, 429, sentence); }

admission caller_check::unavailable()
{
    return try_later(access_outcome::unavailable, 503,
                     "it cannot be found out at the moment whether this caller is allowed");
}

}  // namespace

check_environment::check_environment(access_options o, outside_help help, steady_clock::duration review_limit,
                                     logger& l)
    : options(std::move(o)), local(std::move(help.local)), log(l)
{
    if (help.reviewer != nullptr && options.has("kubernetes")) reviews.emplace(*help.reviewer, failures, review_limit);
}

std::function<bool(uid_t)> check_environment::asks_for_forwarder() const
{
    return [this](uid_t uid) { return !options.local_allows_forwarded && options.admits_user(uid); };
}

std::unique_ptr<http::visitor> make_caller_check(check_environment& environment, const http::peer_info& peer,
                                                 int descriptor, const ssl_st* tls)
{
    return std::make_unique<caller_check>(environment, peer, descriptor, tls);
}

}  // namespace nodescope::auth
