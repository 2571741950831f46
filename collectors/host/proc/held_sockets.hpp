// Whether a process holds a socket, by its number (the one that sock_diag(7) gives). Blocking: for pool threads.
#pragma once

#include "core/error.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace nodescope::host {

/// What one answer may cost.
struct descriptor_allowance {
    std::size_t left = 131'072;  ///< descriptors, of all processes that are looked at; runtimes have some thousands
    std::function<bool()> is_over;
};

/// Given the number of a socket; true ends the look.
using socket_visit = std::function<bool(std::uint32_t inode)>;

/// Whether `visit` returned true for one of the sockets of the process whose /proc/PID is `directory`. It may be called
/// twice for one. Failures as below.
result<bool> blocking_visit_sockets(int directory, const socket_visit& visit, descriptor_allowance& allowed,
                                    std::string_view shown);

/// Looks through the descriptors of the process whose /proc/PID is `directory`. Needs the right to read
/// /proc/PID/fd (its owner's, or CAP_DAC_READ_SEARCH; and that to trace it, CAP_SYS_PTRACE), or else the right to trace
/// it and Linux 5.14, where /proc/PID/fdinfo names inodes. failure::denied where there is neither, failure::too_large
/// and failure::timed_out beyond the allowance. A process that has ended holds nothing. `shown` stands in sentences.
result<bool> blocking_holds_socket(int directory, std::uint32_t inode, descriptor_allowance& allowed,
                                   std::string_view shown);

}  // namespace nodescope::host
