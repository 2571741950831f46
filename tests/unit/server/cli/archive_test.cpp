#include "server/cli/bundle.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace nodescope::cli {
namespace {

TEST(Archive, LeavesOutWhatMayBeSecret)
{
    EXPECT_EQ(
        redacted_json(
            R"json({"Env":["PASSWORD=x"],"a":{"labels":{"k":"v"},"Cmd":null,"n":1.50},"list":[{"command":["sh","-c","x"]}]})json"),
        R"json({"Env":"(redacted)","a":{"labels":"(redacted)","Cmd":null,"n":1.50},"list":[{"command":"(redacted)"}]})json"
        "\n");
}

TEST(Archive, LooksIntoStringsOfJson)
{
    EXPECT_EQ(
        redacted_json(
            R"json({"collector.x":"[{\"Labels\":{\"a\":\"b\"},\"Id\":\"1\"}]","text":"{not json","s":"Env"})json"),
        R"json({"collector.x":"[{\"Labels\":\"(redacted)\",\"Id\":\"1\"}]","text":"{not json","s":"Env"})json"
        "\n");
}

TEST(Archive, KeepsWhatIsNoJson)
{
    EXPECT_EQ(redacted_json("plain"), "plain");
    EXPECT_EQ(redacted_json(""), "");
}

TEST(Archive, LeavesOutLabelsOfMetrics)
{
    EXPECT_EQ(redacted_metrics("x{container_label_a=\"se\\\"cret\",id=\"/\"} 1\ny{container_env_p=\"q\"} 2\n"),
              "x{container_label_a=\"(redacted)\",id=\"/\"} 1\ny{container_env_p=\"(redacted)\"} 2\n");
    EXPECT_EQ(redacted_metrics("x 1\n"), "x 1\n");
    const std::string whole = "x{container_label_a=\"b\\\\\"} 1\n";
    for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_LE(redacted_metrics(whole.substr(0, i)).size(), i + 12);
}

TEST(Archive, WritesEntriesOfTar)
{
    const std::string entry = tar_entry("a/b.txt", "hello", std::chrono::sys_seconds(std::chrono::seconds(8)));
    ASSERT_EQ(entry.size(), 1024U);
    EXPECT_EQ(entry.substr(0, 8), std::string("a/b.txt\0", 8));
    EXPECT_EQ(entry.substr(124, 11), "00000000005");
    EXPECT_EQ(entry.substr(136, 11), "00000000010");
    EXPECT_EQ(entry.substr(257, 8), std::string("ustar\00000", 8));
    EXPECT_EQ(entry.substr(512, 6), std::string("hello\0", 6));
    unsigned sum = 0;
    for (std::size_t i = 0; i < 512; ++i) sum += i >= 148 && i < 156 ? 0x20U : static_cast<unsigned char>(entry[i]);
    EXPECT_EQ(std::stoul(entry.substr(148, 6), nullptr, 8), sum);
    EXPECT_EQ(tar_entry("e", "", {}).size(), 512U);
    EXPECT_EQ(tar_entry(std::string(200, 'n'), std::string(512, 'x'), {}).size(), 1024U);
    EXPECT_EQ(tar_end(), std::string(1024, '\0'));
}

}  // namespace
}  // namespace nodescope::cli
