#include "netlink/decode/decode.hpp"

#include "tests/unit/netlink/composed_message.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace nodescope::netlink {
namespace {

using testing::composed;

constexpr std::uint64_t some_cgroup = 0x1'0000'0007;

inet_diag_msg established()
{
    inet_diag_msg out{};
    out.idiag_family = AF_INET;
    out.idiag_state = TCP_ESTABLISHED;
    out.idiag_uid = 65'534;
    out.idiag_inode = 77;
    out.id.idiag_sport = htons(4'711);
    out.id.idiag_dport = htons(8'095);
    out.id.idiag_src[0] = out.id.idiag_dst[0] = htonl(INADDR_LOOPBACK);
    return out;
}

TEST(DecodeTcpSocket, ReadsBothEndsTheOwnerAndTheCgroup)
{
    std::size_t damaged = 0;
    tcp_socket found;
    composed message(SOCK_DIAG_BY_FAMILY, established());
    message.number(INET_DIAG_CGROUP_ID, some_cgroup);

    ASSERT_TRUE(decode(message, found, damaged));

    EXPECT_EQ(damaged, 0U);
    EXPECT_EQ(found.ours.port, htons(4'711));
    EXPECT_EQ(found.theirs.port, htons(8'095));
    EXPECT_TRUE(found.ours.is_loopback());
    EXPECT_EQ(found.uid, 65'534U);
    EXPECT_EQ(found.inode, 77U);
    EXPECT_EQ(found.cgroup, std::optional(some_cgroup));
}

TEST(DecodeTcpSocket, RefusesAnotherFamilyAndACutHeader)
{
    std::size_t damaged = 0;
    tcp_socket found;
    inet_diag_msg strange = established();
    strange.idiag_family = AF_UNIX;
    EXPECT_FALSE(decode(composed(SOCK_DIAG_BY_FAMILY, strange), found, damaged));
    const std::string cut = testing::cut_to(composed(SOCK_DIAG_BY_FAMILY, established()), NLMSG_HDRLEN + 4);
    EXPECT_FALSE(decode(std::as_bytes(std::span(cut)), found, damaged));
    EXPECT_EQ(damaged, 2U);
}

}  // namespace
}  // namespace nodescope::netlink
