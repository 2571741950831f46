// The table of everything that can be set.
#include "core/deadline.hpp"
#include "server/config/setting.hpp"
#include "server/http/listener.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace nodescope {

namespace {

using rows = std::vector<setting_definition>;
using texts = std::vector<std::string>;
using server = http::server_options;
using access = auth::access_options;
using files = auth::credential_paths;
constexpr std::size_t most_connections = 65'536;

/// A member, or a member of a member.
template <auto... Path>
auto& at(configuration& of)
{
    return (of.*....*Path);
}

template <auto Member>
constexpr auto http_option = at<&configuration::http, Member>;
template <auto Member>
constexpr auto access_option = at<&configuration::access, Member>;
template <auto Member>
constexpr auto credential_file = at<&configuration::access, &access::files, Member>;
template <auto Member>
constexpr auto limit = at<&configuration::limits, Member>;

setting_definition reloadable(setting_definition one)
{
    one.reloadable = true;
    return one;
}

/// Checks what another kind has assigned.
template <class Check>
setting_definition checked(setting_definition one, Check check)
{
    one.assign = [assign = std::move(one.assign), check](configuration& to, const texts& given) -> result<void> {
        if (auto assigned = assign(to, given); !assigned) return assigned;
        return check(to);
    };
    return one;
}

setting_definition listen()
{
    auto made = list("listen", http_option<&server::listen>,
                     "address to listen on: host:port, [v6]:port or unix:/path; repeatable");
    made.form = "TEXT:ADDRESS";
    return checked(std::move(made), [](const configuration& c) -> result<void> {
        for (const std::string& one : c.http.listen) {
            if (const auto address = http::parse_listen_address(one); !address) return address.error();
        }
        return {};
    });
}

rows server_settings()
{
    return {
        listen(),
        reloadable(list("allow-host", http_option<&server::allowed_hosts>,
                        "name accepted in Host besides IP addresses and localhost; repeatable")),
        reloadable(list("allow-origin", http_option<&server::allowed_origins>,
                        "Origin accepted from browsers; repeatable; none by default")),
        reloadable(number("max-connections", http_option<&server::max_connections>, 1, most_connections,
                          "connections at once")),
        reloadable(number("max-connections-per-peer", http_option<&server::max_connections_per_peer>, 1,
                          most_connections, "connections at once from one address; on loopback, of one user")),
        bytes("max-header", http_option<&server::max_header>, "longest request header"),
        bytes("max-body", http_option<&server::max_body>, "longest request body"),
        bytes("max-target", http_option<&server::max_target>, "longest request target"),
        bytes("max-reply", at<&configuration::max_reply>, "longest processor answer, 2MiB at most", 1024,
              configuration::largest_max_reply),
    };
}

rows access_settings()
{
    return {
        choices("auth", access_option<&access::methods>,
                {"local-peer", "client-certificate", "token-file", "basic", "kubernetes", "none"},
                "who may ask; each method suffices by itself; repeatable"),
        user_ids("local-peer-uid", access_option<&access::local_uids>,
                 "uid that may ask over loopback and Unix sockets; repeatable [0 and the service's own]"),
        flag("local-peer-allow-forwarded", access_option<&access::local_allows_forwarded>,
             "admit as root who comes through a container runtime: everybody who may kubectl port-forward"),
        text("token-file", credential_file<&files::token_file>,
             "bearer tokens, one a line: name:token, or just the token"),
        text("password-file", credential_file<&files::password_file>,
             "users and bcrypt hashes for Basic, as htpasswd -B makes it"),
        text("tls-cert-file", credential_file<&files::certificate_file>,
             "PEM certificate and its chain; TCP is then served with TLS"),
        text("tls-key-file", credential_file<&files::key_file>, "PEM key of --tls-cert-file"),
        text("client-ca-file", credential_file<&files::client_ca_file>,
             "PEM bundle that signs the certificates of clients"),
        list("allow-client-name", access_option<&access::client_names>,
             "common or alternative name of a client certificate that may ask; repeatable"),
        text("auth-audience", at<&configuration::auth_audience>, "audience a token must have for --auth kubernetes"),
        text("auth-url", at<&configuration::auth_url>,
             "for --auth kubernetes: non-resource URL that callers need a right to, instead of nodes/stats, "
             "nodes/metrics and nodes/diagnosis"),
        flag("insecure-listen", access_option<&access::insecure_listen>,
             "allow a non-loopback address without TLS or authentication: everybody who reaches it may read along"),
    };
}

rows deadline_settings()
{
    return {
        reloadable(
            duration("timeout-request", http_option<&server::request_timeout>, "the whole answer to one request")),
        reloadable(duration("timeout-header", http_option<&server::header_timeout>, "receiving a request header")),
        reloadable(duration("timeout-body", http_option<&server::body_timeout>, "receiving a request body")),
        reloadable(duration("timeout-idle", http_option<&server::idle_timeout>, "an idle keep-alive connection")),
        reloadable(duration("timeout-write", http_option<&server::write_timeout>, "sending without progress")),
        duration("timeout-docker", limit<&deadlines::docker>, "one Docker Engine round trip"),
        duration("timeout-cri", limit<&deadlines::cri>, "one call of a container runtime with CRI"),
        duration("timeout-netlink", limit<&deadlines::netlink>, "all dumps of one network namespace"),
        duration("timeout-nat", limit<&deadlines::nat>, "one iptables-save"),
        duration("timeout-kubernetes", limit<&deadlines::kubernetes>, "one API server or kubelet round trip"),
        duration("timeout-host", limit<&deadlines::host>, "one pass over /proc"),
        duration("timeout-disk-usage", limit<&deadlines::disk_usage>, "one walk over the files of a container"),
        reloadable(duration("timeout-drain", limit<&deadlines::drain>, "from SIGTERM to exit")),
    };
}

setting_definition cri_endpoint()
{
    return checked(text("cri-endpoint", at<&configuration::cri_endpoint>,
                        "container runtime with CRI: unix:///path [the first that exists of "
                        "/run/containerd/containerd.sock, /run/crio/crio.sock, /run/cri-dockerd.sock]"),
                   [](const configuration& c) -> result<void> {
                       const bool sensible = c.cri_endpoint.empty() || c.cri_endpoint.starts_with("unix:///");
                       if (sensible) return {};
                       return error(failure::invalid, "the path of a socket: unix:///path");
                   });
}

/// As collectors/findings has them.
texts finding_rules()
{
    return {"link-down",
            "peer-down",
            "peer-unattached",
            "bridge-down",
            "no-carrier",
            "no-default-route",
            "blackhole-default",
            "gateway-not-on-link",
            "gateway-unanswered",
            "duplicate-address",
            "duplicate-mac",
            "mtu-mismatch",
            "forwarding-off",
            "forward-policy-drop",
            "bridge-nf-off",
            "two-iptables-backends",
            "reverse-path-filter",
            "shadowed-route",
            "unused-table",
            "conntrack-full",
            "neighbour-overflow",
            "listen-overflow",
            "ports-exhausted",
            "retransmits",
            "drops",
            "hung-tasks",
            "resolver-unreachable",
            "resolver-limits",
            "loopback-only-listener",
            "runtime-disagrees"};
}

rows source_settings()
{
    return {
        choice("runtime", at<&configuration::runtime>, {"auto", "docker", "podman", "cri"},
               "container runtimes that are asked: Docker, Podman, one with CRI (containerd, CRI-O), or those whose "
               "sockets exist"),
        cri_endpoint(),
        text("docker-host", at<&configuration::docker_host>,
             "Docker daemon: unix:///path or tcp://host:port [$DOCKER_HOST, else the first that exists of "
             "/var/run/docker.sock and, in $XDG_RUNTIME_DIR and /run/user/<uid>, docker.sock]"),
        text("podman-host", at<&configuration::podman_host>,
             "Podman's service: unix:///path or tcp://host:port [the first that exists of "
             "/run/podman/podman.sock and, in $XDG_RUNTIME_DIR, podman/podman.sock]"),
        text("podman-root", at<&configuration::podman_root>,
             "where Podman keeps its containers (podman --root): read where no service of it answers"),
        text("podman-runroot", at<&configuration::podman_runroot>, "the same for those that run (podman --runroot)"),
        flag("docker-insecure-tcp", at<&configuration::docker_insecure_tcp>,
             "allow plain tcp:// to a daemon beyond loopback"),
        choice("pod-source", at<&configuration::pod_source>, {"auto", "apiserver", "kubelet"},
               "where pods are asked for"),
        text("kubeconfig", at<&configuration::kubeconfig>, "kubeconfig file [in a pod: its service account]"),
        text("kubelet-endpoint", at<&configuration::kubelet_endpoint>,
             "kubelet of this node [https://127.0.0.1:10250]"),
        text("kubelet-ca-file", at<&configuration::kubelet_ca_file>,
             "PEM bundle for the kubelet's certificate [the cluster's CA]"),
        text("node-name", at<&configuration::node_name>,
             "name of this node in Kubernetes [$NODE_NAME, else the host name]"),
        text("root", at<&configuration::root>, "where the node's /proc, /sys, /etc and /run are seen"),
        text("xtables-dir", at<&configuration::xtables_dir>,
             "folder of iptables-nft-save and its siblings [/usr/sbin, else /sbin]"),
        choices("finding-off", at<&configuration::findings_off>, finding_rules(),
                "rule about networks that /v1/findings does not ask; repeatable; none by default"),
        flag("goroutine-dumps", at<&configuration::goroutine_dumps>,
             "answer the goroutine routes, which send SIGUSR1 to dockerd and containerd"),
        text("state-directory", at<&configuration::state_directory>, "where goroutine dumps are kept"),
        text("docker-pid-file", at<&configuration::docker_pid_file>, "pid file of dockerd, for its goroutine dump"),
        text("docker-exec-root", at<&configuration::docker_exec_root>,
             "exec root of dockerd: where it writes its goroutine dump"),
        text("containerd-pid-file", at<&configuration::containerd_pid_file>,
             "pid file of containerd, for its goroutine dump [found by its name]"),
        text("containerd-temporary-directory", at<&configuration::containerd_temporary_directory>,
             "temporary directory of containerd: where it writes its goroutine dump"),
    };
}

setting_definition sample_interval()
{
    return checked(
        duration("sample-interval", at<&configuration::sample_interval>, "between two samples of a container"),
        [](const configuration& c) -> result<void> {
            constexpr std::chrono::milliseconds shortest{250};
            constexpr std::chrono::minutes longest{1};
            if (c.sample_interval >= shortest && c.sample_interval <= longest) return {};
            return error(failure::invalid, "from 250ms to 1m");
        });
}

setting_definition sample_idle()
{
    using idle_limit = std::optional<std::chrono::milliseconds>;
    return setting_of<idle_limit>(
        "sample-idle", at<&configuration::sample_idle>, "DURATION|always",
        duration_text(configuration().sample_idle.value()),
        "how long after the last question containers are still sampled; always: from the start, without end",
        [](const texts& given) -> result<idle_limit> {
            if (given.front() == "always") return idle_limit();
            const auto parsed = parse_duration(given.front());
            if (!parsed) return error(failure::invalid, parsed.error().message() + ", or always");
            return idle_limit(*parsed);
        });
}

/// As cAdvisor's --enable_metrics and --disable_metrics have them. Those from advtcp on are not measured here and
/// change nothing, so that its command lines can be kept; it does not have `ends`.
texts metric_groups()
{
    return {"cpu",     "percpu",       "memory",   "network",   "tcp",         "udp",        "disk",
            "diskIO",  "process",      "pressure", "oom_event", "app",         "ends",       "advtcp",
            "cpuLoad", "cpu_topology", "cpuset",   "hugetlb",   "memory_numa", "perf_event", "referenced_memory",
            "resctrl", "sched"};
}

rows sampling_settings()
{
    constexpr std::size_t most_events = 1'000'000;
    return {
        choice("metrics-containers", at<&configuration::metrics_containers>, {"all", "runtime", "none"},
               "containers that have series in /metrics: all cgroups, those of a runtime, or none"),
        choice("metrics-container-labels", at<&configuration::metrics_container_labels>,
               {"all", "own", "none", "kubernetes"},
               "labels of containers on series: all (every label on every series, as cAdvisor does), own (those the "
               "container has), none, or kubernetes (namespace, pod and container, as the kubelet's own metrics)"),
        list("metrics-label", at<&configuration::metrics_labels>,
             "label of containers that --metrics-container-labels=none and kubernetes keep; repeatable"),
        choice("metrics-cpu", at<&configuration::metrics_cpu>, {"percpu", "total"},
               "CPU time of a container in /metrics: a series for each processor where the kernel tells (percpu), or "
               "one (total)"),
        choices("metrics-enable", at<&configuration::metrics_enabled>, metric_groups(),
                "groups of series of containers in /metrics, by cAdvisor's names: only these; repeatable [all]"),
        choices("metrics-disable", at<&configuration::metrics_disabled>, metric_groups(),
                "groups that are left out; repeatable"),
        list("metrics-ignore-container", at<&configuration::metrics_ignored_containers>,
             "containers without series, by cgroup, name or namespace/pod/container, with * and ?; repeatable"),
        list("metrics-ignore-interface", at<&configuration::metrics_ignored_interfaces>,
             "interfaces without series, with * and ?; repeatable"),
        list("metrics-ignore-device", at<&configuration::metrics_ignored_devices>,
             "block devices and filesystems without series, with * and ?; repeatable"),
        flag("metrics-network", at<&configuration::metrics_network>,
             "write into /metrics which link of the node leads to which interface of a container, and conntrack, "
             "listen overflows, retransmissions and sockets of each network namespace; all of those on the node are "
             "read for each answer"),
        flag("metrics-timestamps", at<&configuration::metrics_timestamps>,
             "write the time of its measurement beside each value of a container in /metrics, as cAdvisor does; "
             "Prometheus then shows a container five minutes longer than it is there"),
        sample_interval(),
        sample_idle(),
        flag("count-sockets", at<&configuration::count_sockets>,
             "count the TCP and UDP sockets of containers by state, in every sample"),
        flag("count-descriptors", at<&configuration::count_descriptors>,
             "count the processes of containers and their open descriptors and sockets, in every sample"),
        choice("disk-usage", at<&configuration::disk_usage>, {"asked", "never"},
               "when the files of containers are walked to see what they take: when somebody asks for their "
               "samples (asked), or never"),
        flag("application-metrics", at<&configuration::application_metrics>,
             "ask applications in containers for the figures that labels io.cadvisor.metric.* lead to, on the "
             "containers' own loopback"),
        list("container-env", at<&configuration::container_env>,
             "environment variable of containers that is shown; repeatable; none by default"),
        number("max-events", at<&configuration::max_events>, 1, most_events,
               "events of one kind that are kept, for a day at most"),
    };
}

rows log_settings()
{
    return {
        reloadable(mapped<log_level>("log-level", at<&configuration::level>, {"debug", "info", "warning", "error"},
                                     {log_level::debug, log_level::info, log_level::warning, log_level::error}, "info",
                                     "debug, info, warning or error")),
        mapped<log_format>("log-format", at<&configuration::format>, {"json", "text"},
                           {log_format::json, log_format::text}, "", "text or json [text on a terminal, else json]"),
    };
}

}  // namespace

const std::vector<setting_definition>& setting_definitions()
{
    static const rows all = [] {
        rows made;
        const auto add = [&made](std::string_view group, rows part) {
            for (setting_definition& one : part) one.group = group;
            std::move(part.begin(), part.end(), std::back_inserter(made));
        };
        add("Server", server_settings());
        add("Access", access_settings());
        add("Deadlines", deadline_settings());
        add("Sources", source_settings());
        add("Sources", sampling_settings());
        add("Log", log_settings());
        return made;
    }();
    return all;
}

}  // namespace nodescope
