#include "collectors/host/proc/network_reader.hpp"
#include "collectors/host/proc/proc_text.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <cstddef>
#include <vector>

using namespace nodescope;
using namespace nodescope::host;
using nodescope::testing::temporary_root;

namespace {

const std::string heading =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier "
    "compressed\n";
const std::string eth0 = "  eth0: 110860370 3349 1 2 3 4 5 6 178516 2508 7 8 9 10 11 12\n";

const std::string tcp_heading = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n";
const std::string tcp_listen =
    "   0: 0100007F:1F9F 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1 0000 100\n";
const std::string tcp_established =
    "   1: 0100007F:1F9F 0100007F:A0B0 01 00000000:00000000 02:00000123 00000000     0        0 12346 2 0000 20\n";
const std::string udp_line =
    "  123: 00000000:0044 00000000:0000 07 00000100:00000280 00:00000000 00000000     0        0 3333 2 0000 17\n";

const abandon_flag nobody_leaves;
deadline one_minute() { return deadline::in(std::chrono::minutes(1)); }

network_reader open(const temporary_root& root)
{
    root.write("/proc/7/stat", "");
    auto process = process_handle::open(root.path(), 7);
    EXPECT_TRUE(process) << process.error();
    return network_reader(std::move(*process), network_owner::container);
}

network_usage read(const temporary_root& root, bool sockets)
{
    auto network = open(root).blocking_read(one_minute(), nobody_leaves, sockets);
    EXPECT_TRUE(network) << network.error();
    return std::move(*network);
}

}  // namespace

TEST(NetDev, CountsEachInterfaceButTheRuntimesOwn)
{
    const auto interfaces =
        parse_net_dev(heading + "    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n" + eth0 +
                          "veth12: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\ndocker0:1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n"
                          "nerdctl0: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\nbr-1:5 0 0 0 0 0 0 0 6 0 0 0 0 0 0 0\n",
                      network_owner::node);
    ASSERT_EQ(interfaces.size(), 2U);
    interface_counters expected;
    expected.name = "eth0";
    expected.rx_bytes = 110860370;
    expected.rx_packets = 3349;
    expected.rx_errors = 1;
    expected.rx_dropped = 2;
    expected.tx_bytes = 178516;
    expected.tx_packets = 2508;
    expected.tx_errors = 7;
    expected.tx_dropped = 8;
    EXPECT_EQ(interfaces[0], expected);
    EXPECT_EQ(interfaces[1].name, "br-1");
    EXPECT_EQ(interfaces[1].rx_bytes, 5U);
    EXPECT_EQ(interfaces[1].tx_bytes, 6U);
}

TEST(NetDev, InsideAContainerEveryInterfaceButLoopbackIsItsOwn)
{
    const std::string zeros = ":1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n";
    const std::string text = heading + "lo" + zeros + "lora0" + zeros + "veth0" + zeros + "docker0" + zeros;
    const auto inside = parse_net_dev(text, network_owner::container);
    ASSERT_EQ(inside.size(), 3U);
    EXPECT_EQ(inside[0].name, "lora0");
    EXPECT_EQ(inside[1].name, "veth0");
    EXPECT_EQ(inside[2].name, "docker0");
    const auto on_the_node = parse_net_dev(text, network_owner::node);
    ASSERT_EQ(on_the_node.size(), 1U);
    EXPECT_EQ(on_the_node[0].name, "lora0");
}

TEST(NetDev, ATextCutAnywhereHasNoWrongInterface)
{
    const std::string whole = heading + eth0;
    for (std::size_t length = 0; length <= whole.size(); ++length) {
        for (const auto& interface : parse_net_dev(whole.substr(0, length), network_owner::node)) {
            EXPECT_EQ(interface.name, "eth0");
            EXPECT_EQ(interface.tx_bytes, 178516U);
        }
    }
}

TEST(NetDev, NonsenseHasNoInterfaces)
{
    for (const std::string& text :
         {std::string(), std::string(":::"), std::string(": 1 1 1 1 1 1 1 1 1 1 1 1\n"), std::string("eth0: x\n"),
          std::string("eth0: 1 2 3 4 5 6 7 8 9 10 11 -12\n"), std::string(100'000, ':'), std::string(100'000, ' ')}) {
        EXPECT_TRUE(parse_net_dev(text, network_owner::node).empty()) << text.substr(0, 50);
    }
    std::string many;
    for (std::size_t i = 0; i < interface_limit + 5; ++i) many += "e" + std::to_string(i) + eth0.substr(6);
    EXPECT_EQ(parse_net_dev(many, network_owner::node).size(), interface_limit);
}

TEST(SocketTables, CountStatesAndQueues)
{
    tcp_states tcp;
    for (const std::string& line : {tcp_heading, tcp_listen, tcp_established, tcp_established, std::string("x: y z 0C"),
                                    std::string("1: a b 00"), std::string("1: a b"), std::string()}) {
        count_tcp_line(line, tcp);
    }
    EXPECT_EQ(tcp.by_state, (std::array<std::uint64_t, 11>{2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0}));

    // The kernel writes what waits to be sent before what waits to be read.
    udp_counters udp;
    for (const std::string& line :
         {udp_line, udp_line, std::string("  sl local"), std::string("1: a b 07 x:y 1"), std::string("1: a b 07")}) {
        count_udp_line(line, udp);
    }
    EXPECT_EQ(udp.listen, 2U);
    EXPECT_EQ(udp.tx_queued, 0x200U);
    EXPECT_EQ(udp.rx_queued, 0x500U);
    EXPECT_EQ(udp.dropped, 34U);
}

TEST(NetworkReader, ReadsWhatIsAskedFor)
{
    const temporary_root root;
    root.write("/proc/7/net/dev", heading + eth0);
    std::string tcp = tcp_heading;
    for (int i = 0; i < 3000; ++i) tcp += tcp_listen;  // longer than what is read at a time
    root.write("/proc/7/net/tcp", tcp + tcp_established.substr(0, tcp_established.size() - 1));
    root.write("/proc/7/net/udp", udp_line + std::string(100'000, 'x'));

    const network_usage interfaces = read(root, false);
    EXPECT_EQ(interfaces.interfaces.size(), 1U);
    EXPECT_FALSE(interfaces.sockets_counted);

    const network_usage all = read(root, true);
    EXPECT_TRUE(all.sockets_counted);
    EXPECT_EQ(all.tcp.by_state[9], 3000U);
    EXPECT_EQ(all.tcp6, tcp_states());  // no IPv6
    EXPECT_EQ(all.udp.listen, 1U);
}

TEST(NetworkReader, SaysWhatIsMissing)
{
    const temporary_root root;
    root.write("/proc/7/net/dev", heading);

    const network_reader reader = open(root);
    EXPECT_EQ(reader.blocking_read(one_minute(), nobody_leaves, true).error(),
              error(failure::gone, "read " + root.path() + "/proc/7/net/tcp: No such file or directory"));
    root.write("/proc/7/net/tcp", tcp_heading);
    EXPECT_EQ(reader.blocking_read(deadline::in({}), nobody_leaves, true).error().kind(), failure::timed_out);
    abandon_flag raised;
    raised.raise();
    EXPECT_EQ(reader.blocking_read(one_minute(), raised, true).error().kind(), failure::cancelled);
}

TEST(NetworkReader, AnEndedProcessIsGone)
{
    const pid_t child = ::fork();
    if (child == 0) {
        ::pause();
        ::_exit(0);
    }
    auto process = process_handle::open("/", child);
    ASSERT_TRUE(process);
    const network_reader reader(std::move(*process), network_owner::container);
    EXPECT_TRUE(reader.blocking_read(one_minute(), nobody_leaves));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    EXPECT_EQ(reader.blocking_read(one_minute(), nobody_leaves).error().kind(), failure::gone);
}

TEST(Descriptors, AreCountedAndSocketsToo)
{
    const auto count = [] {
        process_usage usage;
        std::size_t links = 1'000'000;
        const auto done =
            blocking_count_descriptors("/", {::getpid(), 4194304}, usage, links, one_minute(), nobody_leaves);
        EXPECT_TRUE(done) << done.error();
        return usage;
    };
    const process_usage before = count();
    EXPECT_EQ(before.process_count, 1U);
    const unique_fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const unique_fd copy(::dup(0));
    const process_usage after = count();
    EXPECT_EQ(after.fd_count, before.fd_count + 2);
    EXPECT_GE(after.socket_count, before.socket_count + 1);

    process_usage none;
    std::size_t links = 100;
    EXPECT_EQ(
        blocking_count_descriptors("/", {::getpid()}, none, links, deadline::in({}), nobody_leaves).error().kind(),
        failure::timed_out);
    EXPECT_EQ(none.fd_count, 0U);
}

TEST(Descriptors, AreLookedAtAsOftenAsThereAreLinksLeft)
{
    std::vector<unique_fd> copies;
    copies.reserve(50);
    for (int i = 0; i < 50; ++i) copies.emplace_back(::dup(0));
    process_usage all;
    std::size_t enough = 100'000;
    ASSERT_TRUE(blocking_count_descriptors("/", {::getpid()}, all, enough, one_minute(), nobody_leaves));
    process_usage some;
    std::size_t few = 10;
    ASSERT_TRUE(blocking_count_descriptors("/", {::getpid(), ::getpid()}, some, few, one_minute(), nobody_leaves));
    EXPECT_EQ(few, 0U);
    EXPECT_LE(some.socket_count, 10U);
    EXPECT_EQ(some.process_count, 2U);
    struct stat said {};
    ASSERT_EQ(::stat("/proc/self/fd", &said), 0);
    if (said.st_size == 0) EXPECT_EQ(some.fd_count, 10U);
    else EXPECT_EQ(some.fd_count, 2 * all.fd_count);
}
