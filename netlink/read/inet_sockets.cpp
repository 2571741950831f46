#include "netlink/read/inet_sockets.hpp"

#include "core/files/bounded_file.hpp"
#include "core/text.hpp"
#include "netlink/decode/inet_socket.hpp"
#include "netlink/decode/proc_files.hpp"
#include "netlink/read/dump.hpp"
#include "netlink/read/kernel_modules.hpp"
#include "netlink/read/port_uses.hpp"
#include "netlink/read/socket_files.hpp"

#include <fmt/format.h>

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace nodescope::netlink {

namespace {

/// All states that `ss -a` asks for; the kernel adds the pseudo-states behind them itself.
constexpr std::uint32_t every_tcp_state = 0xFFF;
/// A message about one socket without TCP's figures has less.
constexpr std::size_t counted_socket_bytes = 256;
/// 20 protocols of 200 bytes at most.
constexpr std::size_t protocols_limit = 64UL * 1024UL;
constexpr std::size_t sockstat_limit = 4096;

struct socket_kind {
    std::uint8_t family;
    std::uint8_t protocol;
    std::string_view what;
};
/// TCP of both families in one walk: each goes through the connections of all namespaces, 0.2 to 0.5 ms where there are
/// none, which grows with the node's memory (tcp_ehash_entries).
constexpr std::array<socket_kind, 3> socket_kinds{{{AF_UNSPEC, IPPROTO_TCP, "TCP sockets"},
                                                   {AF_INET, IPPROTO_UDP, "UDP sockets"},
                                                   {AF_INET6, IPPROTO_UDP, "UDP sockets of IPv6"}}};

struct socket_question {
    socket_kind kind;
    std::uint32_t states = every_tcp_state;
    bool with_figures = false;
};

/// The errno of a kernel without sock_diag, or without that protocol in it, is ENOENT (net/core/sock_diag.c).
error without_sock_diag(const socket_kind& kind, const error& cause)
{
    if (cause.kind() != failure::gone) return cause;
    return {failure::unavailable, fmt::format("this kernel does not list {} (sock_diag)", kind.what)};
}

/// Feeds each message about a socket to `take`; `begin` is called before each try.
template <class Begin, class Take>
result<dump_outcome> dump_sockets(netlink_socket& socket, const socket_question& asked, const dump_limits& limits,
                                  deadline limit, const abandon_flag& abandoned, Begin begin, Take take)
{
    const socket_kind& kind = asked.kind;
    if (abandoned.raised()) {
        return error(failure::cancelled,
                     fmt::format("netlink: read {}: nobody waits for the answer any more", kind.what));
    }
    const auto figures = static_cast<std::uint8_t>(asked.with_figures ? 1U << (INET_DIAG_INFO - 1) : 0);
    inet_diag_req_v2 of_one_family{};
    of_one_family.sdiag_family = kind.family;
    of_one_family.sdiag_protocol = kind.protocol;
    of_one_family.idiag_states = asked.states;
    of_one_family.idiag_ext = figures;
    inet_diag_req of_both{};
    of_both.idiag_states = asked.states;
    of_both.idiag_ext = figures;
    const dump_request request = kind.family == AF_UNSPEC ? dump_request(kind.what, TCPDIAG_GETSOCK, of_both)
                                                          : dump_request(kind.what, SOCK_DIAG_BY_FAMILY, of_one_family);
    const dump_reader reader{.begin = begin, .message = [&](const nlmsghdr& message) { take(bytes_of(message)); }};
    auto done = dump(socket, request, limits, reader, limit);
    if (!done) return without_sock_diag(kind, done.error());
    return done;
}

class overview_reader {
public:
    explicit overview_reader(const sockets_options& options)
        : uses_(options.first_port, options.last_port), options_(options)
    {
    }

    /// Counts it; whether it is to be listed.
    bool count(const socket_kind& kind, std::uint8_t state)
    {
        if (state >= seen_.size()) {
            ++damaged_;
            return false;
        }
        ++seen_[state];
        ++counted_;
        const bool tcp = kind.protocol == IPPROTO_TCP;
        return (!tcp || state == TCP_LISTEN) && found_.size() < (tcp ? options_.listeners : options_.udp);
    }
    void take(const socket_kind& kind, byte_span message)
    {
        const auto state = state_of_socket(message);
        if (!state) {
            ++damaged_;
            return;
        }
        const bool listed = count(kind, *state);
        const bool used = kind.protocol == IPPROTO_TCP && uses_.counts();
        if (!listed && !used) return;
        inet_socket one;
        if (!decode(message, one, damaged_)) return;
        one.protocol = kind.protocol;
        if (used) uses_.add(one);
        if (listed) found_.push_back(one);
    }

    /// Nothing of this kind has been seen yet.
    void begin(const std::vector<inet_socket>& listed, bool counts_uses)
    {
        found_ = listed;
        if (counts_uses) uses_.clear();
        seen_ = {};
        counted_ = 0;
        damaged_ = 0;
    }

    /// By the kernel's files, as far as may be counted.
    result<dump_outcome> read_files(const socket_kind& kind, int process_directory, deadline limit,
                                    const abandon_flag& abandoned)
    {
        dump_outcome outcome;
        const auto take_line = [&](const inet_socket& one) {
            outcome.truncated = counted_ == options_.counted;
            if (outcome.truncated) return false;
            if (kind.protocol == IPPROTO_TCP && uses_.counts()) uses_.add(one);
            if (count(kind, one.state)) found_.push_back(one);
            return true;
        };
        for (const std::uint8_t family : {std::uint8_t{AF_INET}, std::uint8_t{AF_INET6}}) {
            if (kind.family != AF_UNSPEC && kind.family != family) continue;
            const auto done =
                blocking_read_socket_file(process_directory, family, kind.protocol, limit, abandoned, take_line);
            if (!done) return done.error();
        }
        return outcome;
    }

    std::vector<inet_socket> found_;
    tcp_state_counts seen_{};
    std::size_t counted_ = 0;
    std::size_t damaged_ = 0;
    port_use_counter uses_;

private:
    const sockets_options& options_;
};

bool would_load_diag(const socket_kind& kind, const std::string& root)
{
    return blocking_would_load(root, "inet_diag", kind.protocol == IPPROTO_TCP ? "tcp_diag" : "udp_diag");
}

void tell_damage(std::string& note, const socket_kind& kind, std::size_t damaged, const dump_outcome& how)
{
    if (damaged > 0) append_clause(note, fmt::format("{} messages about {} were damaged", damaged, kind.what));
    if (!how.consistent) append_clause(note, fmt::format("{} changed while they were read", kind.what));
}

/// Whether the kernel's tables have no TCP socket of that namespace, by its own counts. These are sums over processors
/// that are not taken at once, so what has much coming and going may be missed: listeners are looked for all the same.
bool has_no_tcp(int process_directory)
{
    for (const char* const name : {"net/sockstat", "net/sockstat6"}) {
        const auto text = files::read_file_at(process_directory, name, sockstat_limit, name);
        if (!text || count_tcp_sockets(text->text) != std::uint64_t{0}) return false;
    }
    return true;
}

std::optional<std::uint64_t> read_unix_count(int process_directory)
{
    const auto text = files::read_file_at(process_directory, "net/protocols", protocols_limit, "net/protocols");
    if (!text) return std::nullopt;
    return count_unix_sockets(text->text);
}

}  // namespace

result<socket_overview> blocking_read_sockets(const net_namespace& home, const net_namespace& target,
                                              int process_directory, const sockets_options& options, deadline limit,
                                              const abandon_flag& abandoned)
{
    auto socket = netlink_socket::open_in(home, target, NETLINK_SOCK_DIAG);
    if (!socket) return socket.error();
    socket_overview made;
    overview_reader reading(options);
    const dump_limits all{options.counted, options.counted * counted_socket_bytes};
    for (const socket_kind& kind : socket_kinds) {
        const bool tcp = kind.protocol == IPPROTO_TCP;
        if (!tcp && options.only_tcp) continue;
        std::vector<inet_socket>& list = tcp ? made.listeners : made.udp;
        result<dump_outcome> done = error(failure::unavailable, "sock_diag is not asked");
        const auto ask = [&](std::uint32_t states) {
            return dump_sockets(
                *socket, {.kind = kind, .states = states}, all, limit, abandoned, [&] { reading.begin(list, tcp); },
                [&](byte_span message) { reading.take(kind, message); });
        };
        if (!options.by_files && !would_load_diag(kind, options.root)) {
            // For listeners alone the kernel does not go through all connections (inet_diag_dump_icsk).
            const bool few = tcp && has_no_tcp(process_directory);
            if (few) done = ask(1U << TCP_LISTEN);
            if (!few || (done && reading.counted_ > 0)) done = ask(every_tcp_state);
        }
        if (!done && done.error().kind() == failure::unavailable) {
            reading.begin(list, tcp);
            done = reading.read_files(kind, process_directory, limit, abandoned);
            append_clause(made.note, fmt::format("{} by the kernel's files: its sock_diag is not there", kind.what));
            if (tcp) made.queue_limits_known = false;
        }
        if (!done) return done.error();
        list = std::move(reading.found_);
        for (std::size_t state = 0; state < reading.seen_.size(); ++state) {
            if (tcp) made.tcp_by_state[state] += reading.seen_[state];
            else made.udp_count += reading.seen_[state];
        }
        tell_damage(made.note, kind, reading.damaged_, *done);
        if (done->truncated)
            append_clause(made.note, fmt::format("of {} only {} were counted", kind.what, all.messages));
    }
    std::ranges::stable_sort(made.listeners, {}, &inet_socket::family);
    if (made.listeners.size() < made.tcp_by_state[TCP_LISTEN]) {
        append_clause(made.note, fmt::format("{} of {} listeners are listed", made.listeners.size(),
                                             made.tcp_by_state[TCP_LISTEN]));
    }
    if (made.udp.size() < made.udp_count) {
        append_clause(made.note, fmt::format("{} of {} UDP sockets are listed", made.udp.size(), made.udp_count));
    }
    made.port_uses = reading.uses_.most_used();
    made.port_uses_complete = reading.uses_.complete();
    if (options.only_tcp) return made;
    made.unix_count = read_unix_count(process_directory);
    if (!made.unix_count) append_clause(made.note, "Unix sockets could not be counted (net/protocols)");
    return made;
}

result<socket_list> blocking_read_all_sockets(const net_namespace& home, const net_namespace& target,
                                              const all_sockets_options& options, deadline limit,
                                              const abandon_flag& abandoned)
{
    auto socket = netlink_socket::open_in(home, target, NETLINK_SOCK_DIAG);
    if (!socket) return socket.error();
    socket_list made;
    std::size_t bytes_left = options.bytes;
    for (const socket_kind& kind : socket_kinds) {
        const std::size_t before = made.items.size();
        std::size_t damaged = 0;
        const error not_loaded(
            failure::unavailable,
            fmt::format("{} are not asked for: the kernel would load a module (sock_diag)", kind.what));
        result<dump_outcome> done = not_loaded;
        if (!would_load_diag(kind, options.root))
            done = dump_sockets(
                *socket, {.kind = kind, .with_figures = true}, {options.sockets - before, bytes_left}, limit, abandoned,
                [&] {
                    made.items.resize(before);
                    damaged = 0;
                },
                [&](byte_span message) {
                    inet_socket& one = made.items.emplace_back();
                    one.protocol = kind.protocol;
                    if (!decode(message, one, damaged)) made.items.pop_back();
                });
        if (!done && (kind.protocol == IPPROTO_TCP || done.error().kind() != failure::unavailable)) return done.error();
        if (!done) {
            append_clause(made.note, done.error().message());
            continue;
        }
        tell_damage(made.note, kind, damaged, *done);
        std::stable_sort(made.items.begin() + static_cast<std::ptrdiff_t>(before), made.items.end(),
                         [](const inet_socket& a, const inet_socket& b) { return a.family < b.family; });
        if (done->truncated) {
            append_clause(made.note, fmt::format("there are more than the {} {} that are listed",
                                                 made.items.size() - before, kind.what));
        }
        bytes_left -= std::min(bytes_left, done->bytes);
    }
    return made;
}

}  // namespace nodescope::netlink
