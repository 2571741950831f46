// What is remembered of containers, and for how many.
#include "collectors/runtime/known_containers.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

using namespace nodescope;

namespace {

known_container with_id(const std::string& id)
{
    known_container one;
    one.id = id;
    one.pid = 7;
    return one;
}

}  // namespace

TEST(KnownContainers, AreForgottenWithTheirWords)
{
    known_containers known;
    known.keep(with_id("a"));
    known.mean("web", "a", {});
    known.mean("old", "b", {});
    ASSERT_NE(known.find("a"), nullptr);
    EXPECT_EQ(known.meaning_of("web")->id, "a");
    known.forget("a");
    EXPECT_EQ(known.find("a"), nullptr);
    EXPECT_EQ(known.meaning_of("web"), nullptr);
    EXPECT_EQ(known.meaning_of("old")->id, "b");
    known.forget_word("old");
    EXPECT_EQ(known.words(), 0U);
}

TEST(KnownContainers, AllOfThemAreSeenWithoutBeingUsed)
{
    known_containers known;
    for (std::size_t i = 0; i < known_containers::container_limit; ++i) known.keep(with_id(fmt::format("{:04}", i)));
    const auto all = known.all();
    ASSERT_EQ(all.size(), known_containers::container_limit);
    EXPECT_EQ(all.front().id, "0000");
    known.keep(with_id("new"));
    EXPECT_EQ(known.find("0000"), nullptr);
}

TEST(KnownContainers, TheLeastRecentlyUsedGoesFirst)
{
    known_containers known;
    for (std::size_t i = 0; i < known_containers::container_limit; ++i) known.keep(with_id(fmt::format("{}", i)));
    ASSERT_NE(known.find("0"), nullptr);
    known.keep(with_id("new"));
    EXPECT_EQ(known.size(), known_containers::container_limit);
    EXPECT_NE(known.find("0"), nullptr);
    EXPECT_EQ(known.find("1"), nullptr);
    for (std::size_t i = 0; i <= known_containers::word_limit; ++i) known.mean(fmt::format("w{}", i), "0", {});
    EXPECT_EQ(known.words(), known_containers::word_limit);
    EXPECT_EQ(known.meaning_of("w0"), nullptr);
}

TEST(KnownContainers, WhatHasNoProcessOrIsTooLongIsNotKept)
{
    known_containers known;
    known_container none = with_id("a");
    none.pid = 0;
    known.keep(none);
    known_container longer = with_id("a");
    longer.name = std::string(known_containers::text_limit + 1, 'x');
    known.keep(longer);
    known.mean(longer.name, "a", {});
    known.mean("", "a", {});
    EXPECT_EQ(known.size(), 0U);
    EXPECT_EQ(known.words(), 0U);
}
