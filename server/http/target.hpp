// The request target: its form, and the one canonical path that routes and access rules match on.
#pragma once

#include "server/http/framing.hpp"

#include <string>
#include <string_view>

namespace nodescope::http {

struct target_parts {
    std::string_view authority;  ///< of the absolute form; empty in the origin form
    std::string_view path;       ///< as sent, begins with '/'
    std::string_view query;      ///< as sent, without '?'
};

/// Takes the origin form and the absolute form (http, https) apart. 400 for any other form and for bytes that RFC 3986
/// does not allow where they stand. The authority is not looked at: origin_rules does that.
refusal split_target(std::string_view target, target_parts& out);

/// Percent-decodes `encoded` once into `out`. 400 for a path with an empty segment other than the last, a "." or ".."
/// segment, an encoded '/' or NUL, or a broken escape: such a path has two spellings, and a rule written for one of
/// them would not see the other. A backslash (%5c) is legal: systemd writes "\x2d" into cgroup names.
refusal canonical_path(std::string_view encoded, std::string& out);

}  // namespace nodescope::http
