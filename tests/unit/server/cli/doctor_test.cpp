#include "server/cli/doctor.hpp"

#include <gtest/gtest.h>

#include <string>

namespace nodescope::cli {
namespace {

std::string answer(const std::string& severity)
{
    return R"({"findings":[{"rule":"link-down","severity":")" + severity +
           R"(","subject":{"netns":9,"ifname":"e\u001b0","container":{"id":"abc","name":"web","runtime":"docker"}},)"
           R"("summary":"it is down","evidence":{"address":"10.0.0.2/24","routes":7},"hint":"look there"}],)"
           R"("checked":["link-down","no-carrier"],"not_checked":{"peer-down":"late"},"notes":{"x":"cut"}})";
}

TEST(Doctor, TellsFindingsWithTheirHints)
{
    const std::string body = answer("error");
    EXPECT_EQ(findings_text(json_value::of_document(body), screen()),
              "error  link-down  web e\\x1b0\n"
              "    it is down\n"
              "    address: 10.0.0.2/24, routes: 7\n"
              "    look there\n"
              "\n"
              "1 error, 0 warnings, 0 notes; 2 rules checked\n");
    EXPECT_EQ(findings_remarks(json_value::of_document(body), screen()),
              "not checked:\n"
              "    peer-down: late\n"
              "notes:\n"
              "    x: cut\n");
}

TEST(Doctor, IsNeverWiderThanAsked)
{
    screen narrow;
    narrow.width = 24;
    const std::string body =
        R"({"findings":[{"rule":"link-down","severity":"error","subject":{"ifname":"eth0","container":{"name":)"
        R"("\u8336\u8336\u8336\u8336\u8336\u8336\u8336\u8336\u8336\u8336\u8336\u8336"}},"summary":"s","evidence":{},"hint":"h"}]})";
    const std::string text = findings_text(json_value::of_document(body), narrow);
    EXPECT_EQ(text.substr(0, text.find("    s\n")),
              "error  link-down\n"
              "    \u8336\u8336\u8336\u8336\u8336\u8336\u8336\u8336\u8336\u8336\n"
              "    \u8336\u8336 eth0\n");
}

TEST(Doctor, ExitsByTheWorst)
{
    for (const auto& [severity, code] : {std::pair("info", 0), {"warning", 1}, {"error", 2}}) {
        const std::string body = answer(severity);
        EXPECT_EQ(findings_code(json_value::of_document(body)), code) << severity;
    }
    EXPECT_EQ(findings_code(json_value::of_document(R"({"findings":[]})")), 0);
    EXPECT_EQ(findings_code(json_value::of_document("")), 0);
    EXPECT_EQ(findings_code(json_value::of_document(R"({"findings":[],"checked":[],"not_checked":{"x":"denied"}})")),
              could_not_look);
    EXPECT_EQ(findings_code(json_value::of_document(R"({"checked":["y"],"not_checked":{"x":"denied"}})")), 0);
}

}  // namespace
}  // namespace nodescope::cli
