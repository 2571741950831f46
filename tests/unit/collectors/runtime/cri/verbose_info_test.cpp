#include "collectors/runtime/cri/verbose_info.hpp"

#include <gtest/gtest.h>

#include <string>

namespace nodescope::cri {
namespace {

// As containerd 1.6 writes it of a container, shortened.
const std::string of_containerd =
    R"({"sandboxID":"s","pid":15497,"removing":false,"snapshotter":"native","runtimeSpec":{"process":{"args":["/bin/busybox","sleep","1"],)"
    R"("env":["PATH=/bin","HOSTNAME=vm"]},"linux":{"resources":{"cpu":{"shares":512}}}}})";

TEST(VerboseInfo, IsReadOfContainerd)
{
    const verbose_facts facts = read_verbose_info(of_containerd);
    EXPECT_EQ(facts.pid, 15497);
    EXPECT_EQ(facts.sandbox_id, "s");
    EXPECT_EQ(facts.snapshotter, "native");
    EXPECT_EQ(facts.cpu_shares, 512);
    EXPECT_EQ(facts.command, (std::vector<std::string>{"/bin/busybox", "sleep", "1"}));
    EXPECT_EQ(facts.environment, (std::vector<std::string>{"PATH=/bin", "HOSTNAME=vm"}));
}

TEST(VerboseInfo, IsReadOfCrio)
{
    // Of its documented shape (cri-o, server/container_status.go); not captured.
    const verbose_facts facts = read_verbose_info(
        R"({"sandboxID":"s","pid":7,"runtimeSpec":{"process":{"args":["a"],"env":null}},"privileged":false})");
    EXPECT_EQ(facts.pid, 7);
    EXPECT_EQ(facts.command, (std::vector<std::string>{"a"}));
    EXPECT_TRUE(facts.environment.empty());
}

TEST(VerboseInfo, IsNotKnownWhereItCannotBeRead)
{
    for (std::size_t size = 0; size < of_containerd.size(); ++size) {
        const verbose_facts facts = read_verbose_info(std::string_view(of_containerd).substr(0, size));
        EXPECT_EQ(facts.pid, 0) << size;
        EXPECT_TRUE(facts.command.empty());
    }
    for (const char* const odd : {"[]", "7", "null", R"({"pid":"7"})", R"({"pid":-7})", R"({"pid":99999999999})",
                                  R"({"pid":7.5})", R"({"pid":{}})"}) {
        EXPECT_EQ(read_verbose_info(odd).pid, 0) << odd;
    }
    EXPECT_EQ(read_verbose_info(R"({"pid":7,"runtimeSpec":[],"snapshotter":3})").pid, 7) << "the rest may be odd";
}

TEST(VerboseInfo, PortsOfAContainer)
{
    using ports = std::vector<std::uint16_t>;
    const std::string of_kubelet =
        R"([{"name":"http","containerPort":80,"protocol":"TCP"},{"hostPort":8053,"containerPort":53,"protocol":"UDP"},{"containerPort":443}])";
    EXPECT_EQ(read_container_ports(of_kubelet), (ports{80, 443}));
    for (std::size_t size = 0; size < of_kubelet.size(); ++size)
        EXPECT_EQ(read_container_ports(std::string_view(of_kubelet).substr(0, size)), ports()) << size;
    for (const char* const odd :
         {"", "null", "{}", "[]", "[80]", R"([{"containerPort":"80"}])", R"([{"containerPort":0}])",
          R"([{"containerPort":65536}])", R"([{"containerPort":-1}])"})
        EXPECT_EQ(read_container_ports(odd), ports()) << odd;
    std::string many = "[";
    for (int i = 0; i < 1000; ++i) many += R"({"containerPort":80},)";
    many.back() = ']';
    EXPECT_EQ(read_container_ports(many).size(), 256U);
}

TEST(VerboseInfo, IsBounded)
{
    const std::string word(3000, 'x');
    const verbose_facts facts =
        read_verbose_info(R"({"runtimeSpec":{"process":{"args":["a",")" + word + R"(",")" + word + R"(","b"]}}})");
    EXPECT_EQ(facts.command.size(), 2U) << "it ends with the first that does not fit";
}

}  // namespace
}  // namespace nodescope::cri
