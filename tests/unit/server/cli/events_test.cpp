#include "server/cli/events.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

namespace nodescope::cli {
namespace {

const std::string container_id(64, 'a');

const cgroup_names& names()
{
    static const cgroup_names made = [] {
        cgroup_names all;
        all.learn(json_value::of_document(
            R"({"containers":[{"id":"b","name":"web","cgroup":"/docker/b"},{"id":"c","name":"","cgroup":"/docker/c"},)"
            R"({"id":"d","name":"k8s_app","cgroup":"/kubepods/d","pod":{"namespace":"default","name":"web-0","container":"app\u001b"}}]})"));
        all.learn_of_runtime(json_value::of_document(
            R"([{"Id":")" + container_id +
            R"(","Names":["/short"],"Labels":{},"Status":"Exited (7) 2 seconds ago"},{"Id":"e","Names":["x"],"Labels":)"
            R"({"io.kubernetes.container.name":"app","io.kubernetes.pod.namespace":"ns","io.kubernetes.pod.name":"p"}}])"));
        return all;
    }();
    return made;
}

std::string line_of(const std::string& event, const screen& on = screen())
{
    return event_line(json_value::of_document(event), names(), on);
}

std::string ended(const std::string& cgroup, const std::string& code)
{
    return R"({"container_name":")" + cgroup + R"(","timestamp":"T","event_type":"containerDeletion",)" +
           R"("event_data":{"container_deletion":{"exit_code":)" + code + "}}}";
}

TEST(Events, AreLines)
{
    EXPECT_EQ(
        line_of(R"({"container_name":"/docker/b","timestamp":"T","event_type":"containerCreation","event_data":{}})"),
        "T  started            web\n");
    EXPECT_EQ(line_of(ended("/kubepods/d", "137")),
              "T  ended              app\\x1b in default/web-0  exit code 137 (SIGKILL)\n");
    EXPECT_EQ(line_of(ended("/docker/b", "3")), "T  ended              web  exit code 3\n");
    EXPECT_EQ(line_of(ended("/docker/b", "255")), "T  ended              web  exit code 255\n");
    EXPECT_EQ(line_of(ended("/docker/b", "-1")), "T  ended              web  exit code unknown\n");
    EXPECT_EQ(line_of(R"({"container_name":"/a","timestamp":"T","event_type":"oomKill",)"
                      R"("event_data":{"oom":{"pid":7,"process_name":"java\u001b"}}})"),
              "T  killed for memory  /a  java\\x1b (7)\n");
}

TEST(Events, TimeIsLocal)
{
    ::setenv("TZ", "XYZ-2", 1);  // two hours east
    ::tzset();
    const std::string line = line_of(
        R"({"container_name":"/docker/b","timestamp":"2026-11-28T23:29:52.054529517Z","event_type":"oom","event_data":{}})");
    ::unsetenv("TZ");
    ::tzset();
    EXPECT_EQ(line, "Nov 29 01:29:52  out of memory      web\n");
}

TEST(Events, AreOfContainers)
{
    EXPECT_EQ(line_of(ended("/system.slice/apt.service", "0")), "");
    EXPECT_EQ(line_of(ended("/docker/b/init.scope", "0")), "");
    EXPECT_NE(line_of(ended("/docker/c", "0")), "");
    EXPECT_EQ(line_of(ended("/kubepods.slice/cri-containerd-" + container_id + ".scope", "0")),
              "T  ended              short  exit code 0\n");
    EXPECT_EQ(line_of(ended("/docker/" + container_id, "-1")), "T  ended              short  exit code 7\n");
    const std::string other(64, 'f');
    EXPECT_EQ(line_of(ended("/docker/" + other, "0")), "T  ended              ffffffffffff  exit code 0\n");
    EXPECT_EQ(line_of(ended("/docker/x" + other, "0")), "");
    EXPECT_EQ(line_of(ended("/machine.slice/libpod-conmon-" + other + ".scope", "0")), "");
    EXPECT_EQ(line_of(ended("/system.slice/crio-conmon-" + other + ".scope", "0")), "");
    EXPECT_NE(line_of(ended("/machine.slice/libpod-" + other + ".scope", "0")), "");
}

TEST(Events, NamesAreOfWhatIsAbove)
{
    EXPECT_EQ(names().called("/docker/b/init.scope"), "web /init.scope");
    EXPECT_EQ(names().called("/docker"), "/docker");
    EXPECT_EQ(names().called("/"), "/");
    EXPECT_EQ(names().called(""), "");
    EXPECT_EQ(names().called("/docker/" + container_id), "short");
    EXPECT_TRUE(names().knows("/docker/b"));
    EXPECT_FALSE(names().knows("/docker/c"));
    EXPECT_FALSE(names().knows("/docker/b/init.scope"));
}

TEST(Events, AreNeverWiderThanAsked)
{
    screen narrow;
    narrow.width = 24;
    EXPECT_EQ(line_of(ended("/kubepods/d", "137"), narrow),
              "T  ended\n"
              "    app\\x1b in\n"
              "    default/web-0 exit\n"
              "    code 137 (SIGKILL)\n");
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
