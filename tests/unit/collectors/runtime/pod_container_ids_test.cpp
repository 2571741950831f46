// What the kernel, and Kubernetes, say of containers where no runtime does, or where one is wrong.
#include "tests/unit/collectors/runtime/container_finder_fixture.hpp"

#include <string>

#include <unistd.h>

using namespace nodescope;
using namespace std::chrono_literals;
using nodescope::testing::fake_pod_ids;
using nodescope::testing::id;
using nodescope::testing::run_task;
using nodescope::testing::silent;

namespace {

using ContainerFinderByKernel = nodescope::testing::container_finder_fixture;

}  // namespace

TEST_F(ContainerFinderByKernel, ANameMeansTheSameContainerInAnotherProcess)
{
    docker_.has_web(id);
    find_and_prove("web");
    docker_.answer = silent;
    finder_.forget(*find("web"));
    const auto found = find("web");
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->what.id, id);
    EXPECT_TRUE(found->by_its_cgroup);
    EXPECT_EQ(found->runtime_failure, silent);
    root_.write("/sys/fs/cgroup/docker/" + id + "/cgroup.procs", "");
    EXPECT_EQ(find("web").error(), silent);
}

TEST_F(ContainerFinderByKernel, WhatARuntimeSaysWronglyTheKernelKnows)
{
    docker_.has_web(id, 41);
    const auto said = find(id);
    const error why(failure::conflict, "process 41 is another's");
    const auto found = run_task(reactor_, finder_.find_by_kernel(said->what, why, deadline::in(10s)));
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->what.pid, 40);
    EXPECT_EQ(found->what.name, "web");
    EXPECT_EQ(found->resolved_by, "kernel");
    EXPECT_EQ(found->start_ticks, 200U);
    EXPECT_EQ(found->runtime_failure,
              error(failure::conflict, "what docker says of its process is not so: process 41 is another's"));

    container of_nobody = said->what;
    of_nobody.id = std::string(64, '0');
    EXPECT_FALSE(run_task(reactor_, finder_.find_by_kernel(of_nobody, why, deadline::in(10s))));
}

TEST_F(ContainerFinderByKernel, APlaceThatIsAUsersIsFoundAndNotRemembered)
{
    const std::string rootless(64, 'a');
    add_users(rootless, "40\n");
    docker_.answer = silent;
    const auto found = find(rootless);
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->in_subtree_of, ::getuid());
    finder_.proved(*found, 200);
    EXPECT_FALSE(find(rootless)->known);
    EXPECT_FALSE(find(id)->in_subtree_of);

    docker_.has_web(rootless, 41);
    const auto said = find(rootless);
    EXPECT_FALSE(
        run_task(reactor_, finder_.find_by_kernel(said->what, error(failure::conflict, "x"), deadline::in(10s))))
        << "the runtime has it";
}

TEST_F(ContainerFinderByKernel, APodIsFoundByKubernetesWhereNoRuntimeAnswers)
{
    docker_.answer = silent;
    EXPECT_EQ(find_pod().error(), silent);

    fake_pod_ids kubernetes;
    finder_.use(kubernetes);
    EXPECT_EQ(find_pod().error(), silent) << "it cannot say either";
    kubernetes.answer = error(failure::gone, "no such pod");
    EXPECT_EQ(find_pod().error(), error(failure::gone, "no such pod; " + silent.message()));

    kubernetes.answer = "containerd://" + id;
    const auto found = find_pod();
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->resolved_by, "kubernetes");
    EXPECT_EQ(found->what.id, id);
    EXPECT_EQ(found->what.pid, 40);
    EXPECT_TRUE(found->runtime_failure);
    finder_.proved(*found, 200);
    const int asked = kubernetes.asked;
    EXPECT_TRUE(find_pod()->known);
    EXPECT_EQ(kubernetes.asked, asked) << "known";

    finder_.forget(*found);
    kubernetes.answer = "containerd://" + std::string(64, '0');
    EXPECT_TRUE(find_pod()) << "what it was last heard to be, while the kernel has it";
    add(id, "");
    EXPECT_EQ(find_pod().error().kind(), failure::gone);
    kubernetes.answer = "containerd://../x";
    EXPECT_EQ(find_pod().error().kind(), failure::malformed);
}

TEST_F(ContainerFinderByKernel, APodOfARuntimeThatAnswersIsTheRuntimes)
{
    fake_pod_ids kubernetes;
    kubernetes.answer = id;
    finder_.use(kubernetes);
    docker_.answer = error(failure::gone, "no such pod");
    EXPECT_EQ(find_pod().error(), docker_.answer.error());
    docker_.has_web(id);
    EXPECT_EQ(find_pod()->resolved_by, "docker");
    EXPECT_EQ(kubernetes.asked, 0);
}
