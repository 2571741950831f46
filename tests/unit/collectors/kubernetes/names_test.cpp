#include "collectors/kubernetes/names.hpp"

#include <gtest/gtest.h>

namespace nodescope::kubernetes {
namespace {

TEST(IsDnsLabel, FollowsRfc1123)
{
    for (const char* good : {"a", "0", "default", "kube-system", "a--b", "1-2"})
        EXPECT_TRUE(is_dns_label(good)) << good;
    EXPECT_TRUE(is_dns_label(std::string(63, 'a')));
    EXPECT_FALSE(is_dns_label(std::string(64, 'a')));
    for (const char* bad : {"", "-a", "a-", "A", "a.b", "a_b", "a/b", "..", "a b", "a%2f", "\xc3\xa4", "a\n"}) {
        EXPECT_FALSE(is_dns_label(bad)) << bad;
    }
    EXPECT_FALSE(is_dns_label(std::string_view("a\0b", 3)));
}

TEST(IsDnsSubdomain, FollowsKubernetes)
{
    for (const char* good : {"x", "web-0", "node-a.example.com", "1.2.3"}) EXPECT_TRUE(is_dns_subdomain(good)) << good;
    EXPECT_TRUE(is_dns_subdomain(std::string(253, 'a')));
    EXPECT_FALSE(is_dns_subdomain(std::string(254, 'a')));
    for (const char* bad :
         {"", ".", "..", "a.", ".a", "a..b", "a.-b", "a-.b", "a/../b", "a?x=1", "a#b", "Web", "a b"}) {
        EXPECT_FALSE(is_dns_subdomain(bad)) << bad;
    }
}

TEST(PodReference, KeepsGoodNames)
{
    const auto parsed = pod_reference::parse("kube-system", "etcd-node.example");
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->pod_namespace(), "kube-system");
    EXPECT_EQ(parsed->pod_name(), "etcd-node.example");
    EXPECT_EQ(pod_path(*parsed), "/api/v1/namespaces/kube-system/pods/etcd-node.example");
}

TEST(PodReference, NamesTheFieldAndTheRule)
{
    const auto bad_namespace = pod_reference::parse("../x\n", "x");
    ASSERT_FALSE(bad_namespace);
    EXPECT_EQ(bad_namespace.error().kind(), failure::invalid);
    EXPECT_EQ(bad_namespace.error().message(),
              "pod.namespace \"../x\\n\" is not a Kubernetes namespace name (1 to 63 of a-z, 0-9 and '-', a letter or "
              "digit first and last)");
    const auto bad_name = pod_reference::parse("default", "x/log");
    ASSERT_FALSE(bad_name);
    EXPECT_EQ(bad_name.error().kind(), failure::invalid);
    EXPECT_EQ(bad_name.error().message().find("pod.name \"x/log\" is not a Kubernetes pod name"), 0U);
    const auto missing = pod_reference::parse("default", "");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().message().find("pod.name is missing or empty: it must be a Kubernetes pod name"), 0U);
}

// Only unreserved bytes may reach a path.
TEST(PodReference, RefusesEveryByteThatIsNotOfAName)
{
    for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        const std::string name = std::string("a") + c + "b";
        const bool allowed = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
        EXPECT_EQ(static_cast<bool>(pod_reference::parse(name, "x")), allowed) << byte;
        EXPECT_EQ(static_cast<bool>(pod_reference::parse("default", name)), allowed || c == '.') << byte;
    }
}

}  // namespace
}  // namespace nodescope::kubernetes
