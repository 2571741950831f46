#include "server/run/application.hpp"

#include "core/log.hpp"
#include "core/task_group.hpp"
#include "core/unique_fd.hpp"
#include "server/auth/access_control.hpp"
#include "server/http/http_server.hpp"
#include "server/http/router.hpp"
#include "server/run/access_reviews.hpp"
#include "server/run/backends.hpp"
#include "server/run/service_manager.hpp"
#include "server/run/watchdog.hpp"

#include <fmt/ranges.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

#include <sys/resource.h>
#include <unistd.h>

namespace nodescope {

namespace asio = boost::asio;

namespace {

/// For coroutines that are asked to end when the requests have used up the drain limit: they need one turn of the
/// reactor, and have it on a busy machine too.
constexpr std::chrono::milliseconds time_to_unwind{100};

/// Everything that lives as long as the service, in the order it is built; destroyed in reverse.
class application {
public:
    application(const configuration& config, configuration_reader reread, logger& log)
        : config_(config),
          reread_(std::move(reread)),
          log_(log),
          lifetime_(reactor_.get_executor(), log),
          group_(reactor_.get_executor(), log)
    {
        log_.hold([this] { asio::post(reactor_, [this] { log_.flush(); }); });
    }
    application(const application&) = delete;
    application& operator=(const application&) = delete;
    ~application() { log_.hold(nullptr); }

    /// Every failure here is a start-up error.
    result<void> build();
    /// One line each: method, path, what it gives.
    [[nodiscard]] std::string routes_text() const;
    /// Listens on what the service manager handed over, else on the configured addresses.
    result<void> listen(std::vector<unique_fd> inherited);
    [[nodiscard]] result<void> check_addresses() const { return server_->check_addresses(); }
    /// What /metrics says of the service.
    [[nodiscard]] api::service_state counted() const;
    void run();
    /// A worker that hangs in the kernel cannot be joined.
    [[nodiscard]] bool has_stuck_worker() const noexcept
    {
        return backends_.has_stuck_worker() || access_->has_stuck_worker();
    }

private:
    result<void> build_access();
    [[nodiscard]] std::vector<http::route> build_routes() const;
    task<> handle_signals();
    task<> serve();

    configuration config_;
    configuration_reader reread_;
    logger& log_;
    std::optional<deadline> drain_;  // set when the service is told to stop
    asio::io_context reactor_{1};
    service_manager manager_{reactor_.get_executor()};
    task_group lifetime_;  // what sees to the end of the others: the signals and the server
    task_group group_;
    backends backends_{reactor_.get_executor(), group_, log_, config_};
    std::unique_ptr<auth::access_reviewer> reviewer_;
    std::unique_ptr<auth::access_control> access_;
    std::unique_ptr<http::server> server_;
    std::unique_ptr<configuration_reload> reload_;
    asio::signal_set signals_{reactor_, SIGTERM, SIGINT, SIGHUP};
};

result<void> application::build_access()
{
    auto reviewer = make_access_reviewer(reactor_.get_executor(), config_, log_);
    if (!reviewer) return reviewer.error();
    reviewer_ = std::move(*reviewer);
    auto access = auth::make_access_control(config_.access, reviewer_.get(), config_.limits.kubernetes, log_);
    if (!access) return access.error();
    access_ = std::move(*access);
    if (config_.access.has("none")) {
        log_.write(log_level::warning, "there is no authentication: everybody who can connect may read this node");
    }
    return {};
}

api::service_state application::counted() const
{
    api::service_state out;
    out.server = server_->statistics();
    out.connections = server_->connections();
    backends_.count(out);
    out.access.methods = access_->methods();
    out.access.statistics = access_->statistics();
    out.access.reloads = access_->reloads();
    out.access.certificate_expiry = auth::certificate_expiry(access_->tls().get());
    out.configuration_reloads = reload_->taken_over();
    out.configuration_reload_failures = reload_->failures();
    return out;
}

std::vector<http::route> application::build_routes() const
{
    return backends_.routes([this] { return counted(); });
}

result<void> application::build()
{
    if (auto built = backends_.build(); !built) return built;
    if (auto built = build_access(); !built) return built;
    http::server_security guards(*access_);
    if (config_.access.has_tls()) guards.tls = [this] { return access_->tls(); };
    server_ = http::make_server(reactor_.get_executor(), config_.http, build_routes(), std::move(guards), log_);
    return {};
}

std::string application::routes_text() const { return http::table_text(build_routes()); }

result<void> application::listen(std::vector<unique_fd> inherited)
{
    for (unique_fd& socket : inherited) {
        if (auto adopted = server_->adopt(std::move(socket)); !adopted) return adopted;
    }
    return server_->listen();
}

task<> application::handle_signals()
{
    for (;;) {
        auto [failed, number] = co_await signals_.async_wait(asio::as_tuple(asio::use_awaitable));
        if (failed) co_return;
        if (number == SIGHUP) {
            reload_->request(group_);
            continue;
        }
        if (drain_) {
            log_.flush();
            std::_Exit(128 + number);
        }
        drain_ = deadline::in(config_.limits.drain);
        reload_->stop();
        log_.write(log_level::info, "stopping", {{"signal", number}, {"connections", server_->connections()}});
        manager_.stopping(fmt::format("finishing the requests of {} connections", server_->connections()));
        server_->stop(*drain_);
    }
}

task<> application::serve()
{
    co_await server_->serve();
    // Only now: the last requests may have needed what these find out.
    const deadline limit = deadline::in(std::max<steady_clock::duration>(drain_->remaining(), time_to_unwind));
    co_await group_.stop(limit);
    backends_.drop_idle();
    // What is left waits for a second signal, or for a killed helper that hangs in the kernel.
    reactor_.stop();
}

void application::run()
{
    const std::string state = fmt::format("listening on {}", fmt::join(server_->addresses(), ", "));
    reload_ = std::make_unique<configuration_reload>(config_, std::move(reread_), backends_.workers(), *access_,
                                                     *server_, manager_, log_, state);
    lifetime_.spawn("signals", handle_signals());
    lifetime_.spawn("server", serve());
    group_.spawn("credentials", access_->watch());
    if (const auto limit = watchdog_limit()) {
        std::vector<worker_pool*> pools{&backends_.workers(), &access_->workers()};
        group_.spawn("watchdog", watch_over(std::move(pools), *limit, [this] { manager_.alive(); }));
    }
    manager_.ready(state);
    backends_.start();
    reactor_.run();
    log_.write(log_level::info, "stopped");
}

/// A shell gives 1024 descriptors, which the files of 70 sampled containers would use up; what the service may have is
/// the hard limit.
void raise_descriptor_limit()
{
    constexpr rlim_t enough = 65'536;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= enough) return;
    limit.rlim_cur = std::min(limit.rlim_max, enough);
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int run_application(const configuration& config, configuration_reader reread)
{
    raise_descriptor_limit();
    // A peer that closes early is an error code of the write, not a signal.
    std::signal(SIGPIPE, SIG_IGN);
    logger log(config.level, config.format);
    // First, while there is no thread and no other descriptor.
    auto inherited = take_inherited_sockets();
    application service(config, std::move(reread), log);
    auto started = inherited ? service.build() : result<void>(inherited.error());
    if (started) started = service.listen(std::move(*inherited));
    if (!started) {
        log.write(log_level::error, "cannot start", {{"reason", with_source(config, started.error().message())}});
        return 1;
    }
    service.run();
    if (service.has_stuck_worker()) {
        log.write(log_level::warning, "a worker hangs in the kernel: leaving it behind");
        std::_Exit(0);
    }
    return 0;
}

result<std::string> routes_text(const configuration& config)
{
    logger log(config.level, config.format);
    application service(config, {}, log);
    const auto built = service.build();
    if (!built) return error(built.error().kind(), with_source(config, built.error().message()));
    return service.routes_text();
}

result<void> check_configuration(const configuration& config)
{
    logger log(log_level::error, config.format);
    application service(config, {}, log);
    auto checked = service.build();
    if (checked) checked = service.check_addresses();
    if (checked) return checked;
    return error(checked.error().kind(), with_source(config, checked.error().message()));
}

}  // namespace nodescope
