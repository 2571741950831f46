#include "core/json/sieve.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace nodescope {
namespace {

struct sieved {
    std::string text;
    std::uint64_t left_out = 0;
};

sieved sieve(std::string_view text, const json_sieve_limits& limits, std::size_t piece = std::string_view::npos)
{
    json_sieve sieve(limits);
    sieved out;
    while (!text.empty()) {
        const std::string_view next = text.substr(0, piece);
        sieve.take(next, out.text);
        text.remove_prefix(next.size());
    }
    out.left_out = sieve.left_out();
    return out;
}

json_sieve_limits small()
{
    json_sieve_limits limits;
    limits.string_bytes = 8;
    limits.labels_key = "Labels";
    limits.labels_bytes = 80;
    limits.preferred_labels = "io.";
    return limits;
}

TEST(JsonSieve, LeavesOutLongStringsWithTheirKeysAndCommas)
{
    struct example {
        std::string_view text;
        std::string_view kept;
    };
    const example examples[] = {
        {R"({"a":"123456789"})", R"({})"},
        {R"({"a":"123456789","b":1})", R"({"b":1})"},
        {R"({"a":"123456789", "b":"123456789" ,"c":"12345678"})", R"({ "c":"12345678"})"},
        {R"({"a":1,"b":"123456789"})", R"({"a":1})"},
        {R"({"a":1,"b":"123456789","c":[2]})", R"({"a":1,"c":[2]})"},
        {R"([{"a":["123456789","x","123456789"]},3])", R"([{"a":["x"]},3])"},
        {R"({"a":"\"\"\"\"\""})", R"({})"},
        {R"({"a":"\"\\"})", R"({"a":"\"\\"})"},
    };
    for (const example& one : examples) {
        for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::string_view::npos}) {
            EXPECT_EQ(sieve(one.text, small(), piece).text, one.kept) << one.text << " by " << piece;
        }
    }
}

TEST(JsonSieve, KeepsEverythingElseByteForByte)
{
    json_sieve_limits limits;
    limits.labels_key = "Labels";
    for (const std::string text :
         {R"( [ {"Id" : 1e5, "Labels":{"a":"b", "c":null}} , {} , [] , "x" ] )", R"("a string, [alone]")", "<html>,{,}",
          "]]}}", "{,", R"({"a")", R"({"a":"\u00e)", "", "\xff\xfe{"}) {
        for (const std::size_t piece : {std::size_t{1}, std::string_view::npos}) {
            const sieved out = sieve(text, limits, piece);
            EXPECT_EQ(out.text, text);
            EXPECT_EQ(out.left_out, 0U);
        }
    }
    const std::string deep(100'000, '[');
    EXPECT_EQ(sieve(deep, limits).text, deep);
}

TEST(JsonSieve, LabelsOfOneObjectHaveABudgetAndPreferredOnesAShareOfIt)
{
    // 20 bytes each, with comma.
    const std::string text =
        R"([{"Labels":{"a1":"0123456789abc","a2":"0123456789abc","a3":"0123456789abc","a4":"0123456789abc",)"
        R"("io.1":"0123456789","io.2":"0123456789ab"},"Id":"x"},{"Labels":{"b1":"0123456789abc"}}])";
    const std::string kept =
        R"([{"Labels":{"a1":"0123456789abc","a2":"0123456789abc","a3":"0123456789abc","io.1":"0123456789"},"Id":"x"},)"
        R"({"Labels":{"b1":"0123456789abc"}}])";
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::string_view::npos}) {
        const sieved out = sieve(text, small(), piece);
        EXPECT_EQ(out.text, kept);
        EXPECT_EQ(out.left_out, 2U);
    }
}

TEST(JsonSieve, ALongNameOfALabelGoesWithItsValue)
{
    const std::string text = R"({"Config":{"Labels":{"123456789":"x","b":"y","123456789":null},"A":"z"}})";
    EXPECT_EQ(sieve(text, small()).text, R"({"Config":{"Labels":{"b":"y"},"A":"z"}})");
}

TEST(JsonSieve, OncePlentyIsKeptStringsAreShorter)
{
    json_sieve_limits limits = small();
    limits.labels_bytes = 320;
    limits.plenty_bytes = 40;
    limits.string_bytes = 64;
    const std::string one = R"({"Labels":{"a":"1234567890"},"b":"123"})";
    EXPECT_EQ(sieve("[" + one + "," + one + "]", limits).text, "[" + one + R"(,{"Labels":{}}])");
}

TEST(JsonSieve, HoldsNoMoreThanItKeeps)
{
    json_sieve_limits limits;
    limits.labels_key = "Labels";
    json_sieve sieve(limits);
    std::string kept;
    sieve.take(R"([{"Id":"x","Labels":{"a":")", kept);
    const std::string piece(32U << 10U, '"');
    std::string quotes;
    for (const char c : piece) quotes.append("\\").append(1, c);
    for (int round = 0; round < 512; ++round) {
        sieve.take(quotes, kept);
        ASSERT_LT(kept.size(), 128U << 10U);
    }
    sieve.take(R"("}}])", kept);
    EXPECT_EQ(kept, R"([{"Id":"x","Labels":{}}])");
}

}  // namespace
}  // namespace nodescope
