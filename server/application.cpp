#include "server/application.hpp"

#include "collectors/docker/docker_client.hpp"
#include "collectors/goroutine_dump.hpp"
#include "collectors/kubernetes/pod_source.hpp"
#include "collectors/mountinfo.hpp"
#include "collectors/namespace_reader.hpp"
#include "collectors/net_info.hpp"
#include "collectors/process_list.hpp"
#include "core/log.hpp"
#include "core/program_runner.hpp"
#include "core/task_group.hpp"
#include "core/unique_fd.hpp"
#include "core/worker_pool.hpp"
#include "server/access_reviews.hpp"
#include "server/api/health.hpp"
#include "server/api/processors.hpp"
#include "server/auth/access_control.hpp"
#include "server/cadvisor_service.hpp"
#include "server/http/http_server.hpp"
#include "server/service_manager.hpp"
#include "server/watchdog.hpp"

#include <fmt/ranges.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <utility>

#include <sys/resource.h>
#include <unistd.h>

namespace nodescope {

namespace asio = boost::asio;

namespace {

/// Everything that lives as long as the service, in the order it is built; destroyed in reverse.
class application {
public:
    application(const configuration& config, configuration_reader reread, logger& log)
        : config_(config), reread_(std::move(reread)), log_(log), group_(reactor_.get_executor(), log)
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
    [[nodiscard]] bool has_stuck_worker() const noexcept { return workers_.busy() > 0 || access_->has_stuck_worker(); }

private:
    result<void> build_backends();
    result<void> build_access();
    [[nodiscard]] std::vector<http::route> build_routes() const;
    result<void> build_namespace_reader(std::unique_ptr<namespace_reader>& reader);
    [[nodiscard]] net_info_options network_options() const;
    task<> handle_signals();
    task<> reload();
    void take_over(configuration fresh);
    [[nodiscard]] std::string state() const;
    task<> serve();

    configuration config_;
    const configuration_reader reread_;
    logger& log_;
    bool stopping_ = false;
    bool reloading_ = false;
    bool reload_again_ = false;
    asio::io_context reactor_{1};
    service_manager manager_{reactor_.get_executor()};
    task_group group_;
    worker_pool workers_;
    program_runner programs_{reactor_.get_executor(), workers_};
    std::unique_ptr<docker::client> docker_;
    std::unique_ptr<kubernetes::pod_source> pods_;
    std::unique_ptr<net_info_collector> net_info_;
    std::unique_ptr<process_list_collector> processes_;
    std::unique_ptr<mountinfo_collector> mountinfo_;
    std::unique_ptr<goroutine_dump_collector> goroutines_;
    std::unique_ptr<cadvisor_service> cadvisor_;
    std::unique_ptr<auth::access_reviewer> reviewer_;
    std::unique_ptr<auth::access_control> access_;
    std::unique_ptr<http::server> server_;
    asio::signal_set signals_{reactor_, SIGTERM, SIGINT, SIGHUP};
};

result<void> application::build_namespace_reader(std::unique_ptr<namespace_reader>& reader)
{
    namespace_reader_options options;
    options.root = config_.root;
    if (!config_.xtables_dir.empty()) options.nat.directories = {config_.xtables_dir};
    auto made = make_namespace_reader(programs_, std::move(options));
    if (!made) return made.error();
    reader = std::move(*made);
    return {};
}

net_info_options application::network_options() const
{
    net_info_options options;
    options.root = config_.root;
    options.host_timeout = config_.limits.host;
    options.netlink_timeout = config_.limits.netlink;
    options.nat_timeout = config_.limits.nat;
    return options;
}

result<void> application::build_backends()
{
    docker::client_options docker_options = docker::options_from_environment();
    if (!config_.docker_host.empty()) docker_options.host = config_.docker_host;
    docker_options.insecure_tcp = config_.docker_insecure_tcp;
    docker_options.timeout = config_.limits.docker;
    auto docker = docker::make_client(reactor_.get_executor(), std::move(docker_options), log_);
    if (!docker) return docker.error();
    docker_ = std::move(*docker);

    kubernetes::source_options pod_options;
    pod_options.source = config_.pod_source;
    pod_options.kubeconfig = config_.kubeconfig;
    pod_options.kubelet_endpoint = config_.kubelet_endpoint;
    pod_options.kubelet_ca_file = config_.kubelet_ca_file;
    pod_options.node_name = config_.node_name;
    pod_options.timeout = config_.limits.kubernetes;
    auto pods = kubernetes::make_pod_source(reactor_.get_executor(), std::move(pod_options), log_);
    if (!pods) return pods.error();
    pods_ = std::move(*pods);

    std::unique_ptr<namespace_reader> reader;
    if (auto built = build_namespace_reader(reader); !built) return built;
    net_info_ =
        std::make_unique<net_info_collector>(docker_.get(), workers_, std::move(reader), network_options(), log_);

    process_list_options process_options;
    process_options.root = config_.root;
    processes_ = std::make_unique<process_list_collector>(workers_, std::move(process_options));
    mountinfo_ = std::make_unique<mountinfo_collector>(workers_, config_.root);

    goroutine_dump_options dump_options;
    dump_options.enabled = config_.goroutine_dumps;
    dump_options.root = config_.root;
    dump_options.data_root = config_.state_directory;
    dump_options.docker_pid_file = config_.docker_pid_file;
    dump_options.docker_exec_root = config_.docker_exec_root;
    dump_options.containerd_pid_file = config_.containerd_pid_file;
    dump_options.containerd_temporary_directory = config_.containerd_temporary_directory;
    goroutines_ = std::make_unique<goroutine_dump_collector>(workers_, std::move(dump_options));
    cadvisor_ = std::make_unique<cadvisor_service>(workers_, *docker_, group_, log_, config_);
    return {};
}

result<void> application::build_access()
{
    auto reviewer = make_access_reviewer(reactor_.get_executor(), config_, log_);
    if (!reviewer) return reviewer.error();
    reviewer_ = std::move(*reviewer);
    auth::access_options options = config_.access;
    options.review_timeout = config_.limits.kubernetes;
    auto access = auth::make_access_control(std::move(options), reviewer_.get(), log_);
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
    out.backends.push_back({"docker", docker_->statistics()});
    out.backends.push_back({"kubernetes", pods_->statistics()});
    out.workers_busy = workers_.busy();
    out.workers_abandoned = workers_.abandoned();
    out.worker_deadline_misses = workers_.deadline_misses();
    return out;
}

std::vector<http::route> application::build_routes() const
{
    const api::processor_backends backends{*docker_, *pods_, *net_info_, *processes_, *mountinfo_, *goroutines_};
    const api::processor_options options{config_.node_name, config_.max_reply, config_.http.max_body,
                                         config_.limits.host};

    std::vector<http::route> routes = api::health_routes();
    std::vector<http::route> processors = api::processor_routes(backends, options);
    std::move(processors.begin(), processors.end(), std::back_inserter(routes));
    std::vector<http::route> cadvisor = cadvisor_->routes([this] { return counted(); });
    for (http::route& one : cadvisor) one.gives = one.path == "/metrics" ? http::area::metrics : http::area::stats;
    std::move(cadvisor.begin(), cadvisor.end(), std::back_inserter(routes));
    return routes;
}

result<void> application::build()
{
    if (auto built = build_backends(); !built) return built;
    if (auto built = build_access(); !built) return built;
    http::server_security guards(*access_);
    if (config_.access.has_tls()) guards.tls = [this] { return access_->tls(); };
    server_ = http::make_server(reactor_.get_executor(), config_.http, build_routes(), std::move(guards), log_);
    return {};
}

std::string application::routes_text() const
{
    std::string text;
    for (const http::route& one : build_routes()) {
        text += fmt::format("{} {}{} {}\n",
                            one.any_method                   ? "ANY"
                            : one.verb == http::method::post ? "POST"
                                                             : "GET",
                            one.path, one.prefix ? "/*" : "", one.open ? "open" : http::to_string(one.gives));
    }
    return text;
}

result<void> application::listen(std::vector<unique_fd> inherited)
{
    for (unique_fd& socket : inherited) {
        if (auto adopted = server_->adopt(std::move(socket)); !adopted) return adopted;
    }
    return server_->listen();
}

/// What `systemctl status` shows.
std::string application::state() const { return fmt::format("listening on {}", fmt::join(server_->addresses(), ", ")); }

task<> application::handle_signals()
{
    for (;;) {
        auto [failed, number] = co_await signals_.async_wait(asio::as_tuple(asio::use_awaitable));
        if (failed) co_return;
        if (number == SIGHUP) {
            // One at a time; signals that come meanwhile are one more, for the file may have been read already.
            if (reloading_) reload_again_ = true;
            else if (!stopping_) group_.spawn("reload", reload());
            continue;
        }
        if (stopping_) {
            log_.flush();
            std::_Exit(128 + number);
        }
        stopping_ = true;
        log_.write(log_level::info, "stopping", {{"signal", number}, {"connections", server_->connections()}});
        manager_.stopping(fmt::format("finishing the requests of {} connections", server_->connections()));
        server_->stop(deadline::in(config_.limits.drain));
    }
}

task<> application::reload()
{
    reloading_ = true;
    do {
        reload_again_ = false;
        manager_.reloading("reading the configuration");
        auto read = [reread = reread_](const abandon_flag&) { return reread(); };
        auto fresh =
            co_await workers_.run("read the configuration", deadline::in(config_.limits.host), std::move(read));
        // Each for itself: a certificate that is about to expire is not to wait for a key somebody mistyped.
        const auto credentials = co_await access_->reload();
        if (stopping_) break;
        std::string failures;
        if (!credentials) failures = fmt::format("; last reload failed: {}", credentials.error().message());
        if (fresh) {
            take_over(std::move(*fresh));
        } else {
            log_.write_always(log_level::error, "configuration not reloaded, the old one stays",
                              {{"reason", fresh.error().message()}});
            failures += fmt::format("; last reload failed: {}", fresh.error().message());
        }
        manager_.ready(state() + failures);
    } while (reload_again_);
    reloading_ = false;
}

/// The keys it takes over are those that config.cpp's is_reloadable() names.
void application::take_over(configuration fresh)
{
    const changed_keys changed = compare(config_, fresh);
    log_.set_threshold(fresh.level);
    server_->reconfigure(fresh.http);
    log_.write_always(log_level::info, "configuration reloaded",
                      {{"changed", fmt::format("{}", fmt::join(changed.taken_over, ","))}});
    if (!changed.need_restart.empty()) {
        log_.write_always(log_level::warning, "a restart is needed for some changes",
                          {{"keys", fmt::format("{}", fmt::join(changed.need_restart, ","))}});
    }
    config_.level = fresh.level;
    config_.limits.drain = fresh.limits.drain;
}

task<> application::serve()
{
    co_await server_->serve();
    // What keeps the reactor alive besides requests: the wait for a second signal and the watch over idle connections.
    signals_.cancel();
    docker_->drop_idle();
    reactor_.stop();
}

void application::run()
{
    group_.spawn("signals", handle_signals());
    group_.spawn("server", serve());
    group_.spawn("credentials", access_->watch());
    if (const auto limit = watchdog_limit()) {
        std::vector<worker_pool*> pools{&workers_, &access_->workers()};
        group_.spawn("watchdog", watch_over(std::move(pools), *limit, [this] { manager_.alive(); }));
    }
    manager_.ready(state());
    cadvisor_->start();
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
    if (started && config.list_routes) {
        std::fputs(service.routes_text().c_str(), stdout);
        return 0;
    }
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
