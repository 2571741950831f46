#include "collectors/findings/facts/prefix_index.hpp"
#include "tests/unit/collectors/findings/made_model.hpp"

#include <gtest/gtest.h>

namespace nodescope::findings {
namespace {

void add_to(prefix_index<int>& index, const std::string& prefix, int what)
{
    const said_prefix said(prefix);
    index.add(said.address, said.length, what);
}

int covering(const prefix_index<int>& index, const std::string& prefix)
{
    const said_prefix said(prefix);
    const int* const found = index.covering(said.address, said.length);
    return found != nullptr ? *found : 0;
}

TEST(PrefixIndex, GivesTheLongestThatCovers)
{
    prefix_index<int> index;
    EXPECT_EQ(covering(index, "10.0.0.1"), 0);
    add_to(index, "10.128.0.0/9", 9);
    add_to(index, "10.128.0.0/9", 10);
    add_to(index, "10.129.0.0/16", 16);
    add_to(index, "10.129.3.7/32", 32);
    EXPECT_EQ(covering(index, "10.127.255.255"), 0);
    EXPECT_EQ(covering(index, "10.128.0.0"), 9);
    EXPECT_EQ(covering(index, "10.129.3.6"), 16);
    EXPECT_EQ(covering(index, "10.129.3.7"), 32);
    EXPECT_EQ(covering(index, "10.129.0.0/16"), 16);
    EXPECT_EQ(covering(index, "10.128.0.0/15"), 9);
    EXPECT_EQ(covering(index, "10.0.0.0/8"), 0);
    add_to(index, "0.0.0.0/0", 1);
    EXPECT_EQ(covering(index, "10.0.0.0/8"), 1);
}

TEST(PrefixIndex, MasksWhatIsBehindThePrefix)
{
    prefix_index<int> index;
    add_to(index, "10.0.0.2/23", 23);  // an address and the length of its prefix
    EXPECT_EQ(covering(index, "10.0.1.255"), 23);
    EXPECT_EQ(covering(index, "10.0.2.0"), 0);
}

TEST(PrefixIndex, TakesWholeAddressesAndNothingLonger)
{
    prefix_index<int> index;
    add_to(index, "2001:db8::1/128", 128);
    EXPECT_EQ(covering(index, "2001:db8::1"), 128);
    EXPECT_EQ(covering(index, "2001:db8::2"), 0);
    const said_prefix said("2001:db8::2");
    index.add(said.address, 129, 7);
    index.add(said.address, 255, 7);
    EXPECT_EQ(index.covering(said.address, 255), nullptr);
}

}  // namespace
}  // namespace nodescope::findings
