#include "server/config/config.hpp"

#include "core/deadline.hpp"
#include "server/config/config_layers.hpp"
#include "server/http/listener.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

// CLI11 is a header of 9,000 lines with conversions our warnings do not accept; it is included as a system header.
#include <CLI/CLI.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <utility>

namespace nodescope {

namespace {

constexpr const char* health_path = "/healthz";

/// What a running service takes over on SIGHUP (application::take_over); everything else is built in at the start.
bool is_reloadable(std::string_view key)
{
    constexpr std::array<std::string_view, 11> reloadable{
        "allow-host",      "allow-origin",   "max-connections", "max-connections-per-peer",
        "timeout-request", "timeout-header", "timeout-body",    "timeout-idle",
        "timeout-write",   "timeout-drain",  "log-level"};
    return std::find(reloadable.begin(), reloadable.end(), key) != reloadable.end();
}

/// Binds a duration option: text in, milliseconds out.
CLI::Option* add_duration(CLI::App& app, const std::string& name, std::chrono::milliseconds& value,
                          const std::string& about)
{
    const auto assign = [&value, name](const std::string& text) {
        const auto parsed = parse_duration(text);
        if (!parsed) throw CLI::ValidationError(name, parsed.error().message());
        value = *parsed;
    };
    return app.add_option_function<std::string>(name, assign, about)
        ->type_name("DURATION")
        ->default_str(duration_text(value));
}

/// 8192 → "8KiB"
std::string bytes_text(std::size_t value)
{
    if (value % (1U << 20U) == 0) return fmt::format("{}MiB", value >> 20U);
    return value % (1U << 10U) == 0 ? fmt::format("{}KiB", value >> 10U) : fmt::format("{}", value);
}

/// Binds a byte count: a number with an optional KiB or MiB behind it.
CLI::Option* add_bytes(CLI::App& app, const std::string& name, std::size_t& value, const std::string& about)
{
    const std::map<std::string, std::size_t> units{{"KiB", 1U << 10U}, {"MiB", 1U << 20U}};
    return app.add_option(name, value, about)
        ->transform(CLI::AsNumberWithUnit(units, CLI::AsNumberWithUnit::CASE_SENSITIVE, "BYTES[KiB|MiB]"))
        ->default_str(bytes_text(value));
}

/// For CLI11: empty when the text is an address to listen on.
std::string listen_address_check(const std::string& text)
{
    const auto address = http::parse_listen_address(text);
    return address ? std::string() : address.error().message();
}

void define_server(CLI::App& app, configuration& config)
{
    app.option_defaults()->group("Server");
    http::server_options& http = config.http;
    constexpr std::size_t most_connections = 65'536;
    app.add_option("--listen", http.listen, "address to listen on: host:port, [v6]:port or unix:/path; repeatable")
        ->delimiter(',')
        ->check(listen_address_check, "ADDRESS")
        ->capture_default_str();
    app.add_option("--allow-host", http.allowed_hosts,
                   "name accepted in Host besides IP addresses and localhost; repeatable")
        ->delimiter(',');
    app.add_option("--allow-origin", http.allowed_origins, "Origin accepted from browsers; repeatable; none by default")
        ->delimiter(',');
    app.add_option("--max-connections", http.max_connections, "connections at once")
        ->check(CLI::Range(std::size_t{1}, most_connections))
        ->capture_default_str();
    app.add_option("--max-connections-per-peer", http.max_connections_per_peer, "connections at once from one address")
        ->check(CLI::Range(std::size_t{1}, most_connections))
        ->capture_default_str();
    add_bytes(app, "--max-header", http.max_header, "longest request header");
    add_bytes(app, "--max-body", http.max_body, "longest request body");
    add_bytes(app, "--max-target", http.max_target, "longest request target");
    add_bytes(app, "--max-reply", config.max_reply, "longest processor answer, 2MiB at most")
        ->check(CLI::Range(std::size_t{1024}, configuration::largest_max_reply));
}

void define_access(CLI::App& app, configuration& config)
{
    app.option_defaults()->group("Access");
    auth::access_options& access = config.access;
    auth::credential_paths& files = access.files;
    app.add_option("--auth", access.methods, "who may ask; each method suffices by itself; repeatable")
        ->delimiter(',')
        ->check(CLI::IsMember({"local-peer", "client-certificate", "token-file", "basic", "kubernetes", "none"}))
        ->capture_default_str();
    app.add_option("--local-peer-uid", access.local_uids,
                   "uid that may ask over loopback and Unix sockets; repeatable [0 and the service's own]")
        ->delimiter(',');
    app.add_option("--token-file", files.token_file, "bearer tokens, one a line: name:token, or just the token");
    app.add_option("--password-file", files.password_file,
                   "users and bcrypt hashes for Basic, as htpasswd -B makes it");
    app.add_option("--tls-cert-file", files.certificate_file,
                   "PEM certificate and its chain; TCP is then served with TLS");
    app.add_option("--tls-key-file", files.key_file, "PEM key of --tls-cert-file");
    app.add_option("--client-ca-file", files.client_ca_file, "PEM bundle that signs the certificates of clients");
    app.add_option("--allow-client-name", access.client_names,
                   "common or alternative name of a client certificate that may ask; repeatable")
        ->delimiter(',');
    app.add_option("--auth-audience", config.auth_audience, "audience a token must have for --auth kubernetes")
        ->capture_default_str();
    app.add_option("--auth-url", config.auth_url,
                   "for --auth kubernetes: non-resource URL that callers need a right to, instead of nodes/stats, "
                   "nodes/metrics and nodes/diagnosis");
    app.add_flag("--insecure-listen", access.insecure_listen,
                 "allow a non-loopback address without TLS or authentication: everybody who reaches it may read along");
}

void define_deadlines(CLI::App& app, configuration& config)
{
    app.option_defaults()->group("Deadlines");
    http::server_options& http = config.http;
    deadlines& limits = config.limits;
    add_duration(app, "--timeout-request", http.request_timeout, "the whole answer to one request");
    add_duration(app, "--timeout-header", http.header_timeout, "receiving a request header");
    add_duration(app, "--timeout-body", http.body_timeout, "receiving a request body");
    add_duration(app, "--timeout-idle", http.idle_timeout, "an idle keep-alive connection");
    add_duration(app, "--timeout-write", http.write_timeout, "sending without progress");
    add_duration(app, "--timeout-docker", limits.docker, "one Docker Engine round trip");
    add_duration(app, "--timeout-netlink", limits.netlink, "all dumps of one network namespace");
    add_duration(app, "--timeout-nat", limits.nat, "one iptables-save");
    add_duration(app, "--timeout-kubernetes", limits.kubernetes, "one API server or kubelet round trip");
    add_duration(app, "--timeout-host", limits.host, "one pass over /proc");
    add_duration(app, "--timeout-disk-usage", limits.disk_usage, "one walk over the files of a container");
    add_duration(app, "--timeout-drain", limits.drain, "from SIGTERM to exit");
}

void define_sources(CLI::App& app, configuration& config)
{
    app.option_defaults()->group("Sources");
    app.add_option("--docker-host", config.docker_host,
                   "Docker daemon: unix:///path or tcp://host:port [$DOCKER_HOST, else unix:///var/run/docker.sock]");
    app.add_flag("--docker-insecure-tcp", config.docker_insecure_tcp, "allow plain tcp:// to a daemon beyond loopback");
    app.add_option("--pod-source", config.pod_source, "where pods are asked for")
        ->check(CLI::IsMember({"auto", "apiserver", "kubelet"}))
        ->capture_default_str();
    app.add_option("--kubeconfig", config.kubeconfig, "kubeconfig file [in a pod: its service account]");
    app.add_option("--kubelet-endpoint", config.kubelet_endpoint, "kubelet of this node [https://127.0.0.1:10250]");
    app.add_option("--kubelet-ca-file", config.kubelet_ca_file,
                   "PEM bundle for the kubelet's certificate [the cluster's CA]");
    app.add_option("--node-name", config.node_name, "name of this node in Kubernetes [$NODE_NAME, else the host name]");
    app.add_option("--root", config.root, "where the node's /proc, /sys, /etc and /run are seen")
        ->capture_default_str();
    app.add_option("--xtables-dir", config.xtables_dir,
                   "folder of iptables-nft-save and its kin [/usr/sbin, else /sbin]");
    app.add_flag("--goroutine-dumps", config.goroutine_dumps,
                 "answer the goroutine routes, which send SIGUSR1 to dockerd and containerd");
    app.add_option("--state-directory", config.state_directory, "where goroutine dumps are kept")
        ->capture_default_str();
    app.add_option("--docker-pid-file", config.docker_pid_file, "pid file of dockerd, for its goroutine dump")
        ->capture_default_str();
    app.add_option("--docker-exec-root", config.docker_exec_root,
                   "exec root of dockerd: where it writes its goroutine dump")
        ->capture_default_str();
    app.add_option("--containerd-pid-file", config.containerd_pid_file,
                   "pid file of containerd, for its goroutine dump [found by its name]");
    app.add_option("--containerd-temporary-directory", config.containerd_temporary_directory,
                   "temporary directory of containerd: where it writes its goroutine dump")
        ->capture_default_str();
}

void define_metrics(CLI::App& app, configuration& config)
{
    app.add_option("--metrics-containers", config.metrics_containers,
                   "containers that have series in /metrics: all cgroups, those of a runtime, or none")
        ->check(CLI::IsMember({"all", "runtime", "none"}))
        ->capture_default_str();
    app.add_option("--metrics-container-labels", config.metrics_container_labels,
                   "Docker labels on series: all (every label on every series, as cAdvisor does), own (those the "
                   "container has) or none")
        ->check(CLI::IsMember({"all", "own", "none"}))
        ->capture_default_str();
    app.add_option("--metrics-label", config.metrics_labels,
                   "Docker label that --metrics-container-labels=none keeps; repeatable")
        ->delimiter(',');
}

void define_sampling(CLI::App& app, configuration& config)
{
    static constexpr std::chrono::milliseconds shortest_interval{250};
    static constexpr std::chrono::minutes longest_interval{1};
    constexpr std::size_t most_events = 1'000'000;
    const auto interval = [&config](const std::string& text) {
        const auto parsed = parse_duration(text);
        if (!parsed) throw CLI::ValidationError("--sample-interval", parsed.error().message());
        if (*parsed < shortest_interval || *parsed > longest_interval) {
            throw CLI::ValidationError("--sample-interval", "from 250ms to 1m");
        }
        config.sample_interval = *parsed;
    };
    const auto idle = [&config](const std::string& text) {
        config.sample_idle.reset();
        if (text == "always") return;
        const auto parsed = parse_duration(text);
        if (!parsed) throw CLI::ValidationError("--sample-idle", parsed.error().message() + ", or always");
        config.sample_idle = *parsed;
    };
    app.add_option_function<std::string>("--sample-interval", interval, "between two samples of a container")
        ->type_name("DURATION")
        ->default_str(duration_text(config.sample_interval));
    app.add_option_function<std::string>("--sample-idle", idle,
                                         "how long after the last question containers are still sampled; always: "
                                         "from the start, without end")
        ->type_name("DURATION|always")
        ->default_str("2m");
    app.add_option("--disk-usage", config.disk_usage,
                   "when the files of containers are walked to see what they take: when somebody asks for their "
                   "samples (asked), or never")
        ->check(CLI::IsMember({"asked", "never"}))
        ->capture_default_str();
    app.add_option("--container-env", config.container_env,
                   "environment variable of containers that is shown; repeatable; none by default")
        ->delimiter(',');
    app.add_option("--max-events", config.max_events, "events of one kind that are kept, for a day at most")
        ->check(CLI::Range(std::size_t{1}, most_events))
        ->capture_default_str();
}

void define_log(CLI::App& app, configuration& config)
{
    app.option_defaults()->group("Log");
    const std::map<std::string, log_level> levels{{"debug", log_level::debug},
                                                  {"info", log_level::info},
                                                  {"warning", log_level::warning},
                                                  {"error", log_level::error}};
    const std::map<std::string, log_format> formats{{"text", log_format::text}, {"json", log_format::json}};
    app.add_option("--log-level", config.level, "debug, info, warning or error")
        ->transform(CLI::CheckedTransformer(levels))
        ->default_str("info");
    app.add_option("--log-format", config.format, "text or json [text on a terminal, else json]")
        ->transform(CLI::CheckedTransformer(formats));
}

bool is_command(const std::string& flag)
{
    return std::find(command_flags().begin(), command_flags().end(), flag) != command_flags().end();
}

/// The keys, in the order of --help.
std::vector<std::string> keys_of(const CLI::App& app)
{
    std::vector<std::string> keys;
    for (const CLI::Option* option : app.get_options()) {
        const std::string& name = option->get_lnames().front();
        if (!is_command(name)) keys.push_back(name);
    }
    return keys;
}

std::optional<std::string> unknown_argument(const CLI::App& app, const std::vector<std::string>& arguments)
{
    std::vector<std::string> flags = keys_of(app);
    flags.insert(flags.end(), command_flags().begin(), command_flags().end());
    std::vector<std::string> commands;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        commands.push_back(command->get_name());
        for (const CLI::Option* option : command->get_options()) {
            flags.insert(flags.end(), option->get_lnames().begin(), option->get_lnames().end());
        }
    }
    for (const std::string& argument : arguments) {
        const auto name = flag_name(argument);
        if (!name || std::find(flags.begin(), flags.end(), *name) != flags.end()) continue;
        return fmt::format("there is no option --{}{}", *name, did_you_mean(*name, flags, "--"));
    }
    if (arguments.empty() || arguments[0].starts_with("-")) return std::nullopt;
    if (std::find(commands.begin(), commands.end(), arguments[0]) != commands.end()) return std::nullopt;
    return fmt::format("there is no command {}{}", arguments[0], did_you_mean(arguments[0], commands, ""));
}

/// A default as TOML writes it. CLI11 keeps them as text.
std::string toml_default(const CLI::Option& option)
{
    const std::string text = option.get_default_str();
    if (option.get_items_expected_max() == 0) return "false";
    const bool list = option.get_items_expected_max() > 1;
    if (text.starts_with('[') && list) return fmt::format("[\"{}\"]", text.substr(1, text.size() - 2));
    if (list) return "[]";
    const bool number = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    return number ? text : fmt::format("\"{}\"", text);
}

/// --print-defaults: the configuration file with every key, commented, at its default.
std::string defaults_text(const CLI::App& app)
{
    std::string text =
        "# Configuration of nodescope. Every key stands here with its default; take the # away to change one.\n"
        "# Flags (--key) win over the environment (NODESCOPE_KEY), and that over this file. Durations are written\n"
        "# \"250ms\", \"5s\", \"2m\"; sizes 4096, \"8KiB\", \"4MiB\". Keys marked [reload] are taken over while the "
        "service\n"
        "# runs (systemctl reload nodescope), the others when it starts. nodescope --check-config reads this file.\n";
    std::string group;
    for (const CLI::Option* option : app.get_options()) {
        const std::string& key = option->get_lnames().front();
        if (is_command(key)) continue;
        if (option->get_group() != group) {
            group = option->get_group();
            text += fmt::format("\n# ---- {} ----\n", group);
        }
        text += fmt::format("\n# {}{}\n#{} = {}\n", option->get_description(), is_reloadable(key) ? " [reload]" : "",
                            key, toml_default(*option));
    }
    return text;
}

std::vector<setting> settings_of(const CLI::App& app, const layers& behind)
{
    std::vector<setting> all;
    for (const CLI::Option* option : app.get_options()) {
        const std::string& key = option->get_lnames().front();
        if (is_command(key)) continue;
        const bool set = option->count() > 0;
        all.push_back({key, set ? fmt::format("{}", fmt::join(option->results(), ",")) : option->get_default_str(),
                       behind.source_of(key)});
    }
    return all;
}

std::string host_name()
{
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string();
}

/// What --healthcheck and `ask` have in common is where they ask: at the first address of the configuration.
std::optional<early_exit> complete_question(configuration& config, const question& asked)
{
    if (asked.path.empty()) return std::nullopt;
    config.asks = asked;
    // An answer may take as long as the service lets it, and has to travel; whether somebody is alive is told at once.
    constexpr std::chrono::seconds travel{5};
    if (asked.path != health_path) config.asks->limit = config.http.request_timeout + travel;
    if (!asked.server.empty()) return std::nullopt;
    const auto server = url_of_listener(config.http.listen.front(), config.access.has_tls());
    if (!server) return early_exit{1, server.error().message()};
    config.asks->server = *server;
    return std::nullopt;
}

/// Defines `ask` and --healthcheck, both of which end up in `asked`.
void define_ask(CLI::App& app, question& asked)
{
    app.option_defaults()->group("Options");
    app.add_flag_callback(
           "--healthcheck", [&asked] { asked.path = health_path; },
           "ask the running service whether it is alive, and exit with 0 or 1")
        ->configurable(false);
    CLI::App* const ask = app.add_subcommand("ask", "ask the running service, and print the answer");
    ask->set_help_flag();
    ask->add_option("path", asked.path, "what to ask: /processor/netInfoCollector")->required();
    ask->add_option("body", asked.body, "parameters to POST, a JSON object: '{\"id\": \"web\"}'; without: GET");
    ask->add_option("--server", asked.server, "http://host:port or https://host:port [the address of --listen]");
    client_identity& identity = asked.identity;
    CLI::Option* const authority =
        ask->add_option("--ca-file", identity.ca_file, "PEM bundle that must have signed the server's certificate");
    CLI::Option* const certificate =
        ask->add_option("--cert-file", identity.certificate_file, "PEM certificate to show, and its chain");
    CLI::Option* const key = ask->add_option("--key-file", identity.key_file, "PEM key of --cert-file");
    certificate->needs(key)->needs(authority);  // it says who we are: not to just anybody
    key->needs(certificate);
}

void fill_in_defaults(configuration& config, const std::vector<std::string>& environment)
{
    if (config.docker_host.empty()) config.docker_host = lookup(environment, "DOCKER_HOST").value_or("");
    if (config.node_name.empty()) config.node_name = lookup(environment, "NODE_NAME").value_or("");
    if (config.node_name.empty()) config.node_name = host_name();
}

}  // namespace

std::variant<configuration, early_exit> parse_command_line(const std::vector<std::string>& arguments,
                                                           const std::vector<std::string>& environment,
                                                           bool stderr_is_terminal)
{
    configuration config;
    config.format = stderr_is_terminal ? log_format::text : log_format::json;

    CLI::App app("nodescope answers over HTTP what somebody asks of a sick Kubernetes node.", "nodescope");
    app.set_help_flag("-h,--help", "print this help");
    app.set_version_flag("--version", "nodescope " NODESCOPE_VERSION, "print the version");
    bool print_defaults = false;
    std::string config_file;
    app.add_flag("--print-defaults", print_defaults, "print a configuration file with every key and its default");
    app.add_flag("--check-config", config.check_only,
                 "read and check the configuration, then end: 0 if it is sound, else 1");
    app.add_option("--config", config_file, "TOML file with flags as keys [/etc/nodescope/config.toml if it exists]");
    app.fallthrough();
    app.require_subcommand(0, 1);
    define_server(app, config);
    define_access(app, config);
    define_deadlines(app, config);
    define_sources(app, config);
    define_metrics(app, config);
    define_sampling(app, config);
    define_log(app, config);
    app.footer(
        "Each flag is also a NODESCOPE_* environment variable (--timeout-docker: NODESCOPE_TIMEOUT_DOCKER) and a key\n"
        "of the configuration file. Flags win over the environment, the environment over the file.");
    CLI::App* const serve = app.add_subcommand("serve", "run the service (also without a subcommand)");
    CLI::App* const version = app.add_subcommand("version", "print the version");
    CLI::App* const routes =
        app.add_subcommand("routes", "print what serve would answer, and who may ask; needs no rights");
    for (CLI::App* const subcommand : {serve, version, routes}) subcommand->set_help_flag();
    question asked;
    define_ask(app, asked);

    if (const auto unknown = unknown_argument(app, arguments)) return early_exit{1, *unknown};
    layers behind(keys_of(app), arguments);
    behind.add_environment(environment);
    // A broken file is no reason to keep the help from whoever wants to mend it.
    const bool wants_text = given(arguments, "help") || given(arguments, "version") ||
                            given(arguments, "print-defaults") ||
                            std::find(arguments.begin(), arguments.end(), "-h") != arguments.end() ||
                            (!arguments.empty() && arguments[0] == "version");
    if (const std::string path = config_file_path(arguments, environment); !path.empty() && !wants_text) {
        if (const auto added = behind.add_file(path); !added) return early_exit{1, added.error().message()};
    }
    const std::string defaults = defaults_text(app);
    try {
        std::vector<std::string> all;
        for (const layered_value& one : behind.values()) all.push_back(fmt::format("--{}={}", one.key, one.value));
        all.insert(all.end(), arguments.begin(), arguments.end());
        std::reverse(all.begin(), all.end());  // CLI11 takes them last first
        app.parse(all);
    } catch (const CLI::CallForHelp&) {
        return early_exit{0, app.help()};
    } catch (const CLI::CallForVersion&) {
        return early_exit{0, "nodescope " NODESCOPE_VERSION "\n"};
    } catch (const CLI::ParseError& wrong) {
        return early_exit{1, behind.place_of(wrong.what()) + wrong.what()};
    }
    if (version->parsed()) return early_exit{0, "nodescope " NODESCOPE_VERSION "\n"};
    if (print_defaults) return early_exit{0, defaults};
    config.list_routes = routes->parsed();
    config.settings = settings_of(app, behind);
    fill_in_defaults(config, environment);
    if (auto wrong = complete_question(config, asked)) return *wrong;
    return config;
}

std::string with_source(const configuration& config, std::string message)
{
    constexpr std::size_t telling = 4;  // shorter values stand in many a sentence by chance
    for (const setting& one : config.settings) {
        if (one.source.empty() || one.value.size() < telling || message.find(one.value) == std::string::npos) continue;
        return fmt::format("{}: {}", one.source, message);
    }
    return message;
}

changed_keys compare(const configuration& before, const configuration& after)
{
    changed_keys changed;
    for (std::size_t i = 0; i < std::min(before.settings.size(), after.settings.size()); ++i) {
        const setting& now = after.settings[i];
        if (now.value == before.settings[i].value) continue;
        (is_reloadable(now.key) ? changed.taken_over : changed.need_restart).push_back(now.key);
    }
    return changed;
}

void note_taken_over(configuration& running, const configuration& fresh)
{
    for (std::size_t i = 0; i < std::min(running.settings.size(), fresh.settings.size()); ++i) {
        if (is_reloadable(running.settings[i].key)) running.settings[i] = fresh.settings[i];
    }
}

}  // namespace nodescope
