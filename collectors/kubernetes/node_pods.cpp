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
    // Its webhook asks the server that could not be reached, unless it remembers the answer: two minutes by default
    // (--authentication-token-webhook-cache-ttl), five for what is allowed.
    const bool refused = kubelet.kind() == failure::denied || kubelet.kind() == failure::failed;
    constexpr std::string_view why =
        ". The kubelet asks the same API server who may ask it; what runs is known without "
        "both: ask containerCollector, or netInfoCollector by pod";
    return error(could_not_be_reached(kubelet) ? api_server.kind() : kubelet.kind(),
                 fmt::format("{}; then asked the kubelet: {}{}", api_server.message(), second, refused ? why : ""));
}

}  // namespace

node_pods::node_pods(std::string node_name, steady_clock::duration timeout, std::unique_ptr<api_peer> api_server,
                     std::unique_ptr<api_peer> kubelet, logger& log)
    : node_name_(std::move(node_name)),
      api_server_(std::move(api_server)),
      kubelet_(std::move(kubelet)),
      log_(log),
      slots_("kubernetes: calls", concurrent_calls, queue_limit),
      calls_(timeout)
{
}

task<result<std::string>> node_pods::pod(const pod_reference& which, deadline limit)
{
    reading one = [which, node = node_name_](std::string_view body) { return checked_pod(body, which, node); };
    reading of_list = [which, node = node_name_](std::string_view body) { return pod_of_list(body, which, node); };
    return answer(peer_call(pod_path(which), pod_limit_bytes, std::move(one)),
                  peer_call(std::string(kubelet_pods_path), pod_list_limit_bytes, std::move(of_list)), limit);
}

task<result<std::string>> node_pods::pods_of_node(deadline limit)
{
    const reading list = [node = node_name_](std::string_view body) { return pods_of_list(body, node); };
    return answer(peer_call(pods_of_node_path(node_name_), pod_list_limit_bytes, list),
                  peer_call(std::string(kubelet_pods_path), pod_list_limit_bytes, list), limit);
}

/// Every caller goes from peer to peer by itself, as its time allows; only the calls are shared.
task<result<std::string>> node_pods::answer(peer_call of_api_server, peer_call of_kubelet, deadline limit)
{
    const std::string key = fmt::format("{}GET {}", prefix, of_api_server.path);
    result<shared_text> got = error(failure::internal, "kubernetes: no source was asked");
    if (api_server_) {
        got = co_await shared(*api_server_, key, std::move(of_api_server), first_limit(limit));
    }
    if (kubelet_ && (!api_server_ || (!got && could_not_be_reached(got.error())))) {
        if (api_server_) {
            log_.write(log_level::warning, "the API server cannot be reached, asking the kubelet",
                       {{"reason", got.error().message()}});
        }
        auto second = co_await shared(*kubelet_, key + " from the kubelet", std::move(of_kubelet), limit);
        if (!second && api_server_) got = both_failed(got.error(), second.error());
        else got = std::move(second);
    }
    if (!got) co_return got.error();
    co_return **got;
}

deadline node_pods::first_limit(const deadline& limit) const
{
    if (!kubelet_) return limit;
    // Half of the time is the kubelet's.
    return deadline::in(std::chrono::duration_cast<std::chrono::milliseconds>(limit.remaining() / 2));
}

task<result<node_pods::shared_text>> node_pods::shared(api_peer& peer, std::string key, peer_call what, deadline limit)
{
    const auto begin = [this, &peer, &what](deadline own) { return call(peer, what, own); };
    co_return co_await calls_.join(std::move(key), limit, begin);
}

task<result<node_pods::shared_text>> node_pods::call(api_peer& peer, peer_call what, deadline limit)
{
    const auto slot = co_await slots_.acquire(limit);
    if (!slot) co_return slot.error();
    const auto body = co_await peer.get(what.path, what.body_limit, limit);
    if (!body) co_return body.error();
    auto value = what.read(*body);
    if (value) co_return std::make_shared<const std::string>(std::move(*value));
    const call_names names = peer.names_for(what.path);
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
