#include "collectors/runtime/docker/engine_link.hpp"

#include "collectors/runtime/docker/engine_failure.hpp"
#include "collectors/runtime/docker/replies.hpp"
#include "collectors/runtime/kubelet_name.hpp"
#include "core/json/sieve.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace nodescope::docker {

namespace {

/// What is read of an answer: most of it may be labels, which are left out as they arrive.
constexpr std::size_t arriving_limit = 256U << 20U;
/// What is kept of the list: 2,000 containers with all they have, and three times what an agent takes.
constexpr std::size_t list_limit = 6U << 20U;
/// What is kept of any other answer. The largest are inspects, of what execve() takes at most.
constexpr std::size_t answer_limit = 4U << 20U;
/// What a message stands in.
constexpr std::size_t message_place = 256U << 10U;

class label_sieve final : public http_client::body_sieve {
public:
    void take(std::string_view piece, std::string& kept) override { sieve_.take(piece, kept); }
    [[nodiscard]] std::uint64_t left_out() const noexcept { return sieve_.left_out(); }

private:
    static json_sieve_limits limits()
    {
        json_sieve_limits out;
        out.labels_key = "Labels";
        out.preferred_labels = kubelet_label_prefix;
        return out;
    }
    json_sieve sieve_{limits()};
};

std::string_view beginning_of(std::string_view body) noexcept { return body.substr(0, message_place); }

}  // namespace

task<result<engine_body>> engine_link::body_of(const api_call& call, std::string name, deadline limit)
{
    for (int attempt = 0;; ++attempt) {
        const place& to = place_now();
        const auto speaking = co_await version(to, limit);
        if (!speaking) co_return speaking.error();
        const auto sieve = std::make_shared<label_sieve>();
        auto got = co_await round_trip(to, call, *speaking, sieve, limit);
        if (!got.answer) co_return failed_round_trip(expected_, to.where, name, got.why);
        auto& answer = *got.answer;
        if (answer.status == 200) {
            engine_body whole(std::move(answer.body));
            whole.left_out = sieve->left_out();
            whole.place = std::move(answer.place);
            co_return whole;
        }
        error said = failed_answer(name, answer.status, beginning_of(answer.body));
        if (fixed_version_ || !refuses_version(answer.status, answer.body)) co_return said;
        version_.reset();
        if (attempt == 0) continue;
        co_return co_await why_refused(to, *speaking, std::move(said), limit);
    }
}

task<error> engine_link::why_refused(const place& by, api_version spoken, error said, deadline limit)
{
    if (spoken != newest_version) co_return said;
    const api_call asked(api_read::spoken_versions);
    const auto got = co_await round_trip(by, asked, spoken, std::make_shared<label_sieve>(), limit);
    if (!got.answer || got.answer->status != 200) co_return said;
    const auto wanted = too_new_for_us(expected_, got.answer->body);
    co_return wanted.value_or(std::move(said));
}

task<result<api_version>> engine_link::version(const place& at, deadline limit)
{
    if (fixed_version_) co_return *fixed_version_;
    if (version_) co_return *version_;
    const api_call ping(api_read::ping);
    const std::string name = operation_name(expected_, ping);
    const auto got = co_await round_trip(at, ping, oldest_version, std::make_shared<label_sieve>(), limit);
    if (!got.answer) co_return failed_round_trip(expected_, at.where, name, got.why);
    const std::string header(got.answer->header("api-version"));
    // An engine that is unwell may answer 500 and still say what it speaks, as the docker command also takes it.
    if (got.answer->status != 200 && (got.answer->status < 400 || header.empty())) {
        co_return failed_answer(name, got.answer->status, beginning_of(got.answer->body));
    }
    const auto agreed = negotiate_version(expected_, header);
    if (!agreed) co_return agreed.error();
    engine_header_ = header;
    version_ = *agreed;
    const std::string text = to_string(*agreed);
    log_.write(log_level::info, "docker API version negotiated",
               {{"endpoint", at.where.text}, {"is", to_string(kind_)}, {"engine", header}, {"version", text}});
    co_return *agreed;
}

task<http_client::outcome> engine_link::round_trip(const place& to, const api_call& call, api_version speaking,
                                                   std::shared_ptr<http_client::body_sieve> sieve, deadline limit)
{
    http_client::request sent(std::string(route_of(call.what).method),
                              request_target(call, to.where.base_path, speaking));
    sent.host = "docker";  // the same over a socket and over TCP
    sent.body_limit = arriving_limit;
    sent.sieve = std::move(sieve);
    sent.kept_limit = call.what == api_read::container_list && call.query == all_containers ? list_limit : answer_limit;
    sent.places = long_answers_;
    auto got = co_await to.http->round_trip(std::move(sent), limit);
    learn(got);
    co_return got;
}

const engine_places::place& engine_link::place_now()
{
    const place& to = places_.now();
    if (asked_ != &to) version_.reset();
    asked_ = &to;
    return to;
}

/// Every answer of an engine carries its version. Another one than was negotiated with, or no connection, means that a
/// different engine may be there the next time.
void engine_link::learn(const http_client::outcome& got)
{
    // pkg/api/server/handler_api.go of Podman: on every answer.
    if (got.answer) {
        const bool podman = !got.answer->header("libpod-api-version").empty();
        const bool docker = !podman && !got.answer->header("api-version").empty();
        if (podman) kind_ = engine_kind::podman;
        if (docker) kind_ = engine_kind::docker;
    }
    if (!version_) return;
    const bool lost = !got.answer && got.why.where == http_client::phase::connect;
    const bool changed =
        got.answer && !got.answer->header("api-version").empty() && got.answer->header("api-version") != engine_header_;
    if (lost || changed) version_.reset();
}

}  // namespace nodescope::docker
