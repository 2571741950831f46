// One peer that speaks the Kubernetes API, the API server or the kubelet, with credentials that are renewed while the
// service runs. Reactor thread only.
#pragma once

#include "collectors/http_client/http_client.hpp"
#include "collectors/kubernetes/access.hpp"
#include "collectors/kubernetes/answer.hpp"
#include "core/backend_statistics.hpp"
#include "core/deadline.hpp"
#include "core/log.hpp"
#include "core/task.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace nodescope::kubernetes {

class api_peer {
public:
    using read_access = std::function<result<api_access>()>;
    using connect = std::function<result<std::shared_ptr<http_client::client>>(const api_access&)>;
    using clock = std::function<steady_clock::time_point()>;

    /// `role` is used in messages ("API server"). `read` is called again at least every minute and after a 401; when it
    /// fails, the credentials from before stay in use.
    api_peer(std::string role, read_access read, connect make, logger& log, clock now = steady_clock::now);
    api_peer(const api_peer&) = delete;
    api_peer& operator=(const api_peer&) = delete;

    /// Reads the credentials now. True when they differ from those in use.
    result<bool> renew();

    /// The body of GET `path` (below the base path of the server), or an error as body_of gives it.
    task<result<std::string>> get(std::string path, std::size_t body_limit, deadline limit);

    /// The body of the answer to POST `path` with a JSON `body`. Only for what may be sent twice: a pooled connection
    /// that turns out closed is tried once more.
    task<result<std::string>> post(std::string path, std::string body, std::size_t body_limit, deadline limit);

    [[nodiscard]] call_names names_for(std::string_view path, std::string_view method = "GET") const;
    [[nodiscard]] const backend_statistics& statistics() const noexcept { return statistics_; }

    /// The longest that a replaced token may go unnoticed.
    static constexpr std::chrono::seconds renewal_interval{60};

private:
    result<void> make_ready();
    bool renew_after_refusal();
    task<http_client::outcome> round_trip(http_client::request call, deadline limit);
    /// The second time after credentials were renewed, or where a POST was lost.
    task<result<std::string>> call_twice(http_client::request call, deadline limit);

    std::string role_;
    read_access read_;
    connect connect_;
    logger& log_;
    clock now_;
    std::optional<api_access> access_;
    /// Shared with the round trips under way: renewed credentials may replace it meanwhile.
    std::shared_ptr<http_client::client> client_;
    steady_clock::time_point read_at_;
    backend_statistics statistics_;
};

}  // namespace nodescope::kubernetes
