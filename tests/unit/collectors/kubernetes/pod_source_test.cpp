#include "collectors/kubernetes/pod_source.hpp"

#include "tests/support/run_task.hpp"
#include "tests/support/temporary_directory.hpp"

#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <cstdlib>

namespace nodescope::kubernetes {
namespace {

using namespace std::chrono_literals;
using testing::run_task;

/// With no cluster in the environment, whatever the machine of the test has.
struct MakePodSource : ::testing::Test {
    void SetUp() override
    {
        ::unsetenv("KUBERNETES_SERVICE_HOST");
        ::unsetenv("KUBERNETES_SERVICE_PORT");
        options.node_name = "node-a";
        options.service_account_directory = folder.path().string();
    }
    void TearDown() override { SetUp(); }

    error refusal()
    {
        const auto made = make_pod_source(reactor.get_executor(), options, log);
        return made ? error(failure::internal, "made") : made.error();
    }
    error answer()
    {
        auto made = make_pod_source(reactor.get_executor(), options, log);
        if (!made) return made.error();
        const pod_reference which = pod_reference::parse("default", "x").value();
        const auto pod = run_task(reactor, (*made)->pod(which, deadline::in(10s)));
        const auto list = run_task(reactor, (*made)->pods_of_node(deadline::in(10s)));
        EXPECT_EQ(pod.error().kind(), list.error().kind());
        return pod.error();
    }

    testing::temporary_directory folder;
    boost::asio::io_context reactor{1};
    logger log{log_level::error, log_format::json, [](std::string_view) {}};
    source_options options{std::chrono::seconds(10)};
};

TEST_F(MakePodSource, SaysWhatToConfigureWhenNothingIs)
{
    EXPECT_EQ(answer(), error(failure::unavailable,
                              "kubernetes: not configured: give --kubeconfig, or run as a pod with a "
                              "service account"));
    ::setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1", 1);
    options.node_name.clear();
    EXPECT_EQ(answer(),
              error(failure::unavailable, "kubernetes: the name of this node is not known: give --node-name"));
}

TEST_F(MakePodSource, RefusesOptionsThatCannotBeUsed)
{
    options.source = "docker";
    EXPECT_EQ(refusal(), error(failure::invalid, "--pod-source: \"docker\" is none of auto, apiserver, kubelet"));
    options.source = "auto";
    options.kubelet_endpoint = "http://127.0.0.1:10255";
    EXPECT_EQ(refusal(), error(failure::invalid, "--kubelet-endpoint: \"http://127.0.0.1:10255\" is not https"));
    options.kubelet_endpoint = "127.0.0.1:10250";
    EXPECT_EQ(refusal().kind(), failure::invalid);
    options.kubelet_endpoint.clear();
    options.kubelet_ca_file = (folder.path() / "absent.pem").string();
    EXPECT_EQ(refusal(), error(failure::invalid,
                               "--kubelet-ca-file: open " + options.kubelet_ca_file + ": No such file or directory"));
    options.kubelet_ca_file.clear();
    options.kubeconfig = (folder.path() / "absent").string();
    options.node_name.clear();
    EXPECT_EQ(refusal().kind(), failure::invalid);
    EXPECT_EQ(refusal().message(), "kubernetes: kubeconfig " + options.kubeconfig + ": open " + options.kubeconfig +
                                       ": No such file or directory");
}

TEST_F(MakePodSource, StartsWithAServiceAccountThatIsNotThereYet)
{
    ::setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1", 1);
    ::setenv("KUBERNETES_SERVICE_PORT", "1", 1);
    options.source = "apiserver";
    EXPECT_EQ(answer(),
              error(failure::unavailable, "kubernetes: no credentials for the API server: service account: open " +
                                              folder.path().string() + "/token: No such file or directory"));
}

TEST_F(MakePodSource, RefusesAKubeconfigWhoseCertificatesAreNone)
{
    options.kubeconfig = folder.write(
        "config", R"({"current-context":"h","contexts":[{"name":"h","context":{"cluster":"c"}}],"clusters":[{"name":"c",
                      "cluster":{"server":"https://127.0.0.1:1","certificate-authority-data":"bm8gUEVN"}}]})");
    EXPECT_EQ(refusal().kind(), failure::invalid);
}

}  // namespace
}  // namespace nodescope::kubernetes
