// What several rules ask about routes, and about the order in which the kernel looks at tables.
#pragma once

#include "collectors/findings/network_model.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace nodescope::findings {

/// "main", "local", "default", else the number.
std::string table_text(std::uint32_t table);
/// "default", "10.0.0.0/8"
std::string destination_text(const netlink::detailed_route& route);
/// "IPv4", "IPv6"
std::string_view family_text(std::uint8_t family);

/// Of all packets of its family, whatever else there is about them.
bool is_default(const netlink::detailed_route& route);
/// It answers that there is no way, with an error or without: blackhole, unreachable, prohibit.
bool drops(const netlink::detailed_route& route);

/// The tables that rules of that family lead to, those of VRF devices included.
std::set<std::uint32_t> ruled_tables(const network_model& model, std::uint8_t family);

/// Every packet is looked up in the table of that rule, if nothing before has answered: it has no condition.
bool is_unconditional(const netlink::detailed_rule& rule);
/// The rule does not take routes with prefixes of that length (suppress_prefixlength).
bool suppresses(const netlink::detailed_rule& rule, std::uint8_t destination_length);

/// The rules of that family, in the order in which the kernel looks at them.
std::vector<const netlink::detailed_rule*> rules_of(const network_model& model, std::uint8_t family);

/// The route that an ordinary packet for everywhere takes, of that family: by the rules without a condition. Null:
/// none.
const netlink::detailed_route* effective_default(const network_model& model, std::uint8_t family);

}  // namespace nodescope::findings
