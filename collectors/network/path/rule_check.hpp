// What the packet filters of a namespace have to say about one packet at one hook. They are not simulated: what a rule
// asks beyond addresses, ports and links is not known here, so that all that can be said is which rules may be meant.
#pragma once

#include "collectors/network/path/path_model.hpp"
#include "collectors/network/path/rule_text.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::paths {

/// Of one hop.
inline constexpr std::size_t quoted_limit = 32;
inline constexpr std::size_t quoted_bytes = 512;

/// A packet at a hook.
struct passing {
    passing(const packet& p, std::string_view h) : what(p), hook(h) {}
    const packet& what;
    std::string_view hook;  ///< "prerouting", "input", "forward", "output", "postrouting"
    std::string input;      ///< empty: none, or not known yet
    std::string output;
    bool to_here = false;  ///< its destination is an address of the namespace
};

/// Where the destination goes.
struct translation {
    packet to;  ///< the packet afterwards
    quoted_rule by;
    bool certain = false;  ///< no rule that leads to it asks what is not known
};

struct translations {
    std::vector<translation> found;      ///< those that may be meant, each address and port once
    std::optional<quoted_rule> unclear;  ///< one that does not say one address
};
/// Of the chains that are called nat, and those of nf_tables at that hook.
translations look_for_translation(std::span<const rule_table> tables, const passing& at);

struct hook_rules {
    std::vector<quoted_rule> quoted;      ///< those that name the destination, the port or the link
    std::optional<quoted_rule> may_drop;  ///< the first that may, no other having let the packet pass before
};
hook_rules look_at_hook(std::span<const rule_table> tables, const passing& at);

}  // namespace nodescope::paths
