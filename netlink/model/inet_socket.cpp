#include "netlink/model/inet_socket.hpp"

namespace nodescope::netlink {

std::string_view tcp_state_name(std::uint8_t state) noexcept
{
    // include/net/tcp_states.h
    static constexpr std::array<std::string_view, std::tuple_size_v<tcp_state_counts>> names{
        "",          "established", "syn_sent",   "syn_recv", "fin_wait1", "fin_wait2",
        "time_wait", "close",       "close_wait", "last_ack", "listen",    "closing"};
    return state < names.size() ? names[state] : std::string_view();
}

}  // namespace nodescope::netlink
