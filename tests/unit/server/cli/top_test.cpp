#include "server/cli/top.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nodescope::cli {
namespace {

std::string container(const std::string& id, const std::string& second, int cpu_ms, int memory)
{
    return R"({"id":")" + id + R"(","name":")" + id + R"(-name","image":"img","measured":"2026-01-01T00:00:)" + second +
           R"(Z","cpu":{"usage_ns":)" + std::to_string(cpu_ms) + R"(000000},"memory":{"working_set":)" +
           std::to_string(memory) + R"(,"limit":1000},"threads":3})";
}

std::string answer(const std::string& second, int cpu_a, int cpu_b)
{
    return R"({"node":{"measured":"2026-01-01T00:00:)" + second + R"(Z","cpu":{"usage_ns":)" +
           std::to_string(cpu_a + cpu_b) + R"(000000},"memory":{"working_set":2048,"limit":4096}},"containers":[)" +
           container("a", second, cpu_a, 500) + "," + container("b", second, cpu_b, 100) + "]}";
}

top_lines lines_of(const top_choice& how, const screen& on = screen())
{
    const std::string before = answer("01", 1000, 1000);
    const std::string now = answer("02", 1100, 1600);
    return top_of(json_value::of_document(before), json_value::of_document(now), how, on);
}

TEST(Top, SortsByWhatIsAsked)
{
    top_choice how;
    EXPECT_EQ(lines_of(how).ids, (std::vector<std::string>{"b", "a"}));
    how.reversed = true;
    EXPECT_EQ(lines_of(how).ids, (std::vector<std::string>{"a", "b"}));
    how.reversed = false;
    how.order = usage_order::memory;
    EXPECT_EQ(lines_of(how).ids, (std::vector<std::string>{"a", "b"}));
    how.filter = "b-name";
    EXPECT_EQ(lines_of(how).ids, std::vector<std::string>{"b"});
    how.filter = "none";
    EXPECT_TRUE(lines_of(how).rows.empty());
}

TEST(Top, ShowsRates)
{
    const top_lines lines = lines_of(top_choice());
    EXPECT_EQ(lines.node, "node: CPU 700m  memory 2.0 KiB of 4.0 KiB");
    EXPECT_EQ(lines.pressure, "");
    ASSERT_EQ(lines.rows.size(), 2U);
    EXPECT_NE(lines.rows[0].find("600m  100 B (10%)"), std::string::npos) << lines.rows[0];
    EXPECT_EQ(lines.head.substr(0, 4), "NAME");
}

TEST(Top, MarksWhatIsSortedBy)
{
    screen on;
    on.terminal = true;
    top_choice how;
    EXPECT_NE(lines_of(how, on).head.find(" \u2193CPU  "), std::string::npos) << lines_of(how, on).head;
    how.order = usage_order::network;
    how.reversed = true;
    EXPECT_NE(lines_of(how, on).head.find("\u2191NET IN  \u2191NET OUT  READ"), std::string::npos)
        << lines_of(how, on).head;
    EXPECT_EQ(lines_of(how).head.find("\u2191"), std::string::npos);
}

TEST(Top, ShowsBarsAndColoursOnATerminal)
{
    const auto of = [](double working_set, bool colours) {
        const std::string text = R"({"node":{"memory":{"working_set":)" + std::to_string(working_set) +
                                 R"(,"limit":100},"pressure":{"cpu":76,"memory":95.5,"io":0}},"containers":[)"
                                 R"({"id":"a","name":"a","memory":{"working_set":95,"limit":100}}]})";
        screen on;
        on.terminal = true;
        on.colours = colours;
        return top_of(json_value(), json_value::of_document(text), top_choice(), on);
    };
    EXPECT_EQ(of(50, false).node, "node: CPU -  memory [|||||.....] 50 B of 100 B");
    EXPECT_EQ(of(200, false).node, "node: CPU -  memory [||||||||||] 200 B of 100 B");
    EXPECT_NE(of(50, true).node.find("[\x1b[32m|||||\x1b[0m\x1b[2m.....\x1b[0m]"), std::string::npos);
    EXPECT_NE(of(80, true).node.find("[\x1b[33m||||||||\x1b[0m"), std::string::npos);
    EXPECT_EQ(of(50, true).pressure, "pressure: cpu \x1b[33m76%\x1b[0m memory \x1b[31m95.5%\x1b[0m io 0%");
    EXPECT_NE(of(50, true).rows.at(0).find("\x1b[31m95 B (95%)\x1b[0m"), std::string::npos);
}

TEST(Top, KnowsItsOrders)
{
    for (const char* const word : {"cpu", "mem", "net", "io"}) EXPECT_TRUE(usage_order_called(word)) << word;
    EXPECT_FALSE(usage_order_called("disk"));
}

}  // namespace
}  // namespace nodescope::cli
