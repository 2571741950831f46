#include "core/resident_memory.hpp"

#include <gtest/gtest.h>

#include <string>

using namespace nodescope;

TEST(ResidentMemory, GrowsWithWhatIsWrittenAndShrinksWhenItIsGivenBack)
{
    const std::size_t before = resident_bytes();
    if (before == 0) GTEST_SKIP() << "a build with instruments";
    constexpr std::size_t size = 64U << 20U;
    std::size_t with = 0;
    {
        const std::string large(size, 'x');
        with = resident_bytes();
    }
    EXPECT_GT(with, before + size / 2);
    blocking_give_back_memory();
    EXPECT_LT(resident_bytes(), with - size / 2);
}
