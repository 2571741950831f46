#include "server/cli/events.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nodescope::cli {
namespace {

std::string line_of(const std::string& event) { return event_line(json_value::of_document(event), screen()); }

TEST(Events, AreLines)
{
    EXPECT_EQ(
        line_of(R"({"container_name":"/docker/a","timestamp":"T","event_type":"containerCreation","event_data":{}})"),
        "T  started            /docker/a\n");
    EXPECT_EQ(line_of(R"({"container_name":"/a\u001b","timestamp":"T","event_type":"containerDeletion",)"
                      R"("event_data":{"container_deletion":{"exit_code":137}}})"),
              "T  ended              /a\\x1b  exit code 137\n");
    EXPECT_EQ(line_of(R"({"container_name":"/a","timestamp":"T","event_type":"oomKill",)"
                      R"("event_data":{"oom":{"pid":7,"process_name":"java"}}})"),
              "T  killed for memory  /a  java (7)\n");
}

TEST(Events, LinesComeInPieces)
{
    const std::string text = "one\n\nthree\nfour";
    for (std::size_t step = 1; step <= text.size(); ++step) {
        line_splitter splitter;
        std::vector<std::string> lines;
        for (std::size_t i = 0; i < text.size(); i += step) {
            splitter.take(std::string_view(text).substr(i, step),
                          [&](std::string_view one) { lines.emplace_back(one); });
        }
        EXPECT_EQ(lines, (std::vector<std::string>{"one", "", "three"})) << step;
    }
}

}  // namespace
}  // namespace nodescope::cli
