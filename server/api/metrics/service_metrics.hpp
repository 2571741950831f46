// The families of the service itself and of the machine. Labels come from fixed sets, so that nobody can make
// their number grow: routes of the table, outcomes, backends. Pure, except what is read of our own process.
#pragma once

#include "collectors/cadvisor/engine_facts.hpp"
#include "collectors/cadvisor/machine.hpp"
#include "collectors/questions/process_list.hpp"
#include "core/backend_statistics.hpp"
#include "server/api/metrics/access_metrics.hpp"
#include "server/api/metrics/metric_families.hpp"
#include "server/http/http_server.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace nodescope::api {

struct backend_state {
    std::string_view name;
    backend_statistics statistics;
};

/// What there was no room for since the start, of what has a budget in bytes.
struct left_out_state {
    std::uint64_t docker_strings = 0;       ///< labels and other long strings of Docker's answers
    std::uint64_t container_texts = 0;      ///< labels and variables of a container, all of them
    std::uint64_t samples = 0;              ///< dropped earlier than their age says
    std::uint64_t events = 0;               ///< likewise
    std::uint64_t ends = 0;                 ///< how containers ended; likewise
    std::uint64_t application_figures = 0;  ///< of a container, all of them
    std::uint64_t request_bodies = 0;       ///< refused with 503
    std::uint64_t answers = 0;              ///< refused with 503, or cut because nobody read them
};

/// What the service counts of itself.
struct service_state {
    service_state() = default;
    http::server_statistics server;
    std::size_t connections = 0;
    std::vector<backend_state> backends;
    left_out_state left_out;
    std::uint64_t kills_not_counted = 0;
    bool cgroups_unwatched = false;  ///< the kernel gives no more watches
    std::size_t workers_busy = 0;
    std::size_t workers_abandoned = 0;
    std::uint64_t worker_deadline_misses = 0;
    std::size_t helpers = 0;           ///< programs that exist
    std::size_t helpers_hanging = 0;   ///< of those, killed and not ended
    std::uint64_t readers_killed = 0;  ///< for a process whose command line hung
    process_list_statistics processes;
    access_state access;
    std::uint64_t configuration_reloads = 0;  ///< taken over
    std::uint64_t configuration_reload_failures = 0;
};

void add_service_metrics(metric_families& to, const service_state& state);

/// cadvisor_version_info, with `version` as cAdvisor's.
void add_version_metric(metric_families& to, const host::node_facts& node, const cadvisor::engine_versions& engine,
                        std::string_view version);

/// machine_*.
void add_machine_metrics(metric_families& to, const host::node_facts& node);

/// process_*, of this process. Blocking: reads /proc/self.
void blocking_add_process_metrics(metric_families& to);

/// 1 when the containers, or the machine, could not be read.
void add_scrape_errors(metric_families& to, bool containers, bool machine);

}  // namespace nodescope::api
