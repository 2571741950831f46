#include "core/resident_memory.hpp"

#include <gtest/gtest.h>

#include <string>

#include <malloc.h>

using namespace nodescope;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

TEST(ResidentMemory, IsNotKnownInABuildWithInstruments) { EXPECT_EQ(resident_bytes(), 0U); }

#else

TEST(ResidentMemory, GrowsWithWhatIsWrittenAndShrinksWhenItIsGivenBack)
{
    const std::size_t before = resident_bytes();
    ASSERT_GT(before, 0U);
    constexpr std::size_t size = 64U << 20U;
    std::size_t with = 0;
    {
        const std::string large(size, 'x');
        with = resident_bytes();
    }
    EXPECT_GT(with, before + size / 2);
    ::malloc_trim(0);
    EXPECT_LT(resident_bytes(), with - size / 2);
}

#endif
