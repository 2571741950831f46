// The figures of a network namespace, from the texts of snmp, netstat, sockstat, snmp6 and sockstat6. No I/O.
#pragma once

#include "netlink/model/namespace_figures.hpp"

#include <string_view>

namespace nodescope::netlink {

/// From a file with two lines a group, names and values ("Tcp: RtoAlgorithm …" and "Tcp: 1 …"), as snmp and netstat.
/// What is not there, or no whole number, stays as it was; likewise in the following.
void take_counter_tables(std::string_view text, namespace_figures& to);
/// From a file with one line a group, names before their values ("TCP: inuse 5 orphan 0"), as sockstat and sockstat6.
void take_socket_counts(std::string_view text, namespace_figures& to);
/// From a file with one line a counter ("Udp6RcvbufErrors 0"), as snmp6.
void take_counter_list(std::string_view text, namespace_figures& to);

}  // namespace nodescope::netlink
