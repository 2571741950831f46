#include "collectors/runtime/container_reference.hpp"
#include "tests/unit/collectors/runtime/hostile_ids.hpp"

#include <gtest/gtest.h>

namespace nodescope {
namespace {

TEST(ContainerReference, TakesIdsAndNames)
{
    const std::string full(64, 'a');
    const std::pair<std::string, std::string> good[] = {
        {full, full},
        {"0123456789ab", "0123456789ab"},
        {"web", "web"},
        {"/web", "web"},
        {"docker://" + full, full},
        {"containerd://" + full, full},
        {"cri-o://" + full, full},
        {"podman://" + full, full},
        {"/docker://web", "web"},
        {"k8s_POD_coredns-5d78c9869d-x2x4d_kube-system_0b8f6a3e-1c1f_0",
         "k8s_POD_coredns-5d78c9869d-x2x4d_kube-system_0b8f6a3e-1c1f_0"},
        {"a.b-c_d", "a.b-c_d"},
        {"a..b", "a..b"},
        {"7", "7"},
        {std::string(512, 'x'), std::string(512, 'x')},
    };
    for (const auto& [text, meaning] : good) {
        const auto got = container_reference::parse(text);
        ASSERT_TRUE(got) << text << got.error();
        EXPECT_EQ(got->text(), meaning);
    }
}

TEST(ContainerReference, KeepsItsScheme)
{
    const auto scheme_of = [](std::string_view text) { return container_reference::parse(text)->scheme(); };
    EXPECT_EQ(scheme_of("web"), std::nullopt);
    EXPECT_EQ(scheme_of("/web"), std::nullopt);
    EXPECT_EQ(scheme_of("docker"), std::nullopt) << "a name";
    EXPECT_EQ(scheme_of("docker://web"), reference_scheme::docker);
    EXPECT_EQ(scheme_of("/docker://web"), reference_scheme::docker);
    EXPECT_EQ(scheme_of("containerd://web"), reference_scheme::containerd);
    EXPECT_EQ(scheme_of("cri-o://web"), reference_scheme::cri_o);
    EXPECT_EQ(scheme_of("podman://web"), reference_scheme::podman);
    EXPECT_FALSE(container_reference::parse("docker://podman://web")) << "one is enough";
}

TEST(ContainerReference, RefusesHostileOnes)
{
    const auto ids = testing::hostile_ids();
    EXPECT_GE(ids.size(), 200U);
    for (const std::string& id : ids) {
        const auto got = container_reference::parse(id);
        ASSERT_FALSE(got) << id;
        EXPECT_EQ(got.error().kind(), failure::invalid);
        const std::string message = got.error().message();
        EXPECT_LT(message.size(), 512U);
        for (const char c : message) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << id;
    }
}

TEST(ContainerReference, RefusesEveryByteThatIsNotOfAName)
{
    for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        const bool alphanumeric = byte < 128 && std::isalnum(byte) != 0;
        const bool inner = alphanumeric || c == '_' || c == '.' || c == '-';
        EXPECT_EQ(container_reference::parse(std::string("a") + c + "b").has_value(), inner) << byte;
        EXPECT_EQ(container_reference::parse(std::string(1, c) + "b").has_value(), alphanumeric || c == '/') << byte;
    }
}

}  // namespace
}  // namespace nodescope
