// Sockets of TCP and UDP of a network namespace, as sock_diag(7) describes them all.
#pragma once

#include "netlink/model/address.hpp"
#include "netlink/model/port_use.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::netlink {

/// What TCP knows of a connection (struct tcp_info).
struct tcp_figures {
    std::uint32_t retransmission_timeout_us = 0;
    std::uint32_t rtt_us = 0;
    std::uint32_t rtt_variance_us = 0;
    std::uint32_t congestion_window = 0;  ///< segments
    std::uint32_t segment_bytes = 0;      ///< the largest that is sent
    std::uint32_t unacknowledged = 0;     ///< segments on their way
    std::uint32_t lost = 0;
    std::uint32_t retransmits = 0;        ///< of the segment that is waited for now
    std::uint32_t total_retransmits = 0;  ///< since the connection was made
};

struct inet_socket {
    std::uint8_t family = 0;    ///< AF_INET, AF_INET6
    std::uint8_t protocol = 0;  ///< IPPROTO_TCP, IPPROTO_UDP; not in the message: who asked knows it
    std::uint8_t state = 0;     ///< TCP_ESTABLISHED, …; for UDP TCP_CLOSE: not connected
    network_address local;
    network_address remote;
    std::uint16_t local_port = 0;       ///< in host order
    std::uint16_t remote_port = 0;      ///< in host order
    std::uint32_t interface_index = 0;  ///< to which it is bound; 0: to none
    std::uint32_t receive_queue = 0;    ///< bytes; of a listener the connections that wait to be accepted
    std::uint32_t send_queue = 0;       ///< bytes; of a listener the limit of those
    std::uint32_t uid = 0;              ///< 0 also where no process holds it
    std::uint32_t inode = 0;            ///< 0: no process holds it
    std::optional<bool> only_ipv6;      ///< IPV6_V6ONLY, of IPv6
    std::optional<tcp_figures> figures;
};

/// One of the processes that hold a socket.
struct socket_process {
    int pid = 0;
    std::string name;  ///< its `comm`, which it may have chosen
};

/// By TCP_ESTABLISHED (1) to TCP_CLOSING (11).
using tcp_state_counts = std::array<std::uint64_t, 12>;
/// "established", "syn_sent", …; empty for a number that is no state.
std::string_view tcp_state_name(std::uint8_t state) noexcept;

/// What there is, as far as lists have room; counts are of all.
struct socket_overview {
    std::vector<inet_socket> listeners;  ///< TCP
    tcp_state_counts tcp_by_state{};     ///< of both families
    std::vector<inet_socket> udp;
    std::uint64_t udp_count = 0;
    std::optional<std::uint64_t> unix_count;
    bool queue_limits_known = true;                   ///< of the listeners
    std::map<std::uint32_t, socket_process> holders;  ///< by inode; not filled in by the reader
    std::string note;                                 ///< what is missing, for people; empty where nothing is
    std::vector<port_use> port_uses;                  ///< where asked for: those with the most ports
    bool port_uses_complete = true;
};

struct socket_list {
    std::vector<inet_socket> items;  ///< TCP before UDP, IPv4 before IPv6
    std::string note;
};

}  // namespace nodescope::netlink
