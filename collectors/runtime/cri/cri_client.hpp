// CRI as this service uses it: a fixed set of reads, each under a deadline, and what they answer.
#pragma once

#include "collectors/runtime/cri/messages.hpp"
#include "collectors/runtime/cri/transport.hpp"
#include "core/backend_statistics.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/shared_calls.hpp"
#include "core/slots.hpp"
#include "core/task.hpp"
#include "core/worker_pool.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope {
class circuit_breakers;
}

namespace nodescope::cri {

/// The methods that are called, and no others.
enum class method { version, status, list_containers, list_pod_sandbox, container_status, pod_sandbox_status };
/// As the service names it: "ListContainers".
std::string_view to_string(method value) noexcept;

/// Reactor thread only. Outlives its calls, or ends after the reactor. Identical reads at the same time are one call.
/// Failures are those of the connection, and failure::gone for a container or a sandbox that there is not, and
/// failure::disabled where no runtime with CRI listens.
class client {
public:
    /// `timeout` bounds one call. Long answers are read on `workers`.
    client(boost::asio::any_io_executor executor, worker_pool& workers, endpoint_choice where,
           steady_clock::duration timeout);

    using containers_list = std::shared_ptr<const std::vector<listed_container>>;
    using sandboxes_list = std::shared_ptr<const std::vector<listed_sandbox>>;

    /// Asked for once, and again after the runtime was found to speak another version.
    task<result<version_answer>> version(deadline limit);
    task<result<runtime_status>> status(deadline limit);
    task<result<containers_list>> containers(deadline limit);
    task<result<sandboxes_list>> sandboxes(deadline limit);
    /// By the full id.
    task<result<container_status>> container(std::string id, deadline limit);
    task<result<sandbox_status>> sandbox(std::string id, deadline limit);

    void drop_idle() { transport_.drop_idle(); }
    [[nodiscard]] const backend_statistics& statistics() const noexcept { return statistics_; }
    [[nodiscard]] const endpoint_choice& where() const noexcept { return transport_.where(); }
    /// What it said last; nothing before the first call.
    [[nodiscard]] const std::optional<version_answer>& known_version() const noexcept { return version_; }

private:
    using shared_message = std::shared_ptr<const std::string>;

    task<result<shared_message>> shared_read(method what, std::string id, deadline limit);
    task<result<shared_message>> read(method what, std::string id, std::string key, deadline limit);
    task<result<std::string>> message_of(method what, std::string id, deadline limit);
    task<result<std::string>> negotiate(deadline limit);
    template <class Value>
    task<result<Value>> read_by(method what, shared_message message, result<Value> (*reader)(std::string_view),
                                deadline limit);
    [[nodiscard]] error unanswered(method what, const error& why) const;
    [[nodiscard]] static error failed_status(method what, const call_end& how);
    void missed_by_all(const std::string& key);

    transport transport_;
    worker_pool& workers_;
    std::string service_;  ///< "runtime.v1.RuntimeService"; empty: not known yet
    std::optional<version_answer> version_;
    steady_clock::time_point without_cri_until_{};
    std::shared_ptr<circuit_breakers> breakers_;
    slot_pool slots_;
    shared_calls<shared_message> reads_;
    backend_statistics statistics_;
};

}  // namespace nodescope::cri
