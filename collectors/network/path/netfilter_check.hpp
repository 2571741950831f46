// One decision of the way with the packet filters before and behind it.
#pragma once

#include "collectors/network/path/path_model.hpp"
#include "collectors/network/path/rule_text.hpp"
#include "collectors/network/path/walk.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"
#include "netlink/model/packet_filters.hpp"
#include "netlink/nat/rule_reader.hpp"
#include "netlink/net_namespace.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace nodescope::paths {

struct place_filters {
    place_filters() = default;
    bool looked = false;
    bool read = false;
    bool parsed = false;
    result<netlink::packet_filters> found = netlink::packet_filters();
    netlink::rule_texts texts;
    std::vector<rule_table> tables;
};
/// By the inode of the namespace.
using filters_by_place = std::map<std::uint64_t, place_filters>;

/// Which filters there are, once for each place.
void blocking_look_for_filters(filters_by_place& all, const place& where, const netlink::net_namespace& home,
                               deadline limit, const abandon_flag& abandoned);

/// A translation of the destination, the walker's step, and the rules on it; `at` moves to the next position, or is
/// null at the end. `doubt` is the first rule that would have to be evaluated.
result<void> blocking_decide(walker& by, packet& what, std::unique_ptr<position>& at, filters_by_place& filters,
                             report& made, std::string& doubt, const reading_limits& limits);

/// The answer, and the sentence about it.
void finish(report& made, const packet& what, const std::string& doubt, std::vector<std::string> notes);

}  // namespace nodescope::paths
