#include "netlink/decode/inet_socket.hpp"

#include "tests/unit/netlink/composed_message.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>

#include <cstring>
#include <optional>
#include <string>

namespace nodescope::netlink {
namespace {

using testing::composed;

inet_diag_msg connection()
{
    inet_diag_msg out{};
    out.idiag_family = AF_INET6;
    out.idiag_state = TCP_ESTABLISHED;
    out.idiag_rqueue = 11;
    out.idiag_wqueue = 22;
    out.idiag_uid = 65'534;
    out.idiag_inode = 77;
    out.id.idiag_sport = htons(443);
    out.id.idiag_dport = htons(50'000);
    out.id.idiag_if = 3;
    inet_pton(AF_INET6, "fd00::1", &out.id.idiag_src);
    inet_pton(AF_INET6, "fd00::2", &out.id.idiag_dst);
    return out;
}

/// As newer kernels give it: with more behind what this program knows.
std::string info(std::size_t more = 64)
{
    tcp_info known{};
    known.tcpi_rto = 204'000;
    known.tcpi_rtt = 26;
    known.tcpi_rttvar = 13;
    known.tcpi_snd_cwnd = 10;
    known.tcpi_snd_mss = 1448;
    known.tcpi_unacked = 5;
    known.tcpi_lost = 2;
    known.tcpi_retransmits = 1;
    known.tcpi_total_retrans = 9;
    return std::string(reinterpret_cast<const char*>(&known), sizeof known) + std::string(more, 'x');
}

composed whole()
{
    composed message(SOCK_DIAG_BY_FAMILY, connection());
    message.u8(INET_DIAG_SKV6ONLY, 1).bytes(INET_DIAG_INFO, info());
    return message;
}

TEST(DecodeInetSocket, ReadsEndsQueuesOwnerAndWhatTcpKnows)
{
    std::size_t damaged = 0;
    inet_socket found;
    ASSERT_TRUE(decode(whole(), found, damaged));

    EXPECT_EQ(damaged, 0U);
    EXPECT_EQ(found.family, AF_INET6);
    EXPECT_EQ(found.state, TCP_ESTABLISHED);
    EXPECT_EQ(found.local.bytes[0], 0xfd);
    EXPECT_EQ(found.local.bytes[15], 1);
    EXPECT_EQ(found.remote.bytes[15], 2);
    EXPECT_EQ(found.local_port, 443);
    EXPECT_EQ(found.remote_port, 50'000);
    EXPECT_EQ(found.interface_index, 3U);
    EXPECT_EQ(found.receive_queue, 11U);
    EXPECT_EQ(found.send_queue, 22U);
    EXPECT_EQ(found.uid, 65'534U);
    EXPECT_EQ(found.inode, 77U);
    EXPECT_EQ(found.only_ipv6, std::optional(true));
    ASSERT_TRUE(found.figures);
    EXPECT_EQ(found.figures->retransmission_timeout_us, 204'000U);
    EXPECT_EQ(found.figures->rtt_us, 26U);
    EXPECT_EQ(found.figures->rtt_variance_us, 13U);
    EXPECT_EQ(found.figures->congestion_window, 10U);
    EXPECT_EQ(found.figures->segment_bytes, 1448U);
    EXPECT_EQ(found.figures->unacknowledged, 5U);
    EXPECT_EQ(found.figures->lost, 2U);
    EXPECT_EQ(found.figures->retransmits, 1U);
    EXPECT_EQ(found.figures->total_retransmits, 9U);
}

TEST(DecodeInetSocket, AnIpv4AddressHasFourBytes)
{
    inet_diag_msg header = connection();
    header.idiag_family = AF_INET;
    std::size_t damaged = 0;
    inet_socket found;
    ASSERT_TRUE(decode(composed(SOCK_DIAG_BY_FAMILY, header), found, damaged));
    EXPECT_EQ(found.local.bytes[0], 0xfd);
    EXPECT_EQ(found.local.bytes[15], 0);
    EXPECT_FALSE(found.only_ipv6);
    EXPECT_FALSE(found.figures);
}

TEST(DecodeInetSocket, FiguresThatAreCutAreLeftOutAndCounted)
{
    composed message(SOCK_DIAG_BY_FAMILY, connection());
    message.bytes(INET_DIAG_INFO, info().substr(0, sizeof(tcp_info) - 1)).bytes(INET_DIAG_SKV6ONLY, "");
    std::size_t damaged = 0;
    inet_socket found;
    ASSERT_TRUE(decode(message, found, damaged));
    EXPECT_FALSE(found.figures);
    EXPECT_FALSE(found.only_ipv6);
    EXPECT_EQ(damaged, 2U);
}

TEST(DecodeInetSocket, RefusesAnotherFamilyAndType)
{
    inet_diag_msg strange = connection();
    strange.idiag_family = AF_UNIX;
    std::size_t damaged = 0;
    inet_socket found;
    EXPECT_FALSE(decode(composed(SOCK_DIAG_BY_FAMILY, strange), found, damaged));
    EXPECT_FALSE(decode(composed(RTM_NEWLINK, connection()), found, damaged));
    EXPECT_FALSE(state_of_socket(composed(RTM_NEWLINK, connection())));
    EXPECT_EQ(damaged, 1U);
}

TEST(DecodeInetSocket, SurvivesDamage)
{
    const composed message = whole();
    std::size_t decoded = 0;
    testing::for_each_damage(message, [&](byte_span damaged_message) {
        std::size_t damaged = 0;
        inet_socket found;
        const bool good = decode(damaged_message, found, damaged);
        decoded += good;
        if (good) EXPECT_EQ(state_of_socket(damaged_message), std::optional(found.state));
        else (void)state_of_socket(damaged_message);
    });
    EXPECT_GT(decoded, 0U);
}

TEST(ParseSocketLine, ReadsBothFamilies)
{
    // As a little-endian processor writes them.
    const auto four = parse_socket_line(
        "   0: 0100007F:1F90 0200007F:0050 0A 0000000A:0000000B 00:00000000 00000000    33        0 4711 1 0", AF_INET);
    ASSERT_TRUE(four);
    EXPECT_EQ(four->local_port, 8080);
    EXPECT_EQ(four->remote_port, 80);
    EXPECT_EQ(four->state, TCP_LISTEN);
    EXPECT_EQ(four->send_queue, 10U);
    EXPECT_EQ(four->receive_queue, 11U);
    EXPECT_EQ(four->uid, 33U);
    EXPECT_EQ(four->inode, 4711U);
    std::uint32_t word = 0;
    std::memcpy(&word, four->local.bytes.data(), sizeof word);
    EXPECT_EQ(word, 0x0100007FU);
    const auto six = parse_socket_line(
        "  12: 000080FE000000000000000001000000:0035 00000000000000000000000000000000:0000 07 0:0 00:0 0 0 0 9 2",
        AF_INET6);
    ASSERT_TRUE(six);
    EXPECT_EQ(six->local_port, 53);
    std::memcpy(&word, six->local.bytes.data() + 12, sizeof word);
    EXPECT_EQ(word, 0x01000000U);
}

TEST(ParseSocketLine, RefusesWhatIsNotInThatForm)
{
    const std::string good =
        "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000    33        0 4711";
    EXPECT_TRUE(parse_socket_line(good, AF_INET));
    EXPECT_FALSE(parse_socket_line(good, AF_INET6));
    EXPECT_FALSE(parse_socket_line("  sl  local_address rem_address   st tx_queue rx_queue", AF_INET));
    for (std::size_t size = 0; size + 4 < good.size(); ++size) {
        const testing::guarded_bytes cut(std::string_view(good).substr(0, size));
        EXPECT_FALSE(parse_socket_line(cut.view(), AF_INET)) << size;
    }
    for (std::size_t at = 6; at < good.size(); ++at) {
        std::string changed = good;
        changed[at] = 'x';
        (void)parse_socket_line(changed, AF_INET);
    }
}

TEST(TcpStateName, KnowsTheElevenStates)
{
    EXPECT_EQ(tcp_state_name(TCP_ESTABLISHED), "established");
    EXPECT_EQ(tcp_state_name(TCP_LISTEN), "listen");
    EXPECT_EQ(tcp_state_name(TCP_CLOSING), "closing");
    EXPECT_EQ(tcp_state_name(0), "");
    EXPECT_EQ(tcp_state_name(255), "");
}

}  // namespace
}  // namespace nodescope::netlink
