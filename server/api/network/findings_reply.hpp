// The answers of /v1/findings and /v1/findings/rules.
#pragma once

#include "collectors/findings/report.hpp"
#include "collectors/network/node_findings/node_findings.hpp"
#include "core/error.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace nodescope::api {

/// {"findings":[…],"checked":[…],"not_checked":{…},"notes":{…}}, at most `limit_bytes` long: findings that do not fit
/// are left out, the lightest first, and `notes` says so. failure::too_large where not even an answer without findings
/// fits.
result<std::string> findings_reply(const findings::report& made, std::size_t limit_bytes);

/// The same of all networks, with {"networks","containers","not_checked_in":[{"netns","container","not_checked"}…],
/// "not_looked_at":[{"container","error":{"kind","message"}}…]} before `notes`. The two lists have a quarter of the
/// limit each at most.
result<std::string> node_findings_reply(const node_findings& made, std::size_t limit_bytes);

/// {"rules":[{"rule","severity","means","hint","enabled"}…]}; those in `off` are not enabled.
std::string findings_rules_reply(const std::vector<std::string>& off);

}  // namespace nodescope::api
