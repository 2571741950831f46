#include "collectors/runtime/docker/docker_client.hpp"

#include "collectors/runtime/circuit_breaker.hpp"
#include "collectors/runtime/docker/api_request.hpp"
#include "collectors/runtime/docker/endpoint.hpp"
#include "collectors/runtime/docker/engine_failure.hpp"
#include "collectors/runtime/docker/engine_link.hpp"
#include "collectors/runtime/docker/engine_places.hpp"
#include "collectors/runtime/docker/networks.hpp"
#include "collectors/runtime/docker/replies.hpp"
#include "core/shared_calls.hpp"
#include "core/slots.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

namespace nodescope::docker {

namespace asio = boost::asio;

namespace {

/// What the reactor reads itself: a millisecond.
constexpr std::size_t short_answer = 256U << 10U;
constexpr std::size_t calls_at_once = 8;
constexpr std::size_t calls_waiting = 64;
constexpr std::chrono::seconds info_lifetime{1};

class engine_client final : public client {
public:
    engine_client(engine_places places, std::optional<api_version> fixed, engine_kind expected,
                  steady_clock::duration timeout, worker_pool& workers, logger& log)
        : link_(std::move(places), fixed, expected, log),
          workers_(workers),
          reads_(timeout, [this](const std::string& key) { missed_by_all(key); })
    {
    }

    task<result<shared_body>> list_containers(deadline limit) override
    {
        api_call call(api_read::container_list);
        call.query = all_containers;
        co_return co_await shared_read(std::move(call), "", limit);
    }

    task<result<shared_body>> info(deadline limit) override
    {
        if (info_ && steady_clock::now() < info_until_) co_return info_;
        auto body = co_await shared_read(api_call(api_read::info), "", limit);
        // A long one would keep others from being read.
        if (body && !(*body)->place) {
            info_ = *body;
            info_until_ = steady_clock::now() + info_lifetime;
        }
        co_return body;
    }

    task<result<runtime_facts>> facts(deadline limit) override
    {
        const auto body = co_await shared_read(api_call(api_read::version), "", limit);
        if (!body) co_return body.error();
        co_return parse_facts((*body)->text);
    }

    task<result<std::string>> storage_root(deadline limit) override
    {
        const auto body = co_await info(limit);
        if (!body) co_return body.error();
        co_return parse_storage_root((*body)->text);
    }

    task<result<container>> inspect(container_reference wanted, deadline limit) override
    {
        api_call call(api_read::container_inspect);
        call.container = wanted;
        const std::string name = name_of(call);
        const auto body = co_await shared_read(std::move(call), wanted.text(), limit);
        if (!body) co_return body.error();
        auto parse = [](const engine_body& of) { return parse_container(of.text); };
        auto state = co_await read_by<nodescope::container>(*body, parse, name, limit);
        if (!state) co_return malformed_answer(name, state.error().message());
        if (const auto same = check_identity(link_.expected(), wanted, *state); !same) co_return same.error();
        state->runtime = to_string(link_.kind());
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
        const std::string name = name_of(call);
        const std::string subject = fmt::format("{}/{}/{}", pod_namespace, pod_name, container);
        auto body = co_await shared_read(std::move(call), subject, limit);
        if (!body) co_return body.error();
        auto parse = [](const engine_body& of) { return parse_pod_containers(of.text); };
        const auto list = co_await read_by<std::vector<pod_container>>(*body, parse, name, limit);
        // The inspect may need its place.
        body->reset();
        if (!list) co_return malformed_answer(name, list.error().message());
        const auto chosen = choose_pod_container(link_.expected(), *list, pod_namespace, pod_name, container);
        if (!chosen) co_return chosen.error();
        const auto id = container_reference::parse(*chosen);
        if (!id) co_return malformed_answer(name, "Id is no container id");
        co_return co_await inspect(*id, limit);
    }

    /// Podman's service has these members too, but of networks that its own programs set up.
    [[nodiscard]] bool speaks_for(std::string_view called) const noexcept override
    {
        return link_.kind() == engine_kind::docker && called == to_string(engine_kind::docker);
    }

    task<result<network_words>> words_about(container_reference id, deadline limit) override
    {
        api_call call(api_read::container_inspect);
        call.container = id;
        const std::string name = name_of(call);
        const auto body = co_await shared_read(std::move(call), id.text(), limit);
        if (!body) co_return body.error();
        auto parse = [wanted = id.text()](const engine_body& of) { return parse_network_words(of.text, wanted); };
        auto reading = read_by<network_words>(*body, std::move(parse), name, limit);
        auto words = co_await std::move(reading);
        if (!words) co_return malformed_answer(name, words.error().message());
        words->runtime = to_string(link_.kind());
        co_return words;
    }

    task<result<names_by_id>> current_names(deadline limit) override
    {
        const api_call call(api_read::container_list);
        const std::string name = name_of(call);
        const auto body = co_await shared_read(call, "those that run", limit);
        if (!body) co_return body.error();
        auto parse = [](const engine_body& of) { return parse_names(of.text); };
        auto names = co_await read_by<names_by_id>(*body, parse, name, limit);
        if (!names) co_return malformed_answer(name, names.error().message());
        co_return names;
    }

    [[nodiscard]] std::string_view name() const noexcept override { return to_string(link_.expected()); }
    /// The runtimes of CRI do not answer through this API, but cri-dockerd's containers are Docker's.
    [[nodiscard]] bool answers_to(reference_scheme scheme) const noexcept override
    {
        const bool podman = link_.kind() == engine_kind::podman;
        return scheme == (podman ? reference_scheme::podman : reference_scheme::docker);
    }
    [[nodiscard]] bool is_there() const override { return link_.present(); }
    [[nodiscard]] engine_kind kind() const noexcept override { return link_.kind(); }
    [[nodiscard]] std::string endpoint() const override { return link_.endpoint(); }
    void drop_idle() override { link_.drop_idle(); }
    [[nodiscard]] backend_statistics statistics() const noexcept override { return statistics_; }
    [[nodiscard]] std::uint64_t left_out() const noexcept override { return left_out_; }

private:
    /// One read for all who ask for it at the same time. `subject` tells apart calls of the same name (a pod's labels,
    /// an id that messages show shortened).
    task<result<shared_body>> shared_read(api_call call, std::string subject, deadline limit)
    {
        const std::string name = name_of(call);
        const std::string key = subject.empty() ? name : fmt::format("{} of {}", name, subject);
        const auto begin = [this, &call, &key](deadline own) { return read(call, key, own); };
        co_return co_await reads_.join(key, limit, begin);
    }

    task<result<shared_body>> read(api_call call, std::string key, deadline limit)
    {
        const std::string name = name_of(call);
        if (!breakers_->admit(key, steady_clock::now())) {
            co_return error(failure::unavailable,
                            fmt::format("{}: not asked again yet, because the last {} calls of it passed their "
                                        "deadline",
                                        name, circuit_breakers::misses_to_open));
        }
        circuit_breaker_report report(breakers_, key);
        const auto slot = co_await slots_.acquire(limit);
        if (!slot) co_return slot.error();
        auto answer = co_await link_.body_of(call, name, limit);
        if (!answer && answer.error().kind() == failure::cancelled) co_return answer.error();
        const bool missed = !answer && answer.error().kind() == failure::timed_out;
        report.ended(missed);
        statistics_.count(answer || backend_statistics::was_answered(answer.error().kind()), missed);
        if (!answer) co_return answer.error();
        left_out_ += answer->left_out;
        // The answer of an inspect is not passed on: whoever reads it checks it.
        const auto whole = std::make_shared<engine_body>(std::move(*answer));
        if (call.what == api_read::container_inspect) co_return whole;
        const json_kind kind = route_of(call.what).answer;
        auto check = [whole, kind](const engine_body&) { return checked_body(std::move(*whole), kind); };
        auto body = co_await read_by<shared_body>(whole, check, name, limit);
        if (!body && body.error().kind() == failure::malformed)
            co_return malformed_answer(name, body.error().message());
        co_return body;
    }

    /// What `read` makes of a body: of a long one not on the reactor.
    template <class Value, class Read>
    task<result<Value>> read_by(shared_body body, Read read, std::string what, deadline limit)
    {
        if (body->text.size() <= short_answer) co_return read(*body);
        auto work = [body, read](const abandon_flag&) -> result<Value> { return read(*body); };
        const std::string name = "reading the answer to " + what;
        co_return co_await workers_.run("docker answers", name, limit, std::move(work));
    }

    /// Nobody could wait as long as the call may last: the daemon is as silent as if it had.
    void missed_by_all(const std::string& key)
    {
        breakers_->missed(key, steady_clock::now());
        statistics_.count(false, true);
    }

    [[nodiscard]] std::string name_of(const api_call& call) const { return operation_name(link_.expected(), call); }

    engine_link link_;
    worker_pool& workers_;

    std::uint64_t left_out_ = 0;
    shared_body info_;
    steady_clock::time_point info_until_{};
    slot_pool slots_{"docker calls", calls_at_once, calls_waiting};
    // Shared with the reports in the frames of calls, which may be destroyed after this object.
    std::shared_ptr<circuit_breakers> breakers_ = std::make_shared<circuit_breakers>();
    backend_statistics statistics_;
    shared_calls<shared_body> reads_;
};

/// What was configured, or the usual sockets.
result<std::vector<http_client::server_address>> addresses_of(const client_options& options)
{
    std::vector<http_client::server_address> all;
    if (!options.host.empty() || options.usual.empty()) {
        auto only = parse_endpoint(options.host, options.tls, options.insecure_tcp);
        if (!only) return only.error();
        all.push_back(std::move(*only));
    }
    if (!options.host.empty()) return all;
    for (const std::string& path : options.usual) {
        http_client::endpoint socket(http_client::endpoint::transport::unix_socket, path, "", 0);
        all.emplace_back(std::move(socket), "", "unix://" + path);
    }
    return all;
}

result<engine_places> places_of(const asio::any_io_executor& executor, const client_options& options)
{
    auto addresses = addresses_of(options);
    if (!addresses) return addresses.error();
    std::vector<engine_places::place> all;
    all.reserve(addresses->size());
    for (http_client::server_address& where : *addresses) {
        result<http_client::tls_identity> identity = http_client::tls_identity();
        if (where.to.kind == http_client::endpoint::transport::tls)
            identity = read_tls_files(options.certificate_directory);
        if (!identity) return identity.error();
        auto http = http_client::make_client(executor, where.to, *identity, http_client::options());
        if (!http) return http.error();
        all.emplace_back(std::move(where), std::move(*http));
    }
    const bool found = options.host.empty();
    const auto needed =
        found && options.only_usable ? engine_places::presence::usable : engine_places::presence::exists;
    return engine_places(std::move(all), needed, found ? options.not_the_same : std::vector<std::string>());
}

}  // namespace

result<std::unique_ptr<client>> make_client(asio::any_io_executor executor, worker_pool& workers,
                                            client_options options, logger& log)
{
    std::optional<api_version> fixed;
    if (!options.api_version.empty()) {
        fixed = parse_api_version(options.api_version);
        if (!fixed) {
            return error(failure::invalid, fmt::format("docker API version \"{}\": not of the form 1.41",
                                                       escape_untrusted(options.api_version, 64)));
        }
    }
    auto places = places_of(executor, options);
    if (!places) return places.error();
    return std::unique_ptr<client>(
        std::make_unique<engine_client>(std::move(*places), fixed, options.expected, options.timeout, workers, log));
}

}  // namespace nodescope::docker
