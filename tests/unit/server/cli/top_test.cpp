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

top_lines lines_of(const top_choice& how)
{
    const std::string before = answer("01", 1000, 1000);
    const std::string now = answer("02", 1100, 1600);
    return top_of(json_value::of_document(before), json_value::of_document(now), how, 0);
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
    EXPECT_EQ(lines.node, "node: CPU 700m  memory 2.0 KiB of 4.0 KiB  network in  out ");
    ASSERT_EQ(lines.rows.size(), 2U);
    EXPECT_NE(lines.rows[0].find("600m  100 B (10%)"), std::string::npos) << lines.rows[0];
    EXPECT_EQ(lines.head.substr(0, 4), "NAME");
}

TEST(Top, KnowsItsOrders)
{
    for (const char* const word : {"cpu", "mem", "net", "io"}) EXPECT_TRUE(usage_order_called(word)) << word;
    EXPECT_FALSE(usage_order_called("disk"));
}

}  // namespace
}  // namespace nodescope::cli
