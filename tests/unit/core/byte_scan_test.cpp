#include "core/byte_scan.hpp"

#include "core/json/reader.hpp"
#include "core/json/writer.hpp"
#include "core/text.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace nodescope {
namespace {

/// Each byte value at each place of a run, with every length of tail: the word-wise and the byte-wise part must agree.
template <class Check>
void for_each_place(const Check& check)
{
    for (int value = 0; value < 256; ++value) {
        for (std::size_t before = 0; before < 20; ++before) {
            for (const std::size_t after : {0U, 1U, 7U, 8U, 9U}) {
                check(static_cast<unsigned char>(value), before,
                      std::string(before, 'x') + static_cast<char>(value) + std::string(after, 'x'));
            }
        }
    }
}

TEST(ByteScan, RunsEndAtTheFirstByteThatMatters)
{
    for_each_place([](unsigned char value, std::size_t before, const std::string& text) {
        EXPECT_EQ(byte_scan::ascii_run(text), value >= 0x80 ? before : text.size()) << int{value};
        const bool ends = value < 0x20 || value == '"' || value == '\\';
        EXPECT_EQ(byte_scan::json_run(text), ends ? before : text.size()) << int{value} << " after " << before;
    });
}

TEST(ByteScan, JsonStringsReadBackAsTheyWere)
{
    for_each_place([](unsigned char value, std::size_t before, const std::string& text) {
        const auto back = decode_json_string(json_string(text));
        ASSERT_TRUE(back) << int{value};
        const std::string replaced = std::string(before, 'x') + "\xef\xbf\xbd" + text.substr(before + 1);
        EXPECT_EQ(*back, value < 0x80 ? text : replaced);
    });
    std::string mixed;
    for (int i = 0; i < 20'000; ++i) mixed += i % 7 == 0 ? "\"" : i % 11 == 0 ? "\\" : i % 13 == 0 ? "\xc3\xa9" : "y";
    EXPECT_EQ(*decode_json_string(json_string(mixed)), mixed);
}

TEST(ByteScan, Utf8IsCheckedAcrossWords)
{
    for (std::size_t before = 0; before < 20; ++before) {
        const std::string run(before, 'x');
        EXPECT_TRUE(is_valid_utf8(fmt::format("{0}\xc3\xa9\xf0\x9f\x90\xb3{0}", run)));
        EXPECT_FALSE(is_valid_utf8(run + "\xc3"));
        EXPECT_FALSE(is_valid_utf8(fmt::format("{0}\xa9{0}", run)));
    }
}

}  // namespace
}  // namespace nodescope
