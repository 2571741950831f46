// Reads the sockets of a network namespace. Blocking: for pool threads.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"
#include "netlink/model/inet_socket.hpp"
#include "netlink/net_namespace.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace nodescope::netlink {

struct sockets_options {
    std::size_t listeners = 1000;  ///< of TCP that are listed
    std::size_t udp = 1000;        ///< that are listed
    /// Counted ones, of each protocol and family. What the kernel gives for one takes 120 bytes.
    std::size_t counted = 4'000'000;
    std::string root = "/";  ///< for the list of what is part of the kernel
    bool by_files = false;   ///< whatever the kernel has; for tests
    bool only_tcp = false;   ///< nothing about sockets of UDP and Unix
    /// Connections of TCP from local ports in this range are counted by destination; 0 and 0: not.
    std::uint16_t first_port = 0;
    std::uint16_t last_port = 0;
};

/// The listeners of TCP, how many sockets are in which state, the sockets of UDP, and how many Unix sockets there are
/// (by net/protocols under the open /proc/PID of a process there). However many there are, only those that are listed
/// are held. Failures are those of dump() in netlink/read/dump.hpp; failure::cancelled when `abandoned` is raised
/// between two dumps. Where the kernel has no sock_diag for a protocol, or would load a module to answer, its files are
/// read, which say less: `note` says so.
result<socket_overview> blocking_read_sockets(const net_namespace& home, const net_namespace& target,
                                              int process_directory, const sockets_options& options, deadline limit,
                                              const abandon_flag& abandoned);

struct all_sockets_options {
    std::size_t sockets = 10'000;
    std::size_t bytes = 8UL * 1024UL * 1024UL;  ///< read from the kernel: some 450 a socket
    std::string root = "/";                     ///< as above
};

/// All of TCP and UDP with what TCP knows of each connection, as far as the limits allow. Failures as above;
/// failure::unavailable where TCP's sock_diag is not there, or not loaded: no file has those figures.
result<socket_list> blocking_read_all_sockets(const net_namespace& home, const net_namespace& target,
                                              const all_sockets_options& options, deadline limit,
                                              const abandon_flag& abandoned);

}  // namespace nodescope::netlink
