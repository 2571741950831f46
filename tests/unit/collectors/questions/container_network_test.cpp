#include "collectors/questions/container_network.hpp"

#include <gtest/gtest.h>

using namespace nodescope;

TEST(ContainerNetwork, IsTheOldestOfOneBatchOfNumbers)
{
    EXPECT_EQ(oldest_network({12, 11, 13}), 1U);
    EXPECT_EQ(oldest_network({7}), 0U);
    EXPECT_EQ(oldest_network({4096, 1}), 1U) << "the last and the first of the first batch";
    EXPECT_EQ(oldest_network({8192, 4097}), 1U);
}

TEST(ContainerNetwork, NumbersOfDifferentProcessorsTellNoOrder)
{
    EXPECT_EQ(oldest_network({4096, 4097}), std::nullopt);
    EXPECT_EQ(oldest_network({10, 11, 5000}), std::nullopt) << "one that cannot be compared may be the oldest";
    EXPECT_EQ(oldest_network({0, 1}), std::nullopt) << "0: the kernel does not tell";
    EXPECT_EQ(oldest_network({1, 0}), std::nullopt);
    EXPECT_EQ(oldest_network({}), std::nullopt);
}
