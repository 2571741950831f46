#include "collectors/runtime/docker/docker_client.hpp"

#include "collectors/runtime/circuit_breaker.hpp"
#include "collectors/runtime/docker/api_request.hpp"
#include "collectors/runtime/docker/endpoint.hpp"
#include "collectors/runtime/docker/engine_failure.hpp"
#include "collectors/runtime/docker/replies.hpp"
#include "core/shared_calls.hpp"
#include "core/slots.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

namespace nodescope::docker {

namespace asio = boost::asio;

namespace {

constexpr std::size_t body_limit = 32U << 20U;
constexpr std::size_t calls_at_once = 8;
constexpr std::size_t calls_waiting = 64;
constexpr std::chrono::seconds info_lifetime{1};

/// Tells the circuit breaker about a call on every way out; destroyed without a verdict, the call was cancelled.
class verdict {
public:
    verdict(std::shared_ptr<circuit_breakers> breakers, std::string key)
        : breakers_(std::move(breakers)), key_(std::move(key))
    {
    }
    verdict(const verdict&) = delete;
    verdict& operator=(const verdict&) = delete;
    ~verdict()
    {
        if (breakers_) breakers_->withdrawn(key_);
    }
    void give(bool missed)
    {
        if (missed) {
            breakers_->missed(key_, steady_clock::now());
        } else {
            breakers_->succeeded(key_);
        }
        breakers_.reset();
    }

private:
    std::shared_ptr<circuit_breakers> breakers_;
    std::string key_;
};

/// The daemon said something, if only that it cannot.
bool was_answered(failure kind) noexcept
{
    return kind != failure::unavailable && kind != failure::denied && kind != failure::timed_out;
}

class engine_client final : public client {
public:
    engine_client(daemon_endpoint where, std::unique_ptr<http_client::client> http, std::optional<api_version> fixed,
                  steady_clock::duration timeout, logger& log)
        : where_(std::move(where)),
          http_(std::move(http)),
          fixed_version_(fixed),
          log_(log),
          reads_(timeout, [this](const std::string& key) { missed_by_all(key); })
    {
    }

    task<result<shared_body>> list_containers(deadline limit) override
    {
        api_call call(api_read::container_list);
        call.query = "all=1";
        auto reading = shared_read(std::move(call), "", json_kind::array, limit);
        co_return co_await std::move(reading);
    }

    task<result<shared_body>> info(deadline limit) override
    {
        if (info_ && steady_clock::now() < info_until_) co_return info_;
        auto reading = shared_read(api_call(api_read::info), "", json_kind::object, limit);
        auto body = co_await std::move(reading);
        if (body) {
            info_ = *body;
            info_until_ = steady_clock::now() + info_lifetime;
        }
        co_return body;
    }

    task<result<runtime_facts>> facts(deadline limit) override
    {
        auto reading = shared_read(api_call(api_read::version), "", json_kind::object, limit);
        const auto body = co_await std::move(reading);
        if (!body) co_return body.error();
        co_return parse_facts(**body);
    }

    task<result<std::string>> storage_root(deadline limit) override
    {
        auto asking = info(limit);
        const auto body = co_await std::move(asking);
        if (!body) co_return body.error();
        co_return parse_storage_root(**body);
    }

    task<result<container>> inspect(container_reference asked, deadline limit) override
    {
        api_call call(api_read::container_inspect);
        call.container = asked;
        const std::string name = operation_name(call);
        auto reading = shared_read(std::move(call), asked.text(), json_kind::object, limit);
        const auto body = co_await std::move(reading);
        if (!body) co_return body.error();
        auto state = parse_container(**body);
        if (!state) co_return malformed_answer(name, state.error().message());
        if (const auto same = check_identity(asked, *state); !same) co_return same.error();
        co_return state;
    }

    task<result<container>> find_pod_container(std::string pod_namespace, std::string pod_name, std::string container,
                                               deadline limit) override
    {
        std::vector<std::string> labels;
        labels.push_back("io.kubernetes.pod.namespace=" + pod_namespace);
        labels.push_back("io.kubernetes.pod.name=" + pod_name);
        if (!container.empty()) labels.push_back("io.kubernetes.container.name=" + container);
        api_call call(api_read::container_list);
        call.query = label_filter(labels);
        const std::string name = operation_name(call);
        auto reading = shared_read(std::move(call), fmt::format("{}/{}/{}", pod_namespace, pod_name, container),
                                   json_kind::array, limit);
        const auto body = co_await std::move(reading);
        if (!body) co_return body.error();
        const auto list = parse_pod_containers(**body);
        if (!list) co_return malformed_answer(name, list.error().message());
        const auto chosen = choose_pod_container(*list, pod_namespace, pod_name, container);
        if (!chosen) co_return chosen.error();
        const auto id = container_reference::parse(*chosen);
        if (!id) co_return malformed_answer(name, "Id is no container id");
        auto inspecting = inspect(*id, limit);
        co_return co_await std::move(inspecting);
    }

    [[nodiscard]] std::string_view name() const noexcept override { return runtime_name; }
    /// Podman answers through the same API. The runtimes of CRI do not, but cri-dockerd's containers are Docker's.
    [[nodiscard]] bool answers_to(reference_scheme scheme) const noexcept override
    {
        return scheme == reference_scheme::docker || scheme == reference_scheme::podman;
    }
    void drop_idle() override { http_->drop_idle(); }
    [[nodiscard]] backend_statistics statistics() const noexcept override { return statistics_; }

private:
    /// One read for all who ask for it at the same time. `subject` tells apart calls of the same name (a pod's labels,
    /// an id that messages show shortened).
    task<result<shared_body>> shared_read(api_call call, std::string subject, json_kind wanted, deadline limit)
    {
        const std::string name = operation_name(call);
        const std::string key = subject.empty() ? "docker: " + name : fmt::format("docker: {} of {}", name, subject);
        const auto begin = [this, &call, &key, wanted](deadline own) { return read(call, key, wanted, own); };
        auto joining = reads_.join(key, limit, begin);
        co_return co_await std::move(joining);
    }

    task<result<shared_body>> read(api_call call, std::string key, json_kind wanted, deadline limit)
    {
        const std::string name = operation_name(call);
        if (!breakers_->admit(key, steady_clock::now())) {
            co_return error(failure::unavailable,
                            fmt::format("docker: {}: not asked again yet, because the last {} calls of it passed their "
                                        "deadline",
                                        name, circuit_breakers::misses_to_open));
        }
        verdict verdict_of_call(breakers_, key);
        auto waiting = slots_.acquire(limit);
        const auto slot = co_await std::move(waiting);
        if (!slot) co_return slot.error();
        auto asking = ask(call, name, limit);
        auto answer = co_await std::move(asking);
        if (!answer && answer.error().kind() == failure::cancelled) co_return answer.error();
        const bool missed = !answer && answer.error().kind() == failure::timed_out;
        verdict_of_call.give(missed);
        statistics_.count(answer || was_answered(answer.error().kind()), missed);
        if (!answer) co_return answer.error();
        // The answer of an inspect is not passed on: whoever reads it checks it.
        if (call.what == api_read::container_inspect) {
            co_return std::make_shared<const std::string>(std::move(*answer));
        }
        auto body = checked_body(std::move(*answer), wanted);
        if (!body) co_return malformed_answer(name, body.error().message());
        co_return body;
    }

    /// Nobody could wait as long as the call may last: the daemon is as silent as if it had.
    void missed_by_all(const std::string& key)
    {
        breakers_->missed(key, steady_clock::now());
        statistics_.count(false, true);
    }

    /// The body of a 200. An engine that refuses the version is asked for its own once more.
    task<result<std::string>> ask(const api_call& call, const std::string& name, deadline limit)
    {
        for (int attempt = 0;; ++attempt) {
            auto negotiating = version(limit);
            const auto speaking = co_await std::move(negotiating);
            if (!speaking) co_return speaking.error();
            auto going = round_trip(call, *speaking, limit);
            auto got = co_await std::move(going);
            if (!got.answer) co_return failed_round_trip(where_, name, got.why);
            auto& answer = *got.answer;
            if (!fixed_version_ && attempt == 0 && refuses_version(answer.status, answer.body)) {
                version_.reset();
                continue;
            }
            if (answer.status != 200) co_return failed_answer(name, answer.status, answer.body);
            co_return std::move(answer.body);
        }
    }

    /// The version to speak: configured, known from before, or asked for now.
    task<result<api_version>> version(deadline limit)
    {
        if (fixed_version_) co_return *fixed_version_;
        if (version_) co_return *version_;
        const api_call ping(api_read::ping);
        const std::string name = operation_name(ping);
        auto going = round_trip(ping, oldest_version, limit);
        const auto got = co_await std::move(going);
        if (!got.answer) co_return failed_round_trip(where_, name, got.why);
        const std::string header(got.answer->header("api-version"));
        // An engine that is unwell may answer 500 and still say what it speaks, as the docker command also takes it.
        if (got.answer->status != 200 && (got.answer->status < 400 || header.empty())) {
            co_return failed_answer(name, got.answer->status, got.answer->body);
        }
        const auto agreed = negotiate_version(header);
        if (!agreed) co_return agreed.error();
        engine_header_ = header;
        version_ = *agreed;
        const std::string text = to_string(*agreed);
        log_.write(log_level::info, "docker API version negotiated",
                   {{"endpoint", where_.text}, {"engine", header}, {"version", text}});
        co_return *agreed;
    }

    task<http_client::outcome> round_trip(const api_call& call, api_version speaking, deadline limit)
    {
        http_client::request sent(std::string(route_of(call.what).method),
                                  request_target(call, where_.base_path, speaking));
        sent.host = "docker";  // the same over a socket and over TCP
        sent.body_limit = body_limit;
        auto going = http_->round_trip(std::move(sent), limit);
        auto got = co_await std::move(going);
        watch_for_another_engine(got);
        co_return got;
    }

    /// Every answer of an engine carries its version. Another one than was negotiated with, or no connection,
    /// means that a different engine may be there the next time.
    void watch_for_another_engine(const http_client::outcome& got)
    {
        if (!version_) return;
        const bool lost = !got.answer && got.why.where == http_client::phase::connect;
        const bool changed = got.answer && !got.answer->header("api-version").empty() &&
                             got.answer->header("api-version") != engine_header_;
        if (lost || changed) version_.reset();
    }

    daemon_endpoint where_;
    std::unique_ptr<http_client::client> http_;
    std::optional<api_version> fixed_version_;
    logger& log_;

    std::optional<api_version> version_;
    std::string engine_header_;
    shared_body info_;
    steady_clock::time_point info_until_{};
    slot_pool slots_{"docker calls", calls_at_once, calls_waiting};
    // Shared with the verdicts in the frames of calls, which may be destroyed after this object.
    std::shared_ptr<circuit_breakers> breakers_ = std::make_shared<circuit_breakers>();
    backend_statistics statistics_;
    shared_calls<shared_body> reads_;
};

}  // namespace

result<std::unique_ptr<client>> make_client(asio::any_io_executor executor, client_options options, logger& log)
{
    auto where = parse_endpoint(options.host, options.tls, options.insecure_tcp);
    if (!where) return where.error();
    std::optional<api_version> fixed;
    if (!options.api_version.empty()) {
        fixed = parse_api_version(options.api_version);
        if (!fixed) {
            return error(failure::invalid, fmt::format("docker API version \"{}\": not of the form 1.41",
                                                       escape_untrusted(options.api_version, 64)));
        }
    }
    std::unique_ptr<http_client::client> http;
    if (where->to.kind == http_client::endpoint::transport::tls) {
        const auto identity = read_tls_files(options.certificate_directory);
        if (!identity) return identity.error();
        auto secured = http_client::make_tls_client(executor, where->to, *identity, http_client::options());
        if (!secured) return secured.error();
        http = std::move(*secured);
    } else {
        http = http_client::make_client(executor, where->to, http_client::options());
    }
    return std::unique_ptr<client>(
        std::make_unique<engine_client>(std::move(*where), std::move(http), fixed, options.timeout, log));
}

}  // namespace nodescope::docker
