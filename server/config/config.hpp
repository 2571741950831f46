// Everything that can be configured. server/config/settings.cpp says what it is called as a flag, in the environment
// and in the configuration file.
#pragma once

#include "core/log.hpp"
#include "server/auth/access_options.hpp"
#include "server/http/http_server.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nodescope {

/// The deadlines of every kind of operation; docs/operations.md has the table.
struct deadlines {
    std::chrono::milliseconds docker{10'000};      ///< one Docker Engine round trip: connect, send, header, body
    std::chrono::milliseconds cri{10'000};         ///< one call of CRI
    std::chrono::milliseconds netlink{5'000};      ///< open and all dumps of one namespace
    std::chrono::milliseconds nat{5'000};          ///< one iptables-save, then its process group is killed
    std::chrono::milliseconds kubernetes{10'000};  ///< one API server or kubelet round trip, TLS included
    std::chrono::milliseconds host{5'000};         ///< one pass over /proc
    std::chrono::milliseconds disk_usage{60'000};  ///< one walk over the files of a container
    std::chrono::milliseconds drain{5'000};        ///< from SIGTERM to exit
};

/// One key as it came out, for telling what changed and where a wrong value stands.
struct setting {
    std::string key;     ///< "timeout-docker"
    std::string value;   ///< as text
    std::string source;  ///< "/etc/nodescope/config.toml:3", "NODESCOPE_TIMEOUT_DOCKER"; empty for flags and defaults
};

struct configuration {
    configuration() = default;
    http::server_options http;
    deadlines limits;
    /// Bytes of one processor answer. Agents keep answers in etcd, whose limit for one request is 1.5 MiB, and refuse
    /// what is above 2 MiB.
    std::size_t max_reply = std::size_t{1} << 20U;
    static constexpr std::size_t largest_max_reply = std::size_t{2} << 20U;

    auth::access_options access;
    std::string auth_audience = "nodescope";  ///< what a token must be meant for
    std::string auth_url;                     ///< asked for instead of nodes/…; empty: not

    std::string runtime = "auto";  ///< auto, docker, podman, cri: which runtimes are asked
    std::string cri_endpoint;      ///< empty: the first of the usual sockets that exists
    std::string docker_host;
    bool docker_insecure_tcp = false;
    std::string podman_host;
    std::string podman_root = "/var/lib/containers/storage";
    std::string podman_runroot = "/run/containers/storage";

    std::string pod_source = "auto";
    std::string kubeconfig;
    std::string kubelet_endpoint;
    std::string kubelet_ca_file;
    std::string node_name;

    std::string metrics_containers = "all";        ///< all, runtime, none: whose series are in /metrics
    std::string metrics_container_labels = "all";  ///< all, own, none, kubernetes: which of their labels
    std::vector<std::string> metrics_labels;       ///< labels that the last two keep
    std::string metrics_cpu = "percpu";            ///< percpu, total: how many series of CPU time a container has
    bool metrics_timestamps = false;               ///< on every series of a container, as cAdvisor has it

    std::vector<std::string> metrics_enabled;   ///< the only groups of series of containers; empty: all
    std::vector<std::string> metrics_disabled;  ///< groups that are left out
    /// Patterns of what has no series.
    std::vector<std::string> metrics_ignored_containers;
    std::vector<std::string> metrics_ignored_interfaces;
    std::vector<std::string> metrics_ignored_devices;

    std::string root = "/";
    std::string xtables_dir;
    std::vector<std::string> findings_off;  ///< rules about networks that are not asked
    bool goroutine_dumps = false;
    std::string state_directory = "/var/lib/nodescope";
    std::string docker_pid_file = "/var/run/docker.pid";
    std::string docker_exec_root = "/var/run/docker";
    std::string containerd_pid_file;
    std::string containerd_temporary_directory = "/tmp";

    std::chrono::milliseconds sample_interval{1'000};
    std::optional<std::chrono::milliseconds> sample_idle{120'000};  ///< none: sampling never stops
    bool count_sockets = false;                                     ///< of containers, by state
    bool count_descriptors = false;                                 ///< of the processes of containers
    bool metrics_network = false;                                   ///< how containers are wired to the node
    bool application_metrics = false;                               ///< applications are asked for figures of their own
    std::string disk_usage = "asked";        ///< asked, never: when the files of containers are walked
    std::vector<std::string> container_env;  ///< variables of containers that may be shown; they often hold secrets
    /// Of each kind. cAdvisor keeps 100,000, which is 100 MB of a node that is sick already: an event of a pod is about
    /// 250 bytes. This is at most 10 MB, and a container that restarts every 9 seconds for a day.
    std::size_t max_events = 10'000;

    std::vector<setting> settings;

    log_level level = log_level::info;
    log_format format = log_format::text;
};

/// The texts that were given for one key, and where.
struct given_value {
    std::string key;
    std::vector<std::string> texts;
    std::string source;  ///< as in `setting`
};

/// The configuration that the values of the command line make (each key once at most), the environment where they say
/// nothing, and then the file: `file`, else what NODESCOPE_CONFIG names, else /etc/nodescope/config.toml if it exists.
/// What is given nowhere has its default, or what Docker's and Kubernetes' own variables say. `environment` is
/// "NAME=value" each. failure::invalid names the key, its place and for an unknown one a near match; or the failure of
/// reading the file.
result<configuration> read_configuration(std::vector<given_value> given, const std::string& file,
                                         const std::vector<std::string>& environment, bool stderr_is_terminal);

/// The configuration file with every key, commented out, at its default.
std::string defaults_text();

/// `message`, preceded by the place of the value that it quotes ("config.toml:3: …") if that is known.
std::string with_source(const configuration& config, std::string message);

/// The keys that differ, in the order of --help.
struct changed_keys {
    std::vector<std::string> taken_over;
    std::vector<std::string> need_restart;
};
/// Copies the reloadable settings of `fresh` into `running`.
changed_keys take_over(configuration& running, configuration fresh);

}  // namespace nodescope
