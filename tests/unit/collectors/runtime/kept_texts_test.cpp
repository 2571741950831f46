#include "collectors/runtime/kept_texts.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

using namespace nodescope;

namespace {

std::string array_of(std::size_t count, const std::string& text)
{
    std::string array = "[";
    for (std::size_t i = 0; i < count; ++i) array += fmt::format("{}\"{}\"", i == 0 ? "" : ",", text);
    return array + "]";
}

/// With its quotation marks it takes `length` bytes of the array.
std::string text_of(std::size_t length) { return std::string(length - 2, 'x'); }

}  // namespace

TEST(KeptTexts, ACommandIsKeptByItsBytesAlone)
{
    EXPECT_EQ(kept_command(array_of(100, "a")).size(), 100U);
    EXPECT_EQ(kept_command(array_of(5, text_of(kept_command_limit / 4))).size(), 4U);
    EXPECT_EQ(kept_command(array_of(1, text_of(kept_command_limit))).size(), 1U);
    EXPECT_TRUE(kept_command(array_of(1, text_of(kept_command_limit + 1))).empty());
}

TEST(KeptTexts, ACommandEndsBeforeWhatDoesNotFit)
{
    const std::string script = text_of(kept_command_limit);
    EXPECT_EQ(kept_command(fmt::format(R"(["sh","-c","{}","last"])", script)), (std::vector<std::string>{"sh", "-c"}));
}

TEST(KeptTexts, OfTheEnvironmentWhatDoesNotFitIsLeftOut)
{
    const std::string manifest = text_of(kept_texts_limit);
    EXPECT_EQ(kept_environment(fmt::format(R"(["A=1","M={}","B=2"])", manifest)),
              (std::vector<std::string>{"A=1", "B=2"}));
}

TEST(KeptTexts, ThousandsOfEmptyVariablesAreNotKept)
{
    EXPECT_LE(kept_environment(array_of(10'000, "")).size(), kept_texts_limit / around_kept_text);
}

TEST(KeptTexts, AreNoneWhereThereIsNoWholeArray)
{
    const std::string whole = R"(["sh","-c"])";
    for (std::size_t length = 0; length < whole.size(); ++length) {
        EXPECT_TRUE(kept_command(whole.substr(0, length)).empty()) << length;
        EXPECT_TRUE(kept_environment(whole.substr(0, length)).empty()) << length;
    }
    EXPECT_TRUE(kept_command("null").empty());
    EXPECT_TRUE(kept_command(R"({"0":"sh"})").empty());
    EXPECT_EQ(kept_command(R"([1,null,"sh",["x"]])"), std::vector<std::string>{"sh"});
}
