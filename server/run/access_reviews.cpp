#include "server/run/access_reviews.hpp"

#include "collectors/kubernetes/cluster.hpp"
#include "collectors/kubernetes/review.hpp"

#include <fmt/format.h>

#include <utility>

namespace nodescope {

namespace {

class kubernetes_reviewer final : public auth::access_reviewer {
public:
    kubernetes_reviewer(std::unique_ptr<kubernetes::api_peer> api_server, const configuration& config)
        : reviews_(std::move(api_server), config.auth_audience), node_(config.node_name), url_(config.auth_url)
    {
    }

    task<result<std::optional<auth::reviewed_user>>> review_token(std::string token, deadline limit) override
    {
        auto found = co_await reviews_.review_token(std::move(token), limit);
        if (!found) co_return found.error();
        std::optional<auth::reviewed_user> user;
        if (!*found) co_return user;
        user.emplace();
        user->name = std::move((*found)->name);
        user->details = std::move((*found)->spec);
        co_return user;
    }

    task<result<auth::judgement>> review_access(auth::reviewed_user who, auth::access_question what,
                                                deadline limit) override
    {
        kubernetes::token_user user;
        user.name = std::move(who.name);
        user.spec = std::move(who.details);
        kubernetes::access_attributes wanted;
        wanted.verb = std::move(what.verb);
        wanted.subresource = std::move(what.subresource);
        wanted.node = node_;
        wanted.url = url_;
        // Rules about URLs name methods as HTTP does (Kubernetes, "Authorization": request verbs).
        if (!url_.empty() && wanted.verb == "create") wanted.verb = "post";
        const auto granted = co_await reviews_.review_access(std::move(user), std::move(wanted), limit);
        if (!granted) co_return granted.error();
        if (*granted == kubernetes::permission::granted) co_return auth::judgement::allowed;
        co_return auth::judgement::refused;
    }

    [[nodiscard]] bool asks_for_url() const noexcept override { return !url_.empty(); }
    [[nodiscard]] auth::review_statistics statistics() const noexcept override
    {
        return {reviews_.of_tokens(), reviews_.of_rights()};
    }

private:
    kubernetes::reviews reviews_;
    std::string node_;
    std::string url_;
};

}  // namespace

result<std::unique_ptr<auth::access_reviewer>> make_access_reviewer(boost::asio::any_io_executor executor,
                                                                    const configuration& config, logger& log)
{
    std::unique_ptr<auth::access_reviewer> none;
    if (!config.access.has("kubernetes")) return none;
    if (config.auth_audience.empty()) return error(failure::invalid, "--auth kubernetes needs --auth-audience");
    if (!config.auth_url.empty() && config.auth_url.front() != '/') {
        return error(failure::invalid, fmt::format("--auth-url: \"{}\" does not begin with '/'", config.auth_url));
    }
    const auto cluster = kubernetes::cluster_access(config.kubeconfig, kubernetes::default_service_account_directory);
    if (!cluster) {
        return error(
            failure::invalid,
            "--auth kubernetes needs an API server: give --kubeconfig, or run as a pod with a service account");
    }
    auto peer = std::make_unique<kubernetes::api_peer>("API server", cluster, kubernetes::connector(executor), log);
    // A named file must be usable now. The files of a service account may come later.
    if (const auto renewed = peer->renew(); !renewed && !config.kubeconfig.empty()) {
        return error(failure::invalid, fmt::format("--auth kubernetes: {}", renewed.error().message()));
    }
    return std::unique_ptr<auth::access_reviewer>(std::make_unique<kubernetes_reviewer>(std::move(peer), config));
}

}  // namespace nodescope
