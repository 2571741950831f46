#include "collectors/network/part_text.hpp"

#include <gtest/gtest.h>

namespace nodescope {
namespace {

const auto write_number = [](json_writer& json, int one) {
    if (one >= 0) json.value(one);
};

TEST(PartText, KnowsWhereEachElementEnds)
{
    netlink::dumped<int> read;
    EXPECT_EQ(list_part(read, "numbers", 100, write_number).json, "[]");
    read.items = {7, -1, 88, 9};
    const part_text part = list_part(read, "numbers", 100, write_number);
    EXPECT_EQ(part.json, "[7,88,9]");
    EXPECT_EQ(part.ends, (std::vector<std::size_t>{2, 5, 7}));
    EXPECT_EQ(part.note, "");
}

TEST(PartText, StopsAtItsLimitAndSaysSo)
{
    netlink::dumped<int> read;
    read.items.assign(1000, 5);
    const part_text part = list_part(read, "numbers", 10, write_number);
    EXPECT_EQ(part.json, "[5,5,5,5,5,5]");
    EXPECT_EQ(part.note, "cut after 6 numbers: there are more");
}

TEST(PartText, SaysWhatTheKernelDid)
{
    netlink::dumped<int> read;
    read.items = {1};
    read.truncated = true;
    read.consistent = false;
    read.damaged = 2;
    EXPECT_EQ(list_part(read, "numbers", 100, write_number).note,
              "cut after 1 numbers: there are more, changed while it was read, 2 damaged messages skipped");
}

}  // namespace
}  // namespace nodescope
