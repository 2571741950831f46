// The rules, in one table.
#pragma once

#include "collectors/findings/finding.hpp"
#include "collectors/findings/network_model.hpp"

#include <span>
#include <string>
#include <string_view>

namespace nodescope::findings {

struct rule {
    std::string_view name;
    severity weight;         ///< of all its findings
    std::string_view means;  ///< when it speaks
    std::string_view hint;   ///< what to do then
    unsigned needs;          ///< bits of model_input, all of which are there when it is asked
    /// A pure function.
    finding_list (*look)(const network_model& model);
    unsigned uses = 0;  ///< bits of model_input that it also looks at where they are there
};

/// All of them, in the order in which they are asked and told.
std::span<const rule> all_rules();

/// Null for a name that is not there.
const rule* find_rule(std::string_view name);

/// Whether a rule of that name looks at a container's tasks or files, which are its own in whatever network it is.
bool is_about_container(std::string_view name);

// Each in a file of its own.
finding_list look_for_blackhole_default(const network_model& model);
finding_list look_for_bridge_down(const network_model& model);
finding_list look_for_bridge_nf_off(const network_model& model);
finding_list look_for_conntrack_full(const network_model& model);
finding_list look_for_drops(const network_model& model);
finding_list look_for_duplicate_address(const network_model& model);
finding_list look_for_duplicate_mac(const network_model& model);
finding_list look_for_forward_policy_drop(const network_model& model);
finding_list look_for_forwarding_off(const network_model& model);
finding_list look_for_gateway_not_on_link(const network_model& model);
finding_list look_for_gateway_unanswered(const network_model& model);
finding_list look_for_hung_tasks(const network_model& model);
finding_list look_for_link_down(const network_model& model);
finding_list look_for_listen_overflow(const network_model& model);
finding_list look_for_loopback_only_listener(const network_model& model);
finding_list look_for_mtu_mismatch(const network_model& model);
finding_list look_for_neighbour_overflow(const network_model& model);
finding_list look_for_no_carrier(const network_model& model);
finding_list look_for_no_default_route(const network_model& model);
finding_list look_for_peer_down(const network_model& model);
finding_list look_for_peer_unattached(const network_model& model);
finding_list look_for_reverse_path_filter(const network_model& model);
finding_list look_for_ports_exhausted(const network_model& model);
finding_list look_for_resolver_limits(const network_model& model);
finding_list look_for_resolver_unreachable(const network_model& model);
finding_list look_for_retransmits(const network_model& model);
finding_list look_for_runtime_disagrees(const network_model& model);
finding_list look_for_shadowed_route(const network_model& model);
finding_list look_for_two_iptables_backends(const network_model& model);
finding_list look_for_unused_table(const network_model& model);

}  // namespace nodescope::findings
