#include "server/config/config_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

namespace nodescope {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string why(std::string_view text)
{
    const auto got = parse_config_text("f", text);
    return got ? "accepted" : got.error().message();
}

constexpr std::string_view whole = R"(# head
a = "x # no comment" # comment
b-2 = 'C:\raw'

c=1_000
d = true
e = [ "1", '2', # inside
  3,
]
f = []
g = "q\" b\\ t\t"
)";

TEST(ConfigFile, ReadsKeysValuesAndLines)
{
    const auto got = parse_config_text("f", whole);
    ASSERT_TRUE(got) << got.error().message();
    ASSERT_EQ(got->size(), 7U);
    EXPECT_EQ((*got)[0].key, "a");
    EXPECT_THAT((*got)[0].values, ElementsAre("x # no comment"));
    EXPECT_EQ((*got)[0].line, 2U);
    EXPECT_THAT((*got)[1].values, ElementsAre("C:\\raw"));
    EXPECT_THAT((*got)[2].values, ElementsAre("1000"));
    EXPECT_EQ((*got)[2].line, 5U);
    EXPECT_THAT((*got)[3].values, ElementsAre("true"));
    EXPECT_THAT((*got)[4].values, ElementsAre("1", "2", "3"));
    EXPECT_THAT((*got)[5].values, IsEmpty());
    EXPECT_EQ((*got)[5].line, 10U);
    EXPECT_THAT((*got)[6].values, ElementsAre("q\" b\\ t\t"));
}

TEST(ConfigFile, TakesNothingAndOtherLineEnds)
{
    EXPECT_THAT(*parse_config_text("f", ""), IsEmpty());
    EXPECT_THAT(*parse_config_text("f", "# only this"), IsEmpty());
    const auto windows = parse_config_text("f", "a = 1\r\nb = \"2\"\r\n");
    ASSERT_TRUE(windows);
    EXPECT_THAT((*windows)[1].values, ElementsAre("2"));
}

TEST(ConfigFile, NamesTheLineOfWhatItDoesNotUnderstand)
{
    EXPECT_THAT(why("a = 1\n[table]\n"), HasSubstr("f:2: tables"));
    EXPECT_THAT(why("\n\na\n"), HasSubstr("f:3: this is not `key = value`"));
    EXPECT_THAT(why("a.b = 1"), HasSubstr("f:1: this is not"));
    EXPECT_THAT(why("a ="), HasSubstr("f:1: a value is"));
    EXPECT_THAT(why("a = 1.5"), HasSubstr("a value is"));
    EXPECT_THAT(why("a = -1"), HasSubstr("a value is"));
    EXPECT_THAT(why("a = yes"), HasSubstr("a value is"));
    EXPECT_THAT(why("a = \"x\n"), HasSubstr("no end"));
    EXPECT_THAT(why("a = \"\\u0041\""), HasSubstr("backslash"));
    EXPECT_THAT(why("a = [1,\n2\n"), HasSubstr("f:3: "));
    EXPECT_THAT(why("a = [1 2]"), HasSubstr("neither"));
    EXPECT_THAT(why("a = 1 b = 2"), HasSubstr("behind the value of \"a\""));
    EXPECT_THAT(why("a = 1\nb = 2\na = 3\n"), HasSubstr("f:3: \"a\" stands in line 1 already"));
    EXPECT_THAT(why(std::string_view("a = \"\0\"", 7)), HasSubstr("NUL"));
}

TEST(ConfigFile, IsTruncatedAnywhereWithoutHarm)
{
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        const std::string cut(whole.substr(0, size));  // on the heap, for AddressSanitizer
        const auto got = parse_config_text("f", cut);
        EXPECT_TRUE(got || got.error().message().starts_with("f:")) << size;
    }
    for (int byte = 0; byte < 256; ++byte) {
        for (const std::size_t at : {0UL, 9UL, 14UL, 60UL, 80UL}) {
            std::string changed(whole);
            changed[at] = static_cast<char>(byte);
            static_cast<void>(parse_config_text("f", changed));
        }
    }
}

TEST(ConfigFile, IsReadFromAFileOfSensibleSizeThatOthersCannotChange)
{
    EXPECT_THAT(read_config_file("/nonexistent/c.toml").error().message(), HasSubstr("/nonexistent/c.toml"));
    EXPECT_FALSE(read_config_file("/"));
    std::string path = "/tmp/nodescope-config-XXXXXX";
    ::close(::mkstemp(path.data()));
    std::ofstream(path) << "# " << std::string(std::size_t{1} << 20U, 'x');
    EXPECT_EQ(read_config_file(path).error().kind(), failure::too_large);
    std::ofstream(path) << "a = 1";
    EXPECT_EQ(read_config_file(path)->size(), 1U);
    for (const mode_t mode : {0666U, 0620U, 0602U}) {
        ::chmod(path.c_str(), mode);
        EXPECT_EQ(read_config_file(path).error().kind(), failure::denied) << mode;
    }
    ::chmod(path.c_str(), 0444);
    EXPECT_TRUE(read_config_file(path));
    ::unlink(path.c_str());
}

}  // namespace
}  // namespace nodescope
