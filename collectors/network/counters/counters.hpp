// The counters of a network namespace that the kernel gives as text: net/snmp, net/netstat, net/snmp6, net/sockstat and
// net/sockstat6 under /proc/PID.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/json/writer.hpp"
#include "core/worker_pool.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope {

/// Some are settings that the kernel shows beside its counters, and one of these is -1 (Tcp's MaxConn).
struct network_counter {
    std::string name;
    bool negative = false;
    std::uint64_t amount = 0;
};

struct counter_group {
    std::string name;  ///< "Tcp", "TcpExt", …
    std::vector<network_counter> counters;
};

struct network_counters {
    std::vector<counter_group> snmp;
    std::vector<counter_group> netstat;
    std::vector<counter_group> sockstat;
    std::optional<std::vector<network_counter>> snmp6;    ///< none: this kernel has no IPv6
    std::optional<std::vector<counter_group>> sockstat6;  ///< likewise
    std::string note;
};

/// Two lines a group, names and values ("Ip: Forwarding DefaultTTL" and "Ip: 1 64"), as in snmp and netstat. What is
/// not in that form is left out; a group that comes twice is shown once. Pure, like the following.
std::vector<counter_group> parse_counter_tables(std::string_view text);
/// One line a group, names before their values ("TCP: inuse 5 orphan 0"), as in sockstat.
std::vector<counter_group> parse_counter_lines(std::string_view text);
/// One line a counter, as in snmp6.
std::vector<network_counter> parse_counter_list(std::string_view text);

/// The value of one; none where it is not there, or below zero.
std::optional<std::uint64_t> counter_called(const std::vector<network_counter>& counters, std::string_view name);
std::optional<std::uint64_t> counter_called(const std::vector<counter_group>& groups, std::string_view group,
                                            std::string_view name);

/// Of the namespace of the process whose open /proc/PID is `process_directory`. failure::gone when it has ended,
/// failure::timed_out or failure::cancelled between two files. Blocking: for pool threads.
result<network_counters> blocking_read_counters(int process_directory, deadline limit, const abandon_flag& abandoned);

/// An object by file, in it one by group.
void write_counters(json_writer& out, const network_counters& what);

}  // namespace nodescope
