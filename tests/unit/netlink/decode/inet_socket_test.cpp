#include "netlink/decode/inet_socket.hpp"

#include "tests/unit/netlink/composed_message.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>

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
