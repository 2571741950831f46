// What the kernel counts of connection tracking, in its two forms.
#pragma once

#include "netlink/decode/attributes.hpp"
#include "netlink/model/conntrack.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace nodescope::netlink {

/// A message of ctnetlink about one processor. As decode.hpp says of every decoder.
bool decode(byte_span message, conntrack_counters& to, std::size_t& damaged);

/// net/stat/nf_conntrack: names, then a line of hexadecimal numbers for each processor
/// (ct_cpu_seq_show in net/netfilter/nf_conntrack_standalone.c). None when it is not in that form.
std::optional<conntrack_counters> parse_conntrack_file(std::string_view text);

/// What each has counted together.
void add_counters(conntrack_counters& to, const conntrack_counters& more) noexcept;

}  // namespace nodescope::netlink
