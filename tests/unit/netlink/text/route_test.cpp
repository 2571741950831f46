#include "netlink/text/route.hpp"

#include "netlink/decode/proc_files.hpp"
#include "tests/support/guarded_bytes.hpp"

#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

namespace nodescope::netlink {
namespace {

const interface_names eth0{{2, "eth0"}};

network_address ipv4(std::uint32_t number)
{
    network_address address;
    const std::uint32_t in_network_order = htonl(number);
    std::memcpy(address.bytes.data(), &in_network_order, sizeof(in_network_order));
    return address;
}

route to(std::uint32_t destination, std::uint8_t prefix_length)
{
    route made;
    made.family = AF_INET;
    made.table = RT_TABLE_MAIN;
    made.type = RTN_UNICAST;
    made.destination = ipv4(destination);
    made.destination_length = prefix_length;
    made.hops.emplace_back().interface_index = 2;
    return made;
}

std::string text_of(std::span<const route> routes, const interface_names& interfaces, const name_tables& names)
{
    std::size_t lines = 0;
    std::string text = route_text(routes, interfaces, names, lines);
    EXPECT_EQ(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')), lines + 2);
    return text;
}

std::string line_of(const route& told, const name_tables& names = {}, const interface_names& interfaces = eth0)
{
    const std::string text = text_of(std::span(&told, 1), interfaces, names);
    const std::string without_routes = text_of({}, {}, {});
    EXPECT_EQ(text.substr(0, without_routes.size()), without_routes);
    return text.substr(without_routes.size());
}

TEST(RouteText, PrintsTheHeadingOfAnEmptyTable)
{
    EXPECT_EQ(text_of({}, {}, {}),
              "Kernel IP routing table\n"
              "Destination     Gateway         Genmask         Flags Metric Ref    Use Iface\n");
}

TEST(RouteText, PrintsEveryByteOfAddresses)
{
    for (std::uint32_t value = 0; value < 256; ++value) {
        const auto dotted = fmt::format("{0}.{0}.{0}.{0}", value);
        EXPECT_EQ(line_of(to(value * 0x01010101U, 32)).substr(0, 16), fmt::format("{:<16}", dotted));
    }
}

TEST(RouteText, CallsOnlyTheWholeDefaultRouteDefault)
{
    EXPECT_EQ(line_of(to(0, 0)), "default         0.0.0.0         0.0.0.0         U     0      0        0 eth0\n");
    // Not by /etc/networks either, though Debian's has a line for 0.0.0.0.
    const name_tables names("0.0.0.0 nowhere\n", "zero 0.0.0.0\n");
    EXPECT_EQ(line_of(to(0, 8), names),
              "0.0.0.0         0.0.0.0         255.0.0.0       U     0      0        0 eth0\n");
}

TEST(RouteText, LooksUpHostsAmongTheHostsAndNetworksAmongTheNetworks)
{
    const name_tables names("10.1.2.3 box\n10.1.2.0 wrong\n", "lab 10.1.2.0\nwrong 10.1.2.3\n");
    EXPECT_EQ(line_of(to(0x0a010203, 32), names).substr(0, 16), "box             ");
    EXPECT_EQ(line_of(to(0x0a010200, 24), names).substr(0, 16), "lab             ");
    EXPECT_EQ(line_of(to(0x0a010200, 28), names).substr(0, 16), "lab             ") << "whatever the mask";
    EXPECT_EQ(line_of(to(0x0a010200, 32), names).substr(0, 16), "wrong           ");
    route through = to(0x0a000000, 8);
    through.hops.front().gateway = ipv4(0x0a010203);
    through.hops.front().gateway_family = AF_INET;
    EXPECT_EQ(line_of(through, names),
              "10.0.0.0        box             255.0.0.0       UG    0      0        0 eth0\n");
}

TEST(RouteText, CutsLongNamesToTheColumn)
{
    const name_tables names("10.1.2.3 a-name-of-many-letters.example\n", "");
    EXPECT_EQ(line_of(to(0x0a010203, 32), names),
              "a-name-of-many- 0.0.0.0         255.255.255.255 UH    0      0        0 eth0\n");
}

TEST(RouteText, PrintsTheMetricAsASignedInt)
{
    route told = to(0x0a000000, 8);
    told.priority = 0xffffffffU;
    EXPECT_EQ(line_of(told), "10.0.0.0        0.0.0.0         255.0.0.0       U     -1     0        0 eth0\n");
    told.priority = 0x80000000U;
    EXPECT_EQ(line_of(told), "10.0.0.0        0.0.0.0         255.0.0.0       U     -2147483648 0        0 eth0\n");
}

TEST(RouteText, ShowsRejectRoutesWithDashes)
{
    route told = to(0x0a000000, 8);
    told.hops.clear();
    told.priority = 5;
    for (const std::uint8_t type : {RTN_UNREACHABLE, RTN_PROHIBIT}) {
        told.type = type;
        EXPECT_EQ(line_of(told), "10.0.0.0        -               255.0.0.0       !     5      -        0 -\n");
    }
    for (const std::uint8_t type : {RTN_BLACKHOLE, RTN_THROW}) {
        told.type = type;
        EXPECT_EQ(line_of(told), "10.0.0.0        0.0.0.0         255.0.0.0       U     5      0        0 *\n");
    }
    for (const std::uint8_t type : {RTN_BROADCAST, RTN_MULTICAST}) {
        told.type = type;
        EXPECT_EQ(line_of(told), "");
    }
}

TEST(RouteText, ShowsTheFirstHopOfTheMainTablesIpv4Routes)
{
    route told = to(0x0a000000, 8);
    told.hops.emplace_back().interface_index = 3;
    EXPECT_EQ(line_of(told), "10.0.0.0        0.0.0.0         255.0.0.0       U     0      0        0 eth0\n");
    route elsewhere = told;
    elsewhere.table = RT_TABLE_LOCAL;
    EXPECT_EQ(line_of(elsewhere), "");
    route cached = told;
    cached.flags = RTM_F_CLONED;
    EXPECT_EQ(line_of(cached), "");
    route ipv6 = told;
    ipv6.family = AF_INET6;
    EXPECT_EQ(line_of(ipv6), "");
}

TEST(RouteText, TakesTheFlagOfAnIpv6GatewayFromItsFirstWord)
{
    route told = to(0x0a000000, 8);
    next_hop& hop = told.hops.front();
    hop.gateway_family = AF_INET6;
    hop.gateway.bytes[15] = 1;
    EXPECT_EQ(line_of(told), "10.0.0.0        0.0.0.0         255.0.0.0       U     0      0        0 eth0\n");
    hop.gateway.bytes[0] = 0xfe;
    EXPECT_EQ(line_of(told), "10.0.0.0        0.0.0.0         255.0.0.0       UG    0      0        0 eth0\n");
}

TEST(RouteText, KeepsTheBytesOfInterfaceNames)
{
    EXPECT_EQ(line_of(to(0, 0), {}, {{2, "\x1b[31m\xff"}}),
              "default         0.0.0.0         0.0.0.0         U     0      0        0 \x1b[31m\xff\n");
    EXPECT_EQ(line_of(to(0, 0), {}, {}),
              "default         0.0.0.0         0.0.0.0         U     0      0        0 if2\n");
}

// ---- route -6 -------------------------------------------------------------------------------------------------------

constexpr std::string_view any = "00000000000000000000000000000000";

std::string proc_line(std::string_view destination, std::string_view length, std::string_view next_hop,
                      std::string_view numbers, std::string_view interface)
{
    std::string line(destination);
    line += ' ';
    line += length;
    line += " 00000000000000000000000000000000 00 ";
    line += next_hop;
    line += ' ';
    line += numbers;
    line += ' ';
    line += interface;
    line += '\n';
    return line;
}

std::string body6(std::string_view proc_text, const name_tables& names = {})
{
    std::size_t lines = 0;
    const std::string text = route6_text(decode_ipv6_routes(proc_text), names, lines);
    std::size_t none = 0;
    const std::string without_routes = route6_text({}, {}, none);
    EXPECT_EQ(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')), lines + 2);
    EXPECT_EQ(text.substr(0, without_routes.size()), without_routes);
    return text.substr(without_routes.size());
}

TEST(Route6Text, PrintsAllColumns)
{
    EXPECT_EQ(body6(proc_line("20010db8000000000000000000000000", "40", "fe800000000000000000000000000001",
                              "00000400 00000002 0000001f 00450003", "    eth0")),
              "2001:db8::/64                  fe80::1                    UGDAe 1024 2     31 eth0\n");
    EXPECT_EQ(body6(proc_line(any, "00", any, "ffffffff 00000001 00000000 00200200", "      lo")),
              "[::]/0                         [::]                       !n   -1  1      0 lo\n");
}

TEST(Route6Text, TakesNamesFromHosts)
{
    const name_tables names(
        "::1 localhost ip6-loopback\nff00::0 ip6-mcastprefix\n::ffff:10.0.0.1 mapped\n10.0.0.2 not-asked\n", "");
    EXPECT_EQ(
        body6(proc_line("00000000000000000000000000000001", "80", any, "00000000 00000001 00000000 00000001", "lo"),
              names)
            .substr(0, 32),
        "localhost/128                  [");
    EXPECT_EQ(body6(proc_line("ff000000000000000000000000000000", "08", any, "0 1 0 1", "lo"), names).substr(0, 32),
              "ip6-mcastprefix/8              [");
    EXPECT_EQ(body6(proc_line("00000000000000000000ffff0a000001", "80", any, "0 1 0 1", "lo"), names).substr(0, 32),
              "mapped/128                     [");
    EXPECT_EQ(body6(proc_line("00000000000000000000ffff0a000002", "80", any, "0 1 0 1", "lo"), names).substr(0, 32),
              "10.0.0.2/128                   [");
}

TEST(Route6Text, DoesNotCutLongAddresses)
{
    EXPECT_EQ(
        body6(proc_line("20010db8111122223333444455556666", "80", "20010db8111122223333444455557777",
                        "00000400 00000001 00000000 00000007", "eth0")),
        "2001:db8:1111:2222:3333:4444:5555:6666/128 2001:db8:1111:2222:3333:4444:5555:7777 UGH  1024 1      0 eth0\n");
}

TEST(Route6Text, LeavesOutCachedRoutesAndKeepsTheInterfaceOfALineWithoutOne)
{
    const std::string cached = proc_line(any, "00", any, "00000000 00000001 00000000 01000001", "eth7");
    const std::string nameless = proc_line(any, "00", any, "00000000 00000001 00000000 00000001", "        ");
    EXPECT_EQ(body6(cached + nameless),
              "[::]/0                         [::]                       U    0   1      0 eth7\n");
    EXPECT_EQ(body6(nameless), "[::]/0                         [::]                       U    0   1      0 \n");
}

TEST(Route6Text, LeavesOutEveryLineThatIsNotWhole)
{
    const std::string line = proc_line(any, "40", any, "00000400 00000002 0000001f 00450003", "eth0");
    const std::size_t last_number = line.find("00450003");
    for (std::size_t size = 0; size < line.size(); ++size) {
        const testing::guarded_bytes cut(std::string_view(line).substr(0, size));
        const std::vector<ipv6_route_line> routes = decode_ipv6_routes(cut.view());
        ASSERT_EQ(routes.size(), size > last_number ? 1U : 0U) << cut.view();
        if (routes.empty()) continue;
        EXPECT_EQ(routes[0].metric, 0x400U);
        EXPECT_EQ(routes[0].flags, 0x00450003U >> 4 * (8 - std::min<std::size_t>(size - last_number, 8)));
        EXPECT_EQ(routes[0].interface, line.substr(last_number + 9, size - std::min(size, last_number + 9)));
    }
}

TEST(Route6Text, LeavesOutForeignBytes)
{
    EXPECT_EQ(body6(std::string(300, 'f') + "\n\n \n" + std::string(3, '\0') + "\n"), "");
    EXPECT_EQ(body6("0000000000000000000000000000000g 40 "), "");
    EXPECT_EQ(body6(proc_line(any, "40", any, "1ffffffff 0 0 1", "lo")), "") << "a number too large for 32 bits";
}

}  // namespace
}  // namespace nodescope::netlink
