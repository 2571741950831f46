#include "netlink/json/sockets.hpp"

#include "netlink/text/address_text.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>

namespace nodescope::netlink {

namespace {

/// UDP knows two states only: whoever has called connect() is established.
std::string_view state_shown(const inet_socket& of)
{
    if (of.protocol == IPPROTO_UDP && of.state == TCP_CLOSE) return "unconnected";
    return tcp_state_name(of.state);
}

void write_local(json_writer& out, const inet_socket& of)
{
    out.member("family", of.family == AF_INET ? std::string_view("ipv4") : std::string_view("ipv6"));
    out.member("address", address_text(of.family, of.local));
    out.member("port", of.local_port);
    if (of.interface_index != 0) out.member("ifindex", of.interface_index);
    if (of.only_ipv6) out.member("only_ipv6", *of.only_ipv6);
}

void write_owner(json_writer& out, const inet_socket& of)
{
    out.member("uid", of.uid);
    out.member("inode", of.inode);
}

void write_holder(json_writer& out, const inet_socket& of, const std::map<std::uint32_t, socket_process>& holders)
{
    const auto found = holders.find(of.inode);
    if (of.inode == 0 || found == holders.end()) return;
    out.member("process", found->second.pid);
    out.member("name", found->second.name);
}

void write_peer(json_writer& out, const inet_socket& of)
{
    out.member("peer_address", address_text(of.family, of.remote));
    out.member("peer_port", of.remote_port);
}

void write_queues(json_writer& out, const inet_socket& of)
{
    out.member("receive_queue", of.receive_queue);
    out.member("send_queue", of.send_queue);
}

void write_figures(json_writer& out, const tcp_figures& of)
{
    out.member("rto_us", of.retransmission_timeout_us);
    out.member("rtt_us", of.rtt_us);
    out.member("rtt_variance_us", of.rtt_variance_us);
    out.member("cwnd", of.congestion_window);
    out.member("mss", of.segment_bytes);
    out.member("unacked", of.unacknowledged);
    out.member("lost", of.lost);
    out.member("retransmits", of.retransmits);
    out.member("total_retransmits", of.total_retransmits);
}

}  // namespace

void write_sockets(json_writer& out, const socket_overview& what)
{
    const auto write_listener = [&](const inet_socket& one) {
        write_local(out, one);
        out.member("queue", one.receive_queue);
        out.key("queue_limit");
        if (what.queue_limits_known) out.value(one.send_queue);
        else out.null();
        write_owner(out, one);
        write_holder(out, one, what.holders);
    };
    const auto write_udp = [&](const inet_socket& one) {
        write_local(out, one);
        write_peer(out, one);
        out.member("state", state_shown(one));
        write_queues(out, one);
        write_owner(out, one);
        write_holder(out, one, what.holders);
    };
    out.object([&] {
        out.object_member("tcp", [&] {
            out.objects_member("listen", what.listeners, write_listener);
            out.object_member("by_state", [&] {
                for (std::uint8_t state = TCP_ESTABLISHED; state <= TCP_CLOSING; ++state) {
                    out.member(tcp_state_name(state), what.tcp_by_state[state]);
                }
            });
        });
        out.objects_member("udp", what.udp, write_udp);
        out.member("udp_count", what.udp_count);
        out.member("unix_count", what.unix_count);
    });
}

void write_socket(json_writer& out, const inet_socket& one)
{
    out.object([&] {
        out.member("protocol", one.protocol == IPPROTO_UDP ? std::string_view("udp") : std::string_view("tcp"));
        out.member("state", state_shown(one));
        write_local(out, one);
        write_peer(out, one);
        write_queues(out, one);
        write_owner(out, one);
        // Of a listener they say what its queues say.
        if (one.figures && one.state != TCP_LISTEN) write_figures(out, *one.figures);
    });
}

void write_all_sockets(json_writer& out, const socket_list& what)
{
    out.array(what.items, [&](const inet_socket& one) { write_socket(out, one); });
}

}  // namespace nodescope::netlink
