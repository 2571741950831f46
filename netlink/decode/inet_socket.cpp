#include "netlink/decode/inet_socket.hpp"

#include "core/text_scan.hpp"
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

/// As it was asked for: of both families at once (TCPDIAG_GETSOCK), or of one.
bool is_of_socket(std::uint16_t message_type) noexcept
{
    return message_type == SOCK_DIAG_BY_FAMILY || message_type == TCPDIAG_GETSOCK;
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

/// "0100007F:1F90": words of four bytes as the processor has them, and a port.
bool take_end(std::string_view text, std::uint8_t family, network_address& address, std::uint16_t& port)
{
    const std::size_t words = family == AF_INET ? 1 : 4;
    const auto parts = split_at(text, ':');
    if (!parts || parts->first.size() != words * 8) return false;
    for (std::size_t i = 0; i < words; ++i) {
        const auto word = whole_number<std::uint32_t>(parts->first.substr(i * 8, 8), 16);
        if (!word) return false;
        std::memcpy(address.bytes.data() + i * sizeof *word, &*word, sizeof *word);
    }
    const auto number = whole_number<std::uint16_t>(parts->second, 16);
    port = number.value_or(0);
    return number.has_value();
}

}  // namespace

std::optional<inet_socket> parse_socket_line(std::string_view line, std::uint8_t family)
{
    fields words(line);
    words.next();  // its number
    inet_socket made;
    made.family = family;
    if (!take_end(words.next(), family, made.local, made.local_port)) return std::nullopt;
    if (!take_end(words.next(), family, made.remote, made.remote_port)) return std::nullopt;
    const auto state = whole_number<std::uint8_t>(words.next(), 16);
    const auto queues = split_at(words.next(), ':');
    if (!state || !queues) return std::nullopt;
    const auto send = whole_number<std::uint32_t>(queues->first, 16);
    const auto receive = whole_number<std::uint32_t>(queues->second, 16);
    words.next();  // its timer
    words.next();  // retransmits
    const auto uid = whole_number<std::uint32_t>(words.next());
    words.next();  // timeout
    const auto inode = whole_number<std::uint32_t>(words.next());
    if (!send || !receive || !uid || !inode) return std::nullopt;
    made.state = *state;
    made.send_queue = *send;
    made.receive_queue = *receive;
    made.uid = *uid;
    made.inode = *inode;
    return made;
}

std::optional<std::uint8_t> state_of_socket(byte_span message) noexcept
{
    const auto frame = read_struct<nlmsghdr>(message);
    if (!frame || !is_of_socket(frame->nlmsg_type) || frame->nlmsg_len > message.size()) return std::nullopt;
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
    const auto frame = read_struct<nlmsghdr>(message);
    const bool both = frame && frame->nlmsg_type == TCPDIAG_GETSOCK;
    return decode_message<inet_diag_msg>(both ? TCPDIAG_GETSOCK : SOCK_DIAG_BY_FAMILY, message, damaged, begin, take);
}

}  // namespace nodescope::netlink
