// The texts of iptables-save and of `nft list ruleset` as chains of rules, as far as a packet's addresses, port and
// links go. All else that a rule asks is known only to be asked.
#pragma once

#include "netlink/model/address.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nodescope::paths {

struct prefix {
    std::uint8_t family = 0;
    netlink::network_address address;
    std::uint8_t length = 0;
    [[nodiscard]] bool covers(std::uint8_t of_family, const netlink::network_address& one) const;
    friend bool operator==(const prefix&, const prefix&) = default;
};
/// "10.0.0.0/8", "2001:db8::1"; none for anything else.
std::optional<prefix> parse_prefix(std::string_view text);

/// What a rule asks, or the opposite of it.
template <class T>
struct condition {
    T what{};
    bool negated = false;
};

enum class target_kind { none, accept, drop, back, jump, go, translate, other };

struct rule {
    std::string text;
    std::optional<condition<prefix>> destination;
    std::optional<condition<prefix>> source;
    std::optional<condition<std::uint8_t>> protocol;             ///< IPPROTO_*
    std::vector<std::pair<std::uint16_t, std::uint16_t>> ports;  ///< at the destination; empty: any
    bool ports_negated = false;
    std::optional<condition<std::string>> input;  ///< ending in '+' or '*': a beginning
    std::optional<condition<std::string>> output;
    bool only_known_connections = false;  ///< not the first packet of one
    bool only_local = false;              ///< to an address of the namespace itself
    bool asks_more = false;               ///< something that is not known here
    target_kind target = target_kind::none;
    std::string chain;                  ///< of a jump
    std::optional<prefix> translation;  ///< to exactly one address
    std::optional<std::uint16_t> translated_port;
};

struct chain {
    std::vector<rule> rules;
    std::string hook;  ///< "forward"; empty: others lead to it
    std::int32_t priority = 0;
    bool drops = false;  ///< its policy
};

struct rule_table {
    std::string program;
    std::string name;  ///< "nat", "inet fw"
    std::map<std::string, chain, std::less<>> chains;
    std::size_t left_out = 0;  ///< rules beyond the limit
};

/// In all tables of one text.
inline constexpr std::size_t rules_limit = 20'000;

/// Pure. Lines that are no rules are left out.
std::vector<rule_table> parse_iptables_save(std::string_view text, std::string_view program);
/// Tables of bridge, arp and netdev, and those that iptables has made (its own program shows them), are left out.
std::vector<rule_table> parse_nft_ruleset(std::string_view text, std::uint8_t family);

}  // namespace nodescope::paths
