// A few figures of a network namespace, which the kernel keeps whoever asks: each is read in the same time however many
// sockets and connections there are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace nodescope {

/// Counters are since the namespace was made. None: this kernel has no such figure, or it could not be read.
struct namespace_figures {
    std::optional<std::uint64_t> conntrack_entries;
    std::optional<std::uint64_t> conntrack_limit;  ///< of the whole node
    std::optional<std::uint64_t> conntrack_insert_failed;
    std::optional<std::uint64_t> conntrack_dropped;
    std::optional<std::uint64_t> conntrack_early_dropped;

    std::optional<std::uint64_t> tcp_sent_segments;  ///< those that were sent again excepted
    std::optional<std::uint64_t> tcp_retransmitted_segments;
    std::optional<std::uint64_t> tcp_listen_overflows;
    std::optional<std::uint64_t> tcp_listen_drops;
    std::optional<std::uint64_t> tcp_established;  ///< ESTABLISHED and CLOSE_WAIT
    std::optional<std::uint64_t> tcp_time_wait;

    /// Of both families, where the kernel has both.
    std::optional<std::uint64_t> tcp_sockets;  ///< those in TIME_WAIT excepted
    std::optional<std::uint64_t> udp_sockets;
    std::optional<std::uint64_t> udp_receive_buffer_errors;
    std::optional<std::uint64_t> udp_send_buffer_errors;

    std::string missing;  ///< why some could not be read; empty: all that this kernel has are there
};

}  // namespace nodescope
