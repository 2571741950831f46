#include "server/cli/json_value.hpp"

#include <gtest/gtest.h>

#include <string>

namespace nodescope::cli {
namespace {

constexpr std::string_view document =
    R"({"a":{"b":[1,"two",null,true]},"name":"w\u00e9b","count":7,"less":-1,"half":0.5,"no":null})";

TEST(JsonValue, ReadsWhatIsThere)
{
    const json_value all = json_value::of_document(document);
    EXPECT_EQ(all["name"].text(), "w\u00e9b");
    EXPECT_EQ(all["count"].count(), 7U);
    EXPECT_EQ(all["count"].text(), "7");
    EXPECT_EQ(all["half"].number(), 0.5);
    EXPECT_EQ(all.at("a/b").texts(), (std::vector<std::string>{"1", "two", "", "true"}));
    EXPECT_TRUE(all.at("a/b").elements()[3].is_true());
    std::string keys;
    all.for_each_member([&](std::string_view key, const json_value&) { keys += key; });
    EXPECT_EQ(keys, "anamecountlesshalfno");
}

TEST(JsonValue, IsEmptyForEverythingElse)
{
    const json_value all = json_value::of_document(document);
    for (const std::string_view path : {"b", "a/c", "a/b/c", "name/x", "no", "no/x"}) {
        const json_value one = all.at(path);
        EXPECT_FALSE(one) << path;
        EXPECT_EQ(one.text(), "") << path;
        EXPECT_TRUE(one.elements().empty()) << path;
    }
    EXPECT_EQ(all["less"].count(), 0U);
    EXPECT_EQ(all["half"].count(), 0U);
    EXPECT_EQ(all["name"].number(), std::nullopt);
    EXPECT_EQ(all["a"].text(), "");
}

TEST(JsonValue, OfBrokenTextIsNothing)
{
    for (std::size_t i = 0; i < document.size(); ++i) {
        EXPECT_FALSE(json_value::of_document(document.substr(0, i))) << i;
    }
    EXPECT_FALSE(json_value::of_document("{}x"));
}

}  // namespace
}  // namespace nodescope::cli
