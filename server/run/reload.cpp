#include "server/run/reload.hpp"

#include <fmt/ranges.h>

#include <utility>

namespace nodescope {

configuration_reload::configuration_reload(configuration& config, configuration_reader reread, worker_pool& workers,
                                           auth::access_control& access, http::server& server, service_manager& manager,
                                           logger& log, std::string state)
    : config_(config),
      reread_(std::move(reread)),
      workers_(workers),
      access_(access),
      server_(server),
      manager_(manager),
      log_(log),
      state_(std::move(state))
{
}

void configuration_reload::request(task_group& group)
{
    if (running_) again_ = true;
    else if (!stopping_) group.spawn("reload", run());
}

task<> configuration_reload::run()
{
    running_ = true;
    do {
        again_ = false;
        co_await run_once();
    } while (again_ && !stopping_);
    running_ = false;
}

task<> configuration_reload::run_once()
{
    manager_.reloading("reading the configuration");
    auto read = [reread = reread_](const abandon_flag&) { return reread(); };
    auto fresh = co_await workers_.run("read the configuration", deadline::in(config_.limits.host), std::move(read));
    // Each for itself: a certificate that is about to expire is not to wait for a key somebody mistyped.
    const auto credentials = co_await access_.reload();
    if (stopping_) co_return;
    std::string failures;
    if (!credentials) failures = fmt::format("; last reload failed: {}", credentials.error().message());
    if (fresh) {
        ++taken_over_;
        apply(std::move(*fresh));
    } else {
        ++failures_;
        log_.write_always(log_level::error, "configuration not reloaded, the old one stays",
                          {{"reason", fresh.error().message()}});
        failures += fmt::format("; last reload failed: {}", fresh.error().message());
    }
    manager_.ready(state_ + failures);
}

void configuration_reload::apply(configuration fresh)
{
    const changed_keys changed = take_over(config_, std::move(fresh));
    log_.set_threshold(config_.level);
    server_.reconfigure(config_.http);
    log_.write_always(log_level::info, "configuration reloaded",
                      {{"changed", fmt::format("{}", fmt::join(changed.taken_over, ","))}});
    if (!changed.need_restart.empty()) {
        log_.write_always(log_level::warning, "a restart is needed for some changes",
                          {{"keys", fmt::format("{}", fmt::join(changed.need_restart, ","))}});
    }
}

}  // namespace nodescope
