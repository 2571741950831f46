// How the processes of a container look names up: its own /etc/resolv.conf and /etc/hosts.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/json/writer.hpp"
#include "core/worker_pool.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope {

/// As resolv.conf(5) and glibc's resolv/res_init.c read it.
struct resolv_conf {
    std::vector<std::string> nameservers;  ///< all that are addresses; glibc asks the first three
    std::vector<std::string> search;       ///< of the last line of `search` or `domain`
    std::vector<std::string> options;      ///< of all lines
    std::vector<std::string> sortlist;     ///< of the last line
    std::size_t unknown_nameservers = 0;   ///< lines whose address no resolver can use
};

struct hosts_entry {
    std::string address;
    std::vector<std::string> names;
};

struct hosts_file {
    std::vector<hosts_entry> entries;
    std::size_t left_out = 0;  ///< where there is no room
};

struct container_resolver {
    std::optional<resolv_conf> configuration;
    std::optional<hosts_file> hosts;
    /// Whether a route leads to each nameserver; empty where nobody has asked.
    std::vector<std::optional<bool>> nameserver_routes;
    std::string note;
};

/// Files are read to here.
inline constexpr std::size_t resolv_conf_limit_bytes = 64UL * 1024UL;
inline constexpr std::size_t hosts_limit_bytes = 256UL * 1024UL;
inline constexpr std::size_t hosts_entries_limit = 5000;

/// Pure, like the next.
resolv_conf parse_resolv_conf(std::string_view text);
/// As hosts(5) says. Lines without an address or a name are left out.
hosts_file parse_hosts(std::string_view text);

/// Below the root directory of the process whose open /proc/PID is `process_directory`, links followed as the process
/// would follow them, and never out of it; neither pipes nor devices are opened. A file that cannot be read is left
/// out, and `note` says why. failure::gone when the process has ended; the failure of resolv.conf when neither can be
/// read; failure::timed_out or failure::cancelled between two reads.
///
/// Blocking, and such a file can hang (a file system of the network that is away): for threads of its own.
result<container_resolver> blocking_read_resolver(int process_directory, deadline limit, const abandon_flag& abandoned);

void write_resolver(json_writer& out, const container_resolver& what);

}  // namespace nodescope
