#include "server/cli/ps.hpp"

#include <gtest/gtest.h>

#include <string>

namespace nodescope::cli {
namespace {

const std::string now_answer =
    R"({"containers":[{"id":"bbbbbbbbbbbbbbbb","name":"b","runtime":"docker","image":"busybox","pod":null,"pid":7,)"
    R"("started":"1970-01-01T00:00:00Z","addresses":["10.0.0.2/24"],"memory":{"working_set":1024}},)"
    R"({"id":"aaaaaaaaaaaaaaaa","name":"k","runtime":"containerd","image":"","pod":{"namespace":"d","name":"p","container":"app"},)"
    R"("pid":null,"addresses":null},)"
    R"({"id":"cccccccccccccccc","name":"s","runtime":"containerd","image":"","pod":{"namespace":"d","name":"p","container":"","sandbox":true},"pid":9}],)"
    R"("notes":{"processes":"late"}})";
const std::string stopped_list =
    R"([{"Id":"bbbbbbbbbbbbbbbb","Names":["/b"],"State":"running","Status":"Up"},)"
    R"({"Id":"dddddddddddddddd","Names":["/old"],"Image":"busybox","State":"exited","Status":"Exited (1) ago"}])";

std::string text(const list_choice& which)
{
    return containers_text(json_value(), json_value::of_document(now_answer), json_value::of_document(stopped_list),
                           which, 60, screen());
}

TEST(Ps, ListsWhatRuns)
{
    list_choice which;
    const std::string shown =
        containers_text(json_value(), json_value::of_document(now_answer), json_value(), which, 60, screen());
    EXPECT_EQ(shown,
              "ID            NAME  POD  RUNTIME     IMAGE    STATE       AGE  PID  CPU   MEMORY  ADDRESS\n"
              "bbbbbbbbbbbb  b          docker      busybox  running     60s    7       1.0 KiB  10.0.0.2/24\n"
              "aaaaaaaaaaaa  app   d/p  containerd           no process\n"
              "processes: late\n");
}

TEST(Ps, ListsAllOnce)
{
    list_choice which;
    which.all = true;
    const std::string shown = text(which);
    EXPECT_NE(shown.find("cccccccccccc"), std::string::npos);
    EXPECT_NE(shown.find("dddddddddddd  old"), std::string::npos);
    EXPECT_NE(shown.find("Exited (1) ago"), std::string::npos);
    EXPECT_EQ(shown.find("bbbbbbbbbbbb"), shown.rfind("bbbbbbbbbbbb"));
}

TEST(Ps, ListsOnePod)
{
    list_choice which;
    which.pod = "d/p";
    const std::string shown = text(which);
    EXPECT_NE(shown.find("aaaaaaaaaaaa"), std::string::npos);
    EXPECT_EQ(shown.find("bbbbbbbbbbbb"), std::string::npos);
    EXPECT_EQ(shown.find("dddddddddddd"), std::string::npos);
    EXPECT_EQ(containers_text(json_value(), json_value(), json_value(), which, 0, screen()),
              "no container of that pod runs here\n");
}

}  // namespace
}  // namespace nodescope::cli
