// The answer of /v1/network.
#pragma once

#include "collectors/network/network_collector.hpp"
#include "core/error.hpp"
#include "core/json/writer.hpp"

#include <cstddef>
#include <string>

namespace nodescope::api {

/// The member "target": whose network was read.
void write_target(json_writer& json, const network_reading& found);

/// {"target":{…},"PART":…,"errors":{…},"notes":{…}}, at most `limit_bytes` long: of the parts that are lists the
/// longest are cut, all to the same length, and `notes` says so. The failure of the first part where there is none.
result<std::string> network_reply(const network_reading& found, std::size_t limit_bytes);

}  // namespace nodescope::api
