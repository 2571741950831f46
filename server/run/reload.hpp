// SIGHUP: takes over what changed in the configuration and in the files of credentials, as far as a running service
// can. What is broken changes nothing, and is said in the log, to the service manager and in the metrics.
#pragma once

#include "core/log.hpp"
#include "core/task.hpp"
#include "core/task_group.hpp"
#include "core/worker_pool.hpp"
#include "server/auth/access_control.hpp"
#include "server/config/config.hpp"
#include "server/http/http_server.hpp"
#include "server/run/service_manager.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace nodescope {

/// What SIGHUP asks: the configuration as the same command line gives it now. Called on a worker thread.
using configuration_reader = std::function<result<configuration>()>;

/// Reactor thread only.
class configuration_reload {
public:
    /// All that is referenced outlives the tasks of the group that request() is given. `config` is written to;
    /// `state` is what `systemctl status` shows when all is well.
    configuration_reload(configuration& config, configuration_reader reread, worker_pool& workers,
                         auth::access_control& access, http::server& server, service_manager& manager, logger& log,
                         std::string state);

    /// One at a time; requests that come meanwhile are one more, for the file may have been read already.
    void request(task_group& group);
    /// Nothing is taken over any more.
    void stop() noexcept { stopping_ = true; }
    /// Configurations, since the start.
    [[nodiscard]] std::uint64_t taken_over() const noexcept { return taken_over_; }
    [[nodiscard]] std::uint64_t failures() const noexcept { return failures_; }

private:
    task<> run();
    task<> run_once();
    void apply(configuration fresh);

    configuration& config_;
    const configuration_reader reread_;
    worker_pool& workers_;
    auth::access_control& access_;
    http::server& server_;
    service_manager& manager_;
    logger& log_;
    const std::string state_;
    bool stopping_ = false;
    bool running_ = false;
    bool again_ = false;
    std::uint64_t taken_over_ = 0;
    std::uint64_t failures_ = 0;
};

}  // namespace nodescope
