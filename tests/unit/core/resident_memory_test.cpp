#include "core/resident_memory.hpp"

#include <gtest/gtest.h>

#include <cstdint>
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

TEST(ReadingCheck, EndsALongReadingWhereTheProcessTakesMuch)
{
    constexpr std::size_t step = reading_check::interval_bytes / 4;
    reading_check with_room;
    for (int i = 0; i < 8; ++i) EXPECT_TRUE(with_room.may_go_on(step));

    const std::string large(reading_limit_bytes, 'x');
    reading_check with_none;
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(with_none.may_go_on(step)) << "what is short is read";
    EXPECT_FALSE(with_none.may_go_on(step));
    EXPECT_FALSE(reading_check().may_go_on(SIZE_MAX));
    EXPECT_NE(taken_already().find("MiB already"), std::string::npos);
}

#endif

TEST(TakePages, AreThereAndStillEmpty)
{
    constexpr std::size_t bytes = 4UL << 20U;
    std::string text;
    text.reserve(bytes);
    const std::size_t before = resident_bytes();
    take_pages(text.data(), bytes);
    take_pages(text.data(), 0);
    take_pages(nullptr, 0);
    const std::size_t taken = resident_bytes() - before;
    // Before Linux 5.14 it does nothing.
    if (taken > bytes / 8) {
        EXPECT_GE(taken, bytes - (256UL << 10U));
    }
    text.resize(bytes);
    EXPECT_EQ(text.find_first_not_of('\0'), std::string::npos);
}
