// What the readers of both languages of rules share: words, addresses, ports.
#pragma once

#include "collectors/network/path/rule_text.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::paths {

/// Divided by blanks; what stands in quotes is one word, without them.
std::vector<std::string> words_of_rule(std::string_view line);
/// "tcp", "udp", "17"; none for what is not known by name.
std::optional<std::uint8_t> protocol_called(std::string_view word);
/// Adds "80", "80:90" or "80-90"; false for anything else.
bool add_ports(rule& to, std::string_view word, char between);
/// "10.0.0.1", "10.0.0.1:80", "[2001:db8::1]:80"; a range of addresses, or a map, is not one address.
void take_translation(rule& to, std::string_view word);
/// A list of states of connections.
void take_states(rule& to, std::string_view list, bool negated);

}  // namespace nodescope::paths
