#include "netlink/text/route.hpp"

#include <linux/rtnetlink.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace nodescope::netlink {
namespace {

const interface_names eth0{{2, "eth0"}};

ipv4_route to(std::uint32_t destination, std::uint8_t prefix_length)
{
    ipv4_route route;
    route.destination = destination;
    route.prefix_length = prefix_length;
    route.type = RTN_UNICAST;
    route.interface_index = 2;
    return route;
}

std::string text_of(std::span<const ipv4_route> routes, const interface_names& interfaces, const name_tables& names)
{
    std::size_t lines = 0;
    std::string text = route_text(routes, interfaces, names, lines);
    EXPECT_EQ(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')), lines + 2);
    return text;
}

std::string line_of(const ipv4_route& route, const name_tables& names = {}, const interface_names& interfaces = eth0)
{
    const std::string text = text_of(std::span(&route, 1), interfaces, names);
    const std::string heading = text_of({}, {}, {});
    EXPECT_EQ(text.substr(0, heading.size()), heading);
    return text.substr(heading.size());
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
    ipv4_route through = to(0x0a000000, 8);
    through.gateway = 0x0a010203;
    through.through_gateway = true;
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
    ipv4_route route = to(0x0a000000, 8);
    route.metric = 0xffffffffU;
    EXPECT_EQ(line_of(route), "10.0.0.0        0.0.0.0         255.0.0.0       U     -1     0        0 eth0\n");
    route.metric = 0x80000000U;
    EXPECT_EQ(line_of(route), "10.0.0.0        0.0.0.0         255.0.0.0       U     -2147483648 0        0 eth0\n");
}

TEST(RouteText, ShowsRejectRoutesWithDashes)
{
    ipv4_route route = to(0x0a000000, 8);
    route.interface_index = 0;
    route.metric = 5;
    for (const std::uint8_t type : {RTN_UNREACHABLE, RTN_PROHIBIT}) {
        route.type = type;
        EXPECT_EQ(line_of(route), "10.0.0.0        -               255.0.0.0       !     5      -        0 -\n");
    }
    for (const std::uint8_t type : {RTN_BLACKHOLE, RTN_THROW}) {
        route.type = type;
        EXPECT_EQ(line_of(route), "10.0.0.0        0.0.0.0         255.0.0.0       U     5      0        0 *\n");
    }
    for (const std::uint8_t type : {RTN_BROADCAST, RTN_MULTICAST}) {
        route.type = type;
        EXPECT_EQ(line_of(route), "");
    }
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
    const std::string text = route6_text(proc_text, names, lines);
    std::size_t none = 0;
    const std::string heading = route6_text("", {}, none);
    EXPECT_EQ(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')), lines + 2);
    EXPECT_EQ(text.substr(0, heading.size()), heading);
    return text.substr(heading.size());
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

TEST(Route6Text, SurvivesEveryTruncationAndForeignBytes)
{
    const std::string good = proc_line(any, "40", any, "00000400 00000002 0000001f 00450003", "eth0");
    for (std::size_t size = 0; size < good.size() - 6; ++size) {
        const std::string cut = good.substr(0, size);
        body6(cut);
    }
    EXPECT_EQ(body6(std::string(300, 'f') + "\n\n \n" + std::string(3, '\0') + "\n"), "");
    EXPECT_EQ(body6("0000000000000000000000000000000g 40 "), "");
    EXPECT_EQ(body6(proc_line(any, "40", any, "1ffffffff 0 0 1", "lo")), "") << "a number too large for 32 bits";
}

}  // namespace
}  // namespace nodescope::netlink
