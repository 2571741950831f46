// The request types of cAdvisor's API about the node itself and about processes: version, attributes, machine, storage,
// ps.
#pragma once

#include "collectors/cadvisor/containers.hpp"
#include "collectors/cadvisor/engine_facts.hpp"
#include "collectors/cadvisor/machine.hpp"
#include "collectors/cadvisor/process_table.hpp"
#include "core/worker_pool.hpp"
#include "server/api/cadvisor/routes.hpp"
#include "server/api/large_answers.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace nodescope::api {

/// All referenced objects outlive the routes.
struct machine_backends {
    cadvisor::machine_collector& machine;
    cadvisor::engine_facts& engine;
    cadvisor::process_table_collector& processes;
    cadvisor::containers& containers;
    worker_pool& workers;
    large_answers& answers;
};

/// `version` is the service's own.
std::vector<cadvisor_request_type> machine_request_types(const machine_backends& backends, std::string version);

/// The answers, with keys in cAdvisor's order: those of 0.35, and of 0.60 where they are known.
std::string machine_json(const cadvisor::machine_info& node);
std::string attributes_json(const cadvisor::machine_info& node, const cadvisor::engine_versions& engine,
                            std::string_view version);
std::string storage_json(const std::vector<cadvisor::stored_filesystem>& filesystems);
std::string storage_json(const cadvisor::stored_filesystem& filesystem);
std::string process_table_json(const cadvisor::process_table& table);

}  // namespace nodescope::api
