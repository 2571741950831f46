#include "server/run/application.hpp"

#include "core/log.hpp"
#include "core/task_group.hpp"
#include "core/text.hpp"
#include "core/unique_fd.hpp"
#include "server/auth/access_control.hpp"
#include "server/http/http_server.hpp"
#include "server/http/listener.hpp"
#include "server/http/router.hpp"
#include "server/run/access_reviews.hpp"
#include "server/run/backends.hpp"
#include "server/run/collector_options.hpp"
#include "server/run/local_callers.hpp"
#include "server/run/own_process.hpp"
#include "server/run/service_manager.hpp"
#include "server/run/taken_address.hpp"
#include "server/run/watchdog.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

#include <unistd.h>

namespace nodescope {

namespace asio = boost::asio;

namespace {

/// What requests leave of the drain limit, at most: the other coroutines are asked to end after them. They need one
/// turn of the reactor, and should have it on a busy machine too.
constexpr std::chrono::milliseconds time_to_unwind{100};

/// For how long an address that somebody else has is tried: less than systemd waits for a start (90 s). The next start
/// goes on with it.
constexpr std::chrono::milliseconds address_patience = std::chrono::minutes(1);
/// A process that is just ending is gone by then; and who waits longer is served within a second.
constexpr std::chrono::milliseconds first_pause{50};
constexpr std::chrono::milliseconds longest_pause{500};

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
    [[nodiscard]] std::string routes_text();
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
    /// What somebody else has is waited for. failure::cancelled when told to stop meanwhile.
    result<void> listen_patiently();
    [[nodiscard]] bool told_to_stop_within(std::chrono::milliseconds pause);
    [[nodiscard]] std::vector<http::route> build_routes();
    task<> handle_signals();
    void begin_drain(int signal);
    void request_reload();
    task<> reload_until_done();
    task<> reload();
    void take_over_configuration(configuration fresh);
    task<> serve();

    configuration config_;
    const configuration_reader reread_;
    logger& log_;
    std::string state_;  // what `systemctl status` shows when all is well
    bool reloading_ = false;
    bool reload_again_ = false;
    std::uint64_t reloads_ = 0;
    std::uint64_t reload_failures_ = 0;
    std::optional<deadline> drain_;  // set when the service is told to stop
    asio::io_context reactor_{1};
    service_manager manager_{reactor_.get_executor()};
    task_group lifetime_;  // what ends the others: the signals and the server
    task_group group_;
    http::traffic memory_{config_.http.max_body};
    backends backends_{reactor_.get_executor(), group_, log_, config_, memory_.answers};
    std::unique_ptr<auth::access_reviewer> reviewer_;
    std::unique_ptr<auth::access_control> access_;
    std::unique_ptr<http::server> server_;
    asio::signal_set signals_{reactor_, SIGTERM, SIGINT, SIGHUP};
};

result<void> application::build_access()
{
    auto reviewer = make_access_reviewer(reactor_.get_executor(), config_, log_);
    if (!reviewer) return reviewer.error();
    reviewer_ = std::move(*reviewer);
    auth::outside_help help;
    help.reviewer = reviewer_.get();
    help.local = recognise_by_sockets(config_.root);
    auto access = auth::access_control::blocking_make(config_.access, std::move(help),
                                                      collector_limits(config_.limits).reviews, log_);
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
    out.left_out.request_bodies = memory_.bodies.refused();
    out.left_out.answers = memory_.answers.refused() + memory_.answers.given_way();
    backends_.count(out);
    if (reviewer_) {
        const auth::review_statistics made = reviewer_->statistics();
        out.backends.push_back({"tokenreviews", made.tokens});
        out.backends.push_back({"subjectaccessreviews", made.rights});
    }
    out.access.methods = access_->methods();
    out.access.statistics = access_->statistics();
    out.access.reloads = access_->reloads();
    out.access.certificate_expiry = auth::certificate_expiry(access_->tls().get());
    out.configuration_reloads = reloads_;
    out.configuration_reload_failures = reload_failures_;
    return out;
}

std::vector<http::route> application::build_routes()
{
    return backends_.routes([this] { return counted(); });
}

result<void> application::build()
{
    if (auto built = backends_.build(); !built) return built;
    if (auto built = build_access(); !built) return built;
    http::server_security guards(*access_);
    if (config_.access.has_tls()) guards.tls = [this] { return access_->tls(); };
    server_ =
        http::make_server(reactor_.get_executor(), config_.http, build_routes(), std::move(guards), memory_, log_);
    return {};
}

std::string application::routes_text() { return http::table_text(build_routes()); }

result<void> application::listen(std::vector<unique_fd> inherited)
{
    for (unique_fd& socket : inherited) {
        if (auto adopted = server_->adopt(std::move(socket)); !adopted) return adopted;
    }
    return listen_patiently();
}

result<void> application::listen_patiently()
{
    const deadline limit = deadline::in(address_patience);
    auto pause = first_pause;
    std::string told;
    for (;;) {
        auto listening = server_->listen();
        if (listening || listening.error().kind() != failure::conflict) return listening;
        const auto missing = http::not_among(server_->addresses(), config_.http.listen);
        const std::string who = blocking_name_holder(missing, config_.root, deadline::in(longest_pause));
        if (limit.passed()) {
            return error(failure::conflict,
                         fmt::format("{}, for {}; {}", listening.error().message(), duration_text(limit.limit()), who));
        }
        if (std::exchange(told, who) != who) {
            log_.write(log_level::warning, "an address is taken: waiting for it",
                       {{"reason", listening.error().message()}, {"holder", who}});
        }
        if (told_to_stop_within(pause)) return error(failure::cancelled, "told to stop");
        pause = std::min(pause * 2, longest_pause);
    }
}

/// Before there is anything else on the reactor.
bool application::told_to_stop_within(std::chrono::milliseconds pause)
{
    bool told = false;
    signals_.async_wait([this, &told](const boost::system::error_code& failed, int number) {
        told = !failed && number != SIGHUP;
        reactor_.stop();
    });
    reactor_.run_for(pause);
    // Its end is told before `told` is.
    signals_.cancel();
    reactor_.restart();
    reactor_.poll();
    reactor_.restart();
    return told;
}

task<> application::handle_signals()
{
    for (;;) {
        auto [failed, number] = co_await signals_.async_wait(asio::as_tuple(asio::use_awaitable));
        if (failed) co_return;
        if (number == SIGHUP) {
            request_reload();
        } else if (!drain_) {
            begin_drain(number);
        } else {
            log_.flush();
            std::_Exit(128 + number);
        }
    }
}

void application::begin_drain(int signal)
{
    drain_ = deadline::in(config_.limits.drain);
    log_.write(log_level::info, "stopping", {{"signal", signal}, {"connections", server_->connections()}});
    manager_.stopping(fmt::format("finishing the requests of {} connections", server_->connections()));
    server_->stop(deadline::in(config_.limits.drain - std::min(time_to_unwind, config_.limits.drain / 2)));
}

/// One at a time; requests that come meanwhile are one more, for the file may have been read already.
void application::request_reload()
{
    if (reloading_) reload_again_ = true;
    else if (!drain_) group_.spawn("reload", reload_until_done());
}

task<> application::reload_until_done()
{
    reloading_ = true;
    do {
        reload_again_ = false;
        co_await reload();
    } while (reload_again_ && !drain_);
    reloading_ = false;
}

/// Takes over what changed in the configuration and in the files of credentials, each independently of the other: a
/// certificate that is about to expire does not wait for a mistyped key. What is broken changes nothing.
task<> application::reload()
{
    manager_.reloading("reading the configuration");
    auto read = [reread = reread_](const abandon_flag&) { return reread(); };
    const deadline limit = deadline::in(config_.limits.host);
    auto fresh = co_await backends_.workers().run("read the configuration", limit, std::move(read));
    const auto credentials = co_await access_->reload();
    if (drain_) co_return;
    std::string failures;
    if (!credentials) failures = fmt::format("; last reload failed: {}", credentials.error().message());
    if (fresh) {
        ++reloads_;
        take_over_configuration(std::move(*fresh));
    } else {
        ++reload_failures_;
        log_.write_always(log_level::error, "configuration not reloaded, the old one stays",
                          {{"reason", fresh.error().message()}});
        failures += fmt::format("; last reload failed: {}", fresh.error().message());
    }
    manager_.ready(state_ + failures);
}

void application::take_over_configuration(configuration fresh)
{
    const changed_keys changed = take_over(config_, std::move(fresh));
    log_.set_threshold(config_.level);
    server_->reconfigure(config_.http);
    log_.write_always(log_level::info, "configuration reloaded", {{"changed", joined(changed.taken_over, ",")}});
    if (!changed.need_restart.empty()) {
        log_.write_always(log_level::warning, "a restart is needed for some changes",
                          {{"keys", joined(changed.need_restart, ",")}});
    }
}

task<> application::serve()
{
    co_await server_->serve();
    // Only now: the last requests may have needed what these find out.
    co_await group_.stop(*drain_);
    backends_.drop_idle();
    // What is left waits for a second signal, or for a killed helper that hangs in the kernel.
    reactor_.stop();
}

void application::run()
{
    state_ = fmt::format("listening on {}", joined(server_->addresses(), ", "));
    lifetime_.spawn("signals", handle_signals());
    lifetime_.spawn("server", serve());
    group_.spawn("credentials", access_->watch());
    if (const auto limit = watchdog_limit()) {
        std::vector<worker_pool*> pools{&backends_.workers(), &access_->workers()};
        group_.spawn("watchdog", watch_over(std::move(pools), *limit, [this] { manager_.alive(); }));
    }
    manager_.ready(state_);
    backends_.start();
    reactor_.run();
    log_.write(log_level::info, "stopped", {{"tasks_left", group_.size()}});
}

}  // namespace

int run_application(const configuration& config, configuration_reader reread)
{
    raise_descriptor_limit();
    bound_allocator();
    // A peer that closes early is an error code of the write, not a signal.
    std::signal(SIGPIPE, SIG_IGN);
    logger log(config.level, config.format);
    // First, while there is no thread and no other descriptor.
    auto inherited = take_inherited_sockets();
    application service(config, std::move(reread), log);
    auto started = inherited ? service.build() : result<void>(inherited.error());
    if (started) started = service.listen(std::move(*inherited));
    if (!started && started.error().kind() == failure::cancelled) return 0;
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
