#include "netlink/decode/namespace_figures.hpp"

#include "core/text_scan.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace nodescope::netlink {

namespace {

using figure_place = std::optional<std::uint64_t> namespace_figures::*;

/// Figures at the same place are added: those of IPv4 and of IPv6.
struct named_figure {
    std::string_view group;  ///< with its colon; empty in a file without groups
    std::string_view name;
    figure_place place;
};

constexpr std::array<named_figure, 7> table_figures{{
    {"Tcp:", "CurrEstab", &namespace_figures::tcp_established},
    {"Tcp:", "OutSegs", &namespace_figures::tcp_sent_segments},
    {"Tcp:", "RetransSegs", &namespace_figures::tcp_retransmitted_segments},
    {"Udp:", "RcvbufErrors", &namespace_figures::udp_receive_buffer_errors},
    {"Udp:", "SndbufErrors", &namespace_figures::udp_send_buffer_errors},
    {"TcpExt:", "ListenOverflows", &namespace_figures::tcp_listen_overflows},
    {"TcpExt:", "ListenDrops", &namespace_figures::tcp_listen_drops},
}};

/// "orphan", "alloc" and "mem" are beside them, and are about the whole machine (net/ipv4/proc.c, sockstat_seq_show).
constexpr std::array<named_figure, 5> socket_figures{{
    {"TCP:", "inuse", &namespace_figures::tcp_sockets},
    {"TCP:", "tw", &namespace_figures::tcp_time_wait},
    {"UDP:", "inuse", &namespace_figures::udp_sockets},
    {"TCP6:", "inuse", &namespace_figures::tcp_sockets},
    {"UDP6:", "inuse", &namespace_figures::udp_sockets},
}};

constexpr std::array<named_figure, 2> listed_figures{{
    {"", "Udp6RcvbufErrors", &namespace_figures::udp_receive_buffer_errors},
    {"", "Udp6SndbufErrors", &namespace_figures::udp_send_buffer_errors},
}};

template <std::size_t Count>
bool has_group(const std::array<named_figure, Count>& known, std::string_view group)
{
    return std::ranges::any_of(known, [&](const named_figure& one) { return one.group == group; });
}

template <std::size_t Count>
void take(const std::array<named_figure, Count>& known, std::string_view group, std::string_view name,
          std::string_view value, namespace_figures& to)
{
    for (const named_figure& one : known) {
        if (one.name != name || one.group != group) continue;
        const auto number = whole_number<std::uint64_t>(value);
        if (number) to.*one.place = (to.*one.place).value_or(0) + *number;
        return;
    }
}

}  // namespace

void take_counter_tables(std::string_view text, namespace_figures& to)
{
    std::string_view names;
    for_each_line(text, [&](std::string_view line) {
        fields values(line);
        fields known(names);
        const std::string_view group = values.next();
        if (group != known.next() || !has_group(table_figures, group)) {
            names = line;
            return true;
        }
        for (std::string_view name = known.next(); !name.empty(); name = known.next()) {
            take(table_figures, group, name, values.next(), to);
        }
        names = {};
        return true;
    });
}

void take_socket_counts(std::string_view text, namespace_figures& to)
{
    for_each_line(text, [&](std::string_view line) {
        fields words(line);
        const std::string_view group = words.next();
        if (!has_group(socket_figures, group)) return true;
        for (std::string_view name = words.next(); !name.empty(); name = words.next()) {
            take(socket_figures, group, name, words.next(), to);
        }
        return true;
    });
}

void take_counter_list(std::string_view text, namespace_figures& to)
{
    for_each_line(text, [&](std::string_view line) {
        fields words(line);
        const std::string_view name = words.next();
        take(listed_figures, "", name, words.next(), to);
        return true;
    });
}

}  // namespace nodescope::netlink
