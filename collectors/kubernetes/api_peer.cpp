#include "collectors/kubernetes/api_peer.hpp"

#include "collectors/kubernetes/names.hpp"

#include <fmt/format.h>

namespace nodescope::kubernetes {

api_peer::api_peer(std::string role, read_access read, connect make, logger& log, clock now)
    : role_(std::move(role)), read_(std::move(read)), connect_(std::move(make)), log_(log), now_(std::move(now))
{
}

result<bool> api_peer::renew()
{
    read_at_ = now_();
    auto fresh = read_();
    if (!fresh) return fresh.error();
    if (access_ && access_->same_connection(*fresh)) {
        const bool changed = access_->token != fresh->token;
        access_->token = std::move(fresh->token);
        return changed;
    }
    auto client = connect_(*fresh);
    if (!client) return client.error();
    client_ = std::move(*client);
    access_.emplace(std::move(*fresh));
    return true;
}

result<void> api_peer::make_ready()
{
    if (access_ && now_() - read_at_ < renewal_interval) return {};
    const auto renewed = renew();
    if (renewed) return {};
    if (!access_) {
        return error(failure::unavailable,
                     fmt::format("kubernetes: no credentials for the {}: {}", role_, renewed.error().message()));
    }
    log_.write(log_level::warning, "credentials could not be read again, the old ones stay in use",
               {{"peer", role_}, {"reason", renewed.error().message()}});
    return {};
}

bool api_peer::renew_after_refusal()
{
    const auto renewed = renew();
    if (!renewed) {
        log_.write(log_level::warning, "credentials were refused and could not be read again",
                   {{"peer", role_}, {"reason", renewed.error().message()}});
        return false;
    }
    return *renewed;
}

call_names api_peer::names_for(std::string_view path, std::string_view method) const
{
    const std::string base = access_ ? access_->server.base_path : std::string();
    const std::string where = access_ ? access_->server.text : std::string("an unknown address");
    call_names names(fmt::format("kubernetes: {} {}{}", method, base, path), fmt::format("the {} at {}", role_, where));
    // Which of the two it asks for depends on its version (KubeletFineGrainedAuthz); it names the last that it tried.
    if (path == kubelet_pods_path) {
        names.hint =
            "A kubelet of version 1.33 or newer takes the right to get nodes/pods for it, an older one needs "
            "nodes/proxy";
    }
    return names;
}

task<http_client::outcome> api_peer::round_trip(http_client::request call, deadline limit)
{
    call.target = access_->server.base_path + call.target;
    call.host = access_->server.authority();
    call.headers.emplace_back("Accept", "application/json");
    if (!access_->token.empty()) call.headers.emplace_back("Authorization", "Bearer " + access_->token);
    const std::shared_ptr<http_client::client> client = client_;
    auto outcome = co_await client->round_trip(std::move(call), limit);
    if (outcome.answer || outcome.why.kind != failure::cancelled) {
        statistics_.count(outcome.answer.has_value(), !outcome.answer && outcome.why.kind == failure::timed_out);
    }
    co_return outcome;
}

task<result<std::string>> api_peer::get(std::string path, std::size_t body_limit, deadline limit)
{
    http_client::request call("GET", std::move(path));
    call.body_limit = body_limit;
    return call_twice(std::move(call), limit);
}

task<result<std::string>> api_peer::post(std::string path, std::string body, std::size_t body_limit, deadline limit)
{
    http_client::request call("POST", std::move(path));
    call.body = std::move(body);
    call.body_limit = body_limit;
    call.headers.emplace_back("Content-Type", "application/json");
    return call_twice(std::move(call), limit);
}

task<result<std::string>> api_peer::call_twice(http_client::request call, deadline limit)
{
    if (const auto ready = make_ready(); !ready) co_return ready.error();
    auto outcome = co_await round_trip(call, limit);
    // A GET on a connection that turned out closed has been repeated by the client.
    const bool is_post = call.method == "POST";
    const bool lost =
        is_post && !outcome.answer && outcome.why.kind != failure::timed_out && outcome.why.kind != failure::cancelled;
    const bool refused = outcome.answer && outcome.answer->status == 401 && renew_after_refusal();
    if (lost) client_->drop_idle();
    if (lost || refused) outcome = co_await round_trip(call, limit);
    // What is asked by POST is created, and comes back with its answer.
    if (is_post && outcome.answer && outcome.answer->status == 201) outcome.answer->status = 200;
    const call_names names = names_for(call.target, call.method);
    co_return body_of(names, std::move(outcome), access_->token);
}

}  // namespace nodescope::kubernetes
