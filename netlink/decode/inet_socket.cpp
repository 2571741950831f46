#include "netlink/decode/inet_socket.hpp"

#include "netlink/decode/message.hpp"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <cstring>
#include <span>

namespace nodescope::netlink {

namespace {

network_address address_of(std::uint8_t family, const std::uint32_t (&words)[4])
{
    network_address address;
    const std::size_t length = family == AF_INET ? 4 : 16;
    std::memcpy(address.bytes.data(), std::span(words).data(), length);
    return address;
}

/// Longer in each newer kernel; what is taken was in the oldest.
std::optional<tcp_figures> figures_of(byte_span value)
{
    const auto info = read_struct<tcp_info>(value);
    if (!info) return std::nullopt;
    tcp_figures out;
    out.retransmission_timeout_us = info->tcpi_rto;
    out.rtt_us = info->tcpi_rtt;
    out.rtt_variance_us = info->tcpi_rttvar;
    out.congestion_window = info->tcpi_snd_cwnd;
    out.segment_bytes = info->tcpi_snd_mss;
    out.unacknowledged = info->tcpi_unacked;
    out.lost = info->tcpi_lost;
    out.retransmits = info->tcpi_retransmits;
    out.total_retransmits = info->tcpi_total_retrans;
    return out;
}

}  // namespace

std::optional<std::uint8_t> state_of_socket(byte_span message) noexcept
{
    const auto frame = read_struct<nlmsghdr>(message);
    if (!frame || frame->nlmsg_type != SOCK_DIAG_BY_FAMILY || frame->nlmsg_len > message.size()) return std::nullopt;
    const auto header = after(message.first(frame->nlmsg_len), NLMSG_HDRLEN);
    if (header.size() < sizeof(inet_diag_msg)) return std::nullopt;
    return static_cast<std::uint8_t>(header[offsetof(inet_diag_msg, idiag_state)]);
}

bool decode(byte_span message, inet_socket& to, std::size_t& damaged)
{
    const auto begin = [&to](const inet_diag_msg& header) {
        if (header.idiag_family != AF_INET && header.idiag_family != AF_INET6) return false;
        to.family = header.idiag_family;
        to.state = header.idiag_state;
        to.local = address_of(to.family, header.id.idiag_src);
        to.remote = address_of(to.family, header.id.idiag_dst);
        to.local_port = ntohs(header.id.idiag_sport);
        to.remote_port = ntohs(header.id.idiag_dport);
        to.interface_index = header.id.idiag_if;
        to.receive_queue = header.idiag_rqueue;
        to.send_queue = header.idiag_wqueue;
        to.uid = header.idiag_uid;
        to.inode = header.idiag_inode;
        return true;
    };
    const auto take = [&to, &damaged](std::uint16_t type, byte_span value) {
        if (type == INET_DIAG_SKV6ONLY) {
            std::optional<std::uint8_t> only;
            take_number(only, value, damaged);
            if (only && !to.only_ipv6) to.only_ipv6 = *only != 0;
        }
        if (type == INET_DIAG_INFO && !to.figures && !value.empty()) {
            to.figures = figures_of(value);
            if (!to.figures) ++damaged;
        }
    };
    return decode_message<inet_diag_msg>(SOCK_DIAG_BY_FAMILY, message, damaged, begin, take);
}

}  // namespace nodescope::netlink
