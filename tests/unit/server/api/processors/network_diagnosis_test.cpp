#include "server/api/processors/network_diagnosis.hpp"

#include "server/api/network/findings_reply.hpp"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include <cstddef>
#include <string>

namespace nodescope::api {
namespace {

findings::report diagnosed(std::size_t count)
{
    findings::report made;
    for (std::size_t i = 0; i < count; ++i) {
        findings::finding& one = made.findings.emplace_back();
        one.rule = "link-down";
        one.about.ifname = "\"\\\x1b\"";
        one.summary = "eth0 is down";
    }
    made.checked = {"link-down"};
    return made;
}

std::string value_of_diagnosis(const std::string& body)
{
    const auto object = boost::json::parse(body).as_object();
    EXPECT_EQ(object.size(), 1U);
    return std::string(object.at("collector.kubernetes.network.findings").as_string());
}

TEST(NetworkDiagnosis, IsTheAnswerOfFindingsAsAString)
{
    const findings::report made = diagnosed(3);
    std::string findings = findings_reply(made, 100000).value();
    findings.pop_back();
    EXPECT_EQ(value_of_diagnosis(network_diagnosis(made, 100000).value()), findings);
    EXPECT_EQ(value_of_diagnosis(network_diagnosis({}, 1000).value()),
              R"({"findings":[],"checked":[],"not_checked":{},"notes":{}})");
}

TEST(NetworkDiagnosis, KeepsWithinAnyLimit)
{
    const findings::report made = diagnosed(20);
    const std::size_t whole = network_diagnosis(made, 100000).value().size();
    std::size_t failed = 0;
    for (std::size_t limit = 0; limit <= whole; ++limit) {
        const auto body = network_diagnosis(made, limit);
        if (!body) {
            EXPECT_EQ(body.error().kind(), failure::too_large);
            ++failed;
            continue;
        }
        EXPECT_LE(body->size(), limit);
        EXPECT_NO_THROW(boost::json::parse(value_of_diagnosis(*body)));
        EXPECT_EQ(limit < whole, body->find("cut after") != std::string::npos) << limit;
    }
    EXPECT_GT(failed, 50U);
    EXPECT_LT(failed, 800U);
}

}  // namespace
}  // namespace nodescope::api
