#include "collectors/kubernetes/node_pods.hpp"

#include "collectors/kubernetes/names.hpp"
#include "collectors/kubernetes/pod_json.hpp"

#include <fmt/format.h>

namespace nodescope::kubernetes {

namespace {

/// Diagnoses come one or two at a time; more calls at once would only burden the API server.
constexpr std::size_t concurrent_calls = 4;
/// Beyond this many waiting calls, new ones are refused with `overloaded`.
constexpr std::size_t queue_limit = 64;

/// What a call gets beyond its deadline to say itself what it died of.
constexpr std::chrono::milliseconds joining_grace{100};

constexpr std::string_view prefix = "kubernetes: ";

/// Only when the API server gave no answer of its own: what it refuses or does not have, the kubelet is not asked for.
bool could_not_be_reached(const error& reason)
{
    return reason.kind() == failure::unavailable || reason.kind() == failure::timed_out;
}

/// The kubelet's word counts where it has one; where it could not be reached either, the API server's.
error both_failed(const error& api_server, const error& kubelet)
{
    std::string_view second = kubelet.message();
    if (second.starts_with(prefix)) second.remove_prefix(prefix.size());
    return error(could_not_be_reached(kubelet) ? api_server.kind() : kubelet.kind(),
                 fmt::format("{}; then asked the kubelet: {}", api_server.message(), second));
}

}  // namespace

node_pods::node_pods(std::string node_name, steady_clock::duration timeout, std::unique_ptr<api_peer> api_server,
                     std::unique_ptr<api_peer> kubelet, logger& log)
    : node_name_(std::move(node_name)),
      timeout_(timeout),
      api_server_(std::move(api_server)),
      kubelet_(std::move(kubelet)),
      log_(log),
      slots_("kubernetes: calls", concurrent_calls, queue_limit)
{
}

task<result<std::string>> node_pods::pod(const pod_reference& which, deadline limit)
{
    reading answer = [which, node = node_name_](std::string_view body) { return checked_pod(body, which, node); };
    reading list = [which, node = node_name_](std::string_view body) { return pod_of_list(body, which, node); };
    question asked(pod_path(which), pod_limit_bytes, std::move(answer), std::move(list));
    auto call = shared(std::move(asked), limit);
    auto got = co_await std::move(call);
    co_return got;
}

task<result<std::string>> node_pods::pods_of_node(deadline limit)
{
    reading answer = [node = node_name_](std::string_view body) { return pods_of_list(body, node); };
    reading list = answer;
    question asked(pods_of_node_path(node_name_), pod_list_limit_bytes, std::move(answer), std::move(list));
    auto call = shared(std::move(asked), limit);
    auto got = co_await std::move(call);
    co_return got;
}

/// The call is bounded by the limit of whoever began it; who joined and has time left begins one of its own.
task<result<std::string>> node_pods::shared(question asked, deadline limit)
{
    const std::string key = fmt::format("{}GET {}", prefix, asked.api_path);
    for (;;) {
        bool began = false;
        const auto begin = [this, &asked, &began, limit] {
            began = true;
            return answer(asked, limit);
        };
        auto call = calls_.join(key, limit.with_grace(joining_grace), begin);
        auto got = co_await std::move(call);
        if (got) co_return **got;
        if (began || got.error().kind() != failure::timed_out || limit.passed()) co_return got.error();
    }
}

/// Runs on its own: it must not refer to the asker that began it, who may leave before the others.
task<result<node_pods::shared_text>> node_pods::answer(question asked, deadline limit)
{
    const deadline wait = deadline::sooner(limit, deadline::in(timeout_));
    auto slot = co_await slots_.acquire(wait);
    if (!slot) co_return slot.error();

    result<std::string> got = error(failure::internal, "kubernetes: no source was asked");
    if (api_server_) {
        auto call = ask(*api_server_, asked.api_path, asked.api_limit, asked.from_api_server, first_limit(limit));
        got = co_await std::move(call);
    }
    if (kubelet_ && (!api_server_ || (!got && could_not_be_reached(got.error())))) {
        if (api_server_) {
            log_.write(log_level::warning, "the API server cannot be reached, asking the kubelet",
                       {{"reason", got.error().message()}});
        }
        auto call = ask(*kubelet_, std::string(kubelet_pods_path), pod_list_limit_bytes, asked.from_kubelet,
                        deadline::sooner(limit, deadline::in(timeout_)));
        auto second = co_await std::move(call);
        if (!second && api_server_) got = both_failed(got.error(), second.error());
        else got = std::move(second);
    }
    if (!got) co_return got.error();
    co_return std::make_shared<const std::string>(std::move(*got));
}

deadline node_pods::first_limit(const deadline& limit) const
{
    const deadline own = deadline::sooner(limit, deadline::in(timeout_));
    if (!kubelet_) return own;
    // Half of the time is the kubelet's, where there is not enough for two full round trips.
    const auto half = std::chrono::duration_cast<std::chrono::milliseconds>(limit.remaining() / 2);
    return deadline::sooner(own, deadline::in(half));
}

task<result<std::string>> node_pods::ask(api_peer& peer, std::string path, std::size_t body_limit, reading read,
                                         deadline limit)
{
    auto call = peer.get(path, body_limit, limit);
    const auto body = co_await std::move(call);
    if (!body) co_return body.error();
    auto value = read(*body);
    if (value) co_return value;
    const call_names names = peer.names_for(path);
    co_return about_answer(names, value.error());
}

backend_statistics node_pods::statistics() const noexcept
{
    backend_statistics sum;
    if (api_server_) sum.add(api_server_->statistics());
    if (kubelet_) sum.add(kubelet_->statistics());
    return sum;
}

}  // namespace nodescope::kubernetes
