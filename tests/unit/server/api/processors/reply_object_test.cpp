#include "server/api/processors/reply_object.hpp"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace nodescope::api {
namespace {

boost::json::object parsed(const std::string& body) { return boost::json::parse(body).as_object(); }

std::string text_of(const boost::json::object& from, std::string_view key)
{
    const auto& value = from.at(key).as_string();
    return std::string(value.begin(), value.end());
}

std::string numbered_lines(int count)
{
    std::string text;
    for (int i = 0; i < count; ++i) text += "line " + std::to_string(i) + "\n";
    return text;
}

TEST(ReplyObject, RendersAnObjectOfStrings)
{
    reply_object reply;
    EXPECT_EQ(reply.render(100, 0).value().body, "{}");
    reply.add("a", "1\n\"2\"");
    reply.add("b", "");
    EXPECT_EQ(reply.render(100, 0).value().body, R"({"a":"1\n\"2\"","b":""})");
}

TEST(ReplyObject, CutsTheLongestTextAtALineAndSaysSo)
{
    const std::string small = numbered_lines(3);
    const std::string large = numbered_lines(10'000);
    reply_object reply;
    reply.add("small", small, cut_at::line);
    reply.add("large", large, cut_at::line);
    const auto got = reply.render(4'096, 200).value();
    EXPECT_LE(got.body.size(), 4'096U - 200U);
    EXPECT_GT(got.body.size(), 3'500U);
    const auto object = parsed(got.body);
    EXPECT_EQ(text_of(object, "small"), small);
    const std::string kept = text_of(object, "large");
    EXPECT_TRUE(large.starts_with(kept));
    EXPECT_EQ(kept.back(), '\n');
    ASSERT_EQ(got.cuts.size(), 1U);
    EXPECT_EQ(got.cuts[0].key, "large");
    EXPECT_EQ(got.cuts[0].total, 10'000U);
    EXPECT_EQ(got.cuts[0].kept, static_cast<std::size_t>(std::count(kept.begin(), kept.end(), '\n')));
}

TEST(ReplyObject, CutsAllLongTextsToTheSameLength)
{
    const std::string large = numbered_lines(1'000);
    reply_object reply;
    reply.add("one", large, cut_at::line);
    reply.add("two", large, cut_at::line);
    const auto got = reply.render(4'096, 0).value();
    EXPECT_EQ(got.cuts.size(), 2U);
    EXPECT_EQ(got.cuts[0].kept, got.cuts[1].kept);
    EXPECT_GT(got.cuts[0].kept, 100U);
}

TEST(ReplyObject, CutsAnArrayAtAnElement)
{
    std::string array = " [ ";
    for (int i = 0; i < 500; ++i)
        array += (i == 0 ? "" : " ,") + std::string(R"({"Id":"}]","n":)") + std::to_string(i) + "}";
    array += "]\n";
    reply_object reply;
    reply.add("list", array, cut_at::array_element);
    const auto got = reply.render(2'048, 0).value();
    EXPECT_LE(got.body.size(), 2'048U);
    const auto kept = boost::json::parse(text_of(parsed(got.body), "list")).as_array();
    ASSERT_EQ(got.cuts.size(), 1U);
    EXPECT_EQ(kept.size(), got.cuts[0].kept);
    EXPECT_EQ(got.cuts[0].total, 500U);
    EXPECT_GT(kept.size(), 50U);
    EXPECT_EQ(kept.back().at("n").as_int64(), static_cast<std::int64_t>(kept.size()) - 1);
}

TEST(ReplyObject, AnElementLargerThanTheLimitLeavesAnEmptyArray)
{
    const std::string array = "[\"" + std::string(10'000, 'x') + "\"]";
    reply_object reply;
    reply.add("list", array, cut_at::array_element);
    const auto got = reply.render(1'024, 0).value();
    EXPECT_EQ(text_of(parsed(got.body), "list"), "[]");
    EXPECT_EQ(got.cuts[0].kept, 0U);
    EXPECT_EQ(got.cuts[0].total, 1U);
}

TEST(ReplyObject, RefusesWhatMayNotBeCut)
{
    const std::string large(10'000, 'x');
    reply_object reply;
    reply.add("pod", large);
    const auto got = reply.render(1'024, 0);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().kind(), failure::too_large);
}

TEST(ReplyObject, StaysWithinTheLimitWhateverTheBytes)
{
    // Each of these grows sixfold when escaped.
    const std::string hostile = [] {
        std::string text;
        for (int i = 0; i < 5'000; ++i) text += std::string("\x01\xff\x7f") + "\n";
        return text;
    }();
    for (const std::size_t limit : {64U, 65U, 100U, 1'000U, 4'096U, 50'000U}) {
        reply_object reply;
        reply.add("text", hostile, cut_at::line);
        const auto got = reply.render(limit, 10);
        ASSERT_TRUE(got) << limit;
        EXPECT_LE(got->body.size(), limit - 10);
        parsed(got->body);
    }
}

}  // namespace
}  // namespace nodescope::api
