#include "collectors/runtime/cri/runtime_info.hpp"

#include <gtest/gtest.h>

#include <string>

namespace nodescope::cri {
namespace {

std::string info_with(const std::string& config)
{
    version_answer version;
    version.runtime_name = "containerd";
    version.runtime_version = "1.7.0";
    version.api_version = "v1";
    runtime_status status;
    runtime_condition& ready = status.conditions.emplace_back();
    ready.type = "RuntimeReady";
    ready.status = true;
    status.info["config"] = config;
    return info_json(version, status, "unix:///x.sock");
}

const std::string without_config =
    R"({"runtimeName":"containerd","runtimeVersion":"1.7.0","runtimeApiVersion":"v1","endpoint":"unix:///x.sock",)"
    R"("conditions":[{"type":"RuntimeReady","status":true,"reason":"","message":""}]})";

TEST(RuntimeInfo, HasWhatTheRuntimeSays)
{
    std::string expected = without_config;
    expected.insert(expected.size() - 1, R"(,"config":{"a":{"b":1}})");
    EXPECT_EQ(info_with(R"({"a":{"b":1}})"), expected);
}

TEST(RuntimeInfo, LeavesOutCredentialsOfRegistries)
{
    const std::string text = info_with(R"({"registry":{"configs":{"r":{"auth":{"password":"planted"}}}},"a":1})");
    EXPECT_EQ(text.find("planted"), std::string::npos);
    EXPECT_NE(text.find(R"("config":{"a":1})"), std::string::npos) << text;
}

TEST(RuntimeInfo, LeavesOutWhatIsNoConfiguration)
{
    for (const std::string& odd :
         {std::string(""), std::string("["), std::string("[]"), std::string("{\"a\":\"\xff\"}"),
          std::string("[crio]\n"), "{\"a\":\"" + std::string(300U << 10U, 'x') + "\"}"}) {
        EXPECT_EQ(info_with(odd), without_config);
    }
}

}  // namespace
}  // namespace nodescope::cri
