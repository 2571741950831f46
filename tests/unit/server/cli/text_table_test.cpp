#include "server/cli/text_table.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace nodescope::cli {
namespace {

text_table made()
{
    text_table table({{"NAME", false, 4}, {"N", true}, {"IMAGE", false, 5}});
    table.add({{"web"}, {"7"}, {"registry/busybox"}});
    table.add({{"\u8336\u5e02"}, {"123"}, {"b\x1b[2J"}});
    return table;
}

TEST(TextTable, AlignsByColumnsOfTheTerminal)
{
    EXPECT_EQ(made().text(screen()),
              "NAME    N  IMAGE\n"
              "web     7  registry/busybox\n"
              "\u8336\u5e02  123  b\\x1b[2J\n");
}

TEST(TextTable, IsNeverWiderThanAsked)
{
    for (std::size_t width = 1; width < 40; ++width) {
        screen narrow;
        narrow.width = width;
        std::istringstream lines(made().text(narrow));
        for (std::string line; std::getline(lines, line);) EXPECT_LE(columns_of(line), width) << line;
    }
}

TEST(TextTable, ShrinksTheWidestFirst)
{
    screen narrow;
    narrow.width = 20;
    EXPECT_EQ(made().text(narrow),
              "NAME    N  IMAGE\n"
              "web     7  registry\u2026\n"
              "\u8336\u5e02  123  b\\x1b[2J\n");
}

TEST(TextTable, PaintsCellsAndNotTheirBlanks)
{
    screen coloured;
    coloured.colours = true;
    text_table table({{"A"}, {"B"}});
    table.add({{"x", colour::red}, {"yy"}});
    EXPECT_EQ(table.text(coloured), "\x1b[1mA\x1b[0m  \x1b[1mB\x1b[0m\n\x1b[31mx\x1b[0m  yy\n");
}

}  // namespace
}  // namespace nodescope::cli
