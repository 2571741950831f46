#include "collectors/runtime/cri/cri_client.hpp"

#include "collectors/runtime/circuit_breaker.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <utility>

namespace nodescope::cri {

namespace {

/// The same methods and messages under two names: containerd 1.5 and CRI-O 1.19 know only the second.
constexpr std::array<std::string_view, 2> services{"runtime.v1.RuntimeService", "runtime.v1alpha2.RuntimeService"};
/// As many as a session takes.
constexpr std::size_t calls_at_once = 8;
constexpr std::size_t calls_waiting = 64;
/// How long a daemon that does not serve CRI is not asked again: Docker's containerd often does not.
constexpr std::chrono::seconds without_cri_for{10};
/// What the reactor reads itself: a millisecond.
constexpr std::size_t short_message = 256U << 10U;

std::string request_of(method what, const std::string& id)
{
    switch (what) {
        case method::version: return version_request();
        case method::status: return runtime_status_request();
        case method::list_containers:
        case method::list_pod_sandbox: return list_request();
        case method::container_status:
        case method::pod_sandbox_status: break;
    }
    return status_of_request(id);
}

call_request request_to(std::string_view service, method what, const std::string& id)
{
    return {fmt::format("/{}/{}", service, to_string(what)), request_of(what, id)};
}

bool is(const call_end& how, grpc_code code) noexcept
{
    return !how.unanswered && how.status == static_cast<unsigned>(code);
}

failure kind_of(unsigned status) noexcept
{
    switch (static_cast<grpc_code>(status)) {
        case grpc_code::not_found: return failure::gone;
        case grpc_code::deadline_exceeded: return failure::timed_out;
        case grpc_code::unavailable: return failure::unavailable;
        case grpc_code::resource_exhausted: return failure::too_large;
        default: return failure::failed;
    }
}

}  // namespace

std::string_view to_string(method value) noexcept
{
    switch (value) {
        case method::version: return "Version";
        case method::status: return "Status";
        case method::list_containers: return "ListContainers";
        case method::list_pod_sandbox: return "ListPodSandbox";
        case method::container_status: return "ContainerStatus";
        case method::pod_sandbox_status: return "PodSandboxStatus";
    }
    return "Version";
}

client::client(boost::asio::any_io_executor executor, worker_pool& workers, endpoint_choice where,
               steady_clock::duration timeout)
    : transport_(std::move(executor), std::move(where), timeout),
      workers_(workers),
      breakers_(std::make_shared<circuit_breakers>()),
      slots_("cri calls", calls_at_once, calls_waiting),
      reads_(timeout, [this](const std::string& key) { missed_by_all(key); })
{
}

task<result<version_answer>> client::version(deadline limit)
{
    if (version_) co_return *version_;
    const auto message = co_await shared_read(method::version, "", limit);
    if (!message) co_return message.error();
    co_return co_await read_by<version_answer>(method::version, *message, &read_version, limit);
}

task<result<runtime_status>> client::status(deadline limit)
{
    const auto message = co_await shared_read(method::status, "", limit);
    if (!message) co_return message.error();
    co_return co_await read_by<runtime_status>(method::status, *message, &read_runtime_status, limit);
}

task<result<client::containers_list>> client::containers(deadline limit)
{
    const auto message = co_await shared_read(method::list_containers, "", limit);
    if (!message) co_return message.error();
    using list = std::vector<listed_container>;
    auto read = co_await read_by<list>(method::list_containers, *message, &read_containers, limit);
    if (!read) co_return read.error();
    co_return std::make_shared<const list>(std::move(*read));
}

task<result<client::sandboxes_list>> client::sandboxes(deadline limit)
{
    const auto message = co_await shared_read(method::list_pod_sandbox, "", limit);
    if (!message) co_return message.error();
    using list = std::vector<listed_sandbox>;
    auto read = co_await read_by<list>(method::list_pod_sandbox, *message, &read_sandboxes, limit);
    if (!read) co_return read.error();
    co_return std::make_shared<const list>(std::move(*read));
}

task<result<container_status>> client::container(std::string id, deadline limit)
{
    const auto message = co_await shared_read(method::container_status, std::move(id), limit);
    if (!message) co_return message.error();
    co_return co_await read_by<container_status>(method::container_status, *message, &read_container_status, limit);
}

task<result<sandbox_status>> client::sandbox(std::string id, deadline limit)
{
    const auto message = co_await shared_read(method::pod_sandbox_status, std::move(id), limit);
    if (!message) co_return message.error();
    co_return co_await read_by<sandbox_status>(method::pod_sandbox_status, *message, &read_sandbox_status, limit);
}

/// What `reader` makes of a message: of a long one not on the reactor.
template <class Value>
task<result<Value>> client::read_by(method what, shared_message message, result<Value> (*reader)(std::string_view),
                                    deadline limit)
{
    result<Value> value = error();
    if (message->size() <= short_message) {
        value = reader(*message);
    } else {
        auto work = [message, reader](const abandon_flag&) { return reader(*message); };
        const std::string name = fmt::format("cri: reading the answer to {}", to_string(what));
        value = co_await workers_.run("cri answers", name, limit, std::move(work));
        if (!value && value.error().kind() == failure::timed_out) co_return value;
    }
    if (value) co_return value;
    co_return unanswered(what, value.error());
}

task<result<client::shared_message>> client::shared_read(method what, std::string id, deadline limit)
{
    std::string key = fmt::format("cri: {}{}{}", to_string(what), id.empty() ? "" : " of ", id);
    const auto begin = [this, what, &id, &key](deadline own) { return read(what, id, key, own); };
    co_return co_await reads_.join(key, limit, begin);
}

task<result<client::shared_message>> client::read(method what, std::string id, std::string key, deadline limit)
{
    if (!breakers_->admit(key, steady_clock::now())) {
        co_return unanswered(
            what, error(failure::unavailable, fmt::format("not asked again yet, because the last {} calls of it passed "
                                                          "their deadline",
                                                          circuit_breakers::misses_to_open)));
    }
    circuit_breaker_report report(breakers_, key);
    const auto slot = co_await slots_.acquire(limit);
    if (!slot) co_return slot.error();
    auto answer = co_await message_of(what, std::move(id), limit);
    if (!answer && answer.error().kind() == failure::cancelled) co_return answer.error();
    const bool missed = !answer && answer.error().kind() == failure::timed_out;
    report.ended(missed);
    // Where nothing listens nothing was asked.
    const bool asked = answer || answer.error().kind() != failure::disabled;
    if (asked) statistics_.count(answer || backend_statistics::was_answered(answer.error().kind()), missed);
    if (!answer) co_return answer.error();
    co_return std::make_shared<const std::string>(std::move(*answer));
}

/// The message of a call that went well. A runtime that does not know the service any more is asked what it speaks now.
task<result<std::string>> client::message_of(method what, std::string id, deadline limit)
{
    for (int attempt = 0;; ++attempt) {
        if (service_.empty() || what == method::version) {
            auto version = co_await negotiate(limit);
            if (!version || what == method::version) co_return version;
        }
        call_request request = request_to(service_, what, id);
        call_end how = co_await transport_.call(std::move(request), limit);
        if (how.unanswered) co_return unanswered(what, *how.unanswered);
        if (is(how, grpc_code::ok)) co_return std::move(how.message);
        if (!is(how, grpc_code::unimplemented) || attempt > 0) co_return failed_status(what, how);
        service_.clear();
    }
}

/// The message that Version answers.
task<result<std::string>> client::negotiate(deadline limit)
{
    // Looked at once: hundreds of new containers may be asked for on a node without CRI.
    const auto chosen = where().chosen();
    if (!chosen) co_return unanswered(method::version, where().nobody());
    const std::string at = "unix://" + chosen->shown();
    if (steady_clock::now() < without_cri_until_) {
        co_return error(failure::disabled, fmt::format("cri: what listens at {} does not serve CRI", at));
    }
    for (const std::string_view service : services) {
        call_request request = request_to(service, method::version, "");
        call_end how = co_await transport_.call(std::move(request), limit);
        if (how.unanswered) co_return unanswered(method::version, *how.unanswered);
        if (is(how, grpc_code::unimplemented)) continue;
        if (!is(how, grpc_code::ok)) co_return failed_status(method::version, how);
        auto version = read_version(how.message);
        if (!version) co_return unanswered(method::version, version.error());
        version_ = std::move(*version);
        service_ = service;
        co_return std::move(how.message);
    }
    without_cri_until_ = steady_clock::now() + without_cri_for;
    version_.reset();
    co_return error(failure::disabled, fmt::format("cri: what listens at {} does not serve CRI", at));
}

/// Nobody could wait as long as the call may last: the runtime is as silent as if it had.
void client::missed_by_all(const std::string& key)
{
    breakers_->missed(key, steady_clock::now());
    statistics_.count(false, true);
}

error client::unanswered(method what, const error& why) const
{
    // What could not even be connected to is a whole sentence already.
    const bool whole = why.kind() == failure::denied || why.message().starts_with("Cannot connect");
    if (whole) return why;
    if (why.kind() == failure::disabled) return error(why.kind(), "cri: " + why.message());
    return error(why.kind(), fmt::format("cri: {}: {}: {}", to_string(what), where().text(), why.message()));
}

error client::failed_status(method what, const call_end& how)
{
    return error(kind_of(how.status), fmt::format("cri: {}: the runtime answered {}: {}", to_string(what), how.status,
                                                  how.text.empty() ? "without a message" : how.text));
}

}  // namespace nodescope::cri
