#include "collectors/host/proc/network_text.hpp"

#include "core/text_scan.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace nodescope::host {

namespace {

constexpr std::array<std::string_view, 4> left_out{"lo", "veth", "docker", "nerdctl"};

// The columns of net/dev that are of use, by number after the colon: the first four of receiving and of sending.
struct column {
    std::size_t number;
    std::uint64_t interface_counters::*member;
};
constexpr std::array columns{
    column{0, &interface_counters::rx_bytes},   column{1, &interface_counters::rx_packets},
    column{2, &interface_counters::rx_errors},  column{3, &interface_counters::rx_dropped},
    column{8, &interface_counters::tx_bytes},   column{9, &interface_counters::tx_packets},
    column{10, &interface_counters::tx_errors}, column{11, &interface_counters::tx_dropped},
};

std::optional<interface_counters> parse_interface(std::string_view line)
{
    // A name may hold a colon (an alias), but no blank; the kernel puts a blank or a digit after the last one.
    const std::size_t colon = line.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    interface_counters interface;
    interface.name = fields(line.substr(0, colon)).next();
    if (interface.name.empty()) return std::nullopt;
    fields words(line.substr(colon + 1));
    std::size_t number = 0;
    for (const column& wanted : columns) {
        std::string_view word = words.next();
        for (; number < wanted.number; ++number) word = words.next();
        ++number;
        const auto value = whole_number<std::uint64_t>(word);
        if (!value) return std::nullopt;
        interface.*wanted.member = *value;
    }
    return interface;
}

// The fields of a line of a socket table. "sl local_address rem_address st tx_queue:rx_queue …": the first ends in a
// colon.
std::optional<fields> socket_fields(std::string_view line)
{
    fields words(line);
    if (!words.next().ends_with(':')) return std::nullopt;
    words.next();
    words.next();
    return words;
}

}  // namespace

bool is_left_out(std::string_view interface_name) noexcept
{
    return std::any_of(left_out.begin(), left_out.end(),
                       [&](std::string_view prefix) { return interface_name.starts_with(prefix); });
}

std::vector<interface_counters> parse_net_dev(std::string_view text)
{
    std::vector<interface_counters> interfaces;
    for_each_line(text, [&](std::string_view line) {
        auto interface = parse_interface(line);
        if (interface && !is_left_out(interface->name)) interfaces.push_back(std::move(*interface));
        return interfaces.size() < interface_limit;
    });
    return interfaces;
}

void count_tcp_line(std::string_view line, tcp_states& into)
{
    auto words = socket_fields(line);
    if (!words) return;
    const auto state = whole_number<unsigned>(words->next(), 16);
    if (state && *state >= 1 && *state <= into.by_state.size()) ++into.by_state.at(*state - 1);
}

void count_udp_line(std::string_view line, udp_counters& into)
{
    auto words = socket_fields(line);
    if (!words) return;
    words->next();
    const std::string_view queues = words->next();
    const std::size_t colon = queues.find(':');
    if (colon == std::string_view::npos) return;
    const auto sent = whole_number<std::uint32_t>(queues.substr(0, colon), 16);
    const auto received = whole_number<std::uint32_t>(queues.substr(colon + 1), 16);
    std::string_view last;
    for (std::string_view word = words->next(); !word.empty(); word = words->next()) last = word;
    const auto dropped = whole_number<std::uint64_t>(last);
    if (!sent || !received || !dropped) return;
    ++into.listen;
    into.tx_queued += *sent;
    into.rx_queued += *received;
    into.dropped += *dropped;
}

}  // namespace nodescope::host
