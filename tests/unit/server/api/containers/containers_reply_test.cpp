#include "server/api/containers/containers_reply.hpp"

#include "core/json/reader.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>

namespace nodescope::api {
namespace {

const std::string an_id(64, 'a');

cadvisor::container_view made_view(const std::string& id)
{
    cadvisor::container_view view;
    view.name = "/docker/" + id;
    view.is_container = true;
    cadvisor::container_spec spec;
    spec.aliases = {"w\"eb", id};
    spec.name_space = "docker";
    spec.image = "busybox";
    spec.limits.cpu_quota = 50000;
    spec.limits.cpu_period = 100000;
    spec.limits.has_memory = true;
    spec.limits.memory_limit = 4096;
    view.spec = std::make_shared<const cadvisor::container_spec>(spec);
    cadvisor::sample last;
    last.timestamp = cadvisor::time_point(std::chrono::seconds(1));
    host::cpu_usage used;
    used.total = 30;
    used.user = 20;
    used.system = 10;
    last.cpu = std::make_shared<const host::cpu_usage>(used);
    view.samples.push_back(last);
    return view;
}

TEST(ContainersReply, TellsWhatEachIs)
{
    container_listing all;
    all.views.push_back(made_view(an_id));
    process_facts facts;
    facts.pid = 7;
    facts.netns = 99;
    facts.addresses = {"10.0.0.2/24"};
    all.processes.emplace(an_id, facts);
    all.notes["processes"] = "late";
    EXPECT_EQ(containers_reply(all, 1U << 20U),
              R"({"node":null,"containers":[{"id":")" + an_id +
                  R"(","name":"w\"eb","runtime":"docker","cgroup":"/docker/)" + an_id +
                  R"(","image":"busybox","pod":null,"created":null,"started":null,"restarts":null,"pid":7,)"
                  R"("netns":99,"addresses":["10.0.0.2/24"],"measured":"1970-01-01T00:00:01.000000000Z",)"
                  R"("cpu":{"usage_ns":30,"user_ns":20,"system_ns":10,"throttled_ns":0,"limit_cores":0.5}}],)"
                  R"("ended":[],"notes":{"processes":"late"}})"
                  "\n");
}

TEST(ContainersReply, LeavesOutPlainCgroups)
{
    container_listing all;
    all.views.push_back(made_view(an_id));
    all.views.back().is_container = false;
    all.views.push_back(made_view(an_id));
    all.views.back().is_container = false;
    all.views.back().name = "/";
    const std::string body = containers_reply(all, 1U << 20U);
    EXPECT_NE(body.find(R"("containers":[])"), std::string::npos);
    EXPECT_EQ(body.find(R"("node":null)"), std::string::npos);
}

TEST(ContainersReply, TheNodeMayUseAllItsProcessors)
{
    container_listing all;
    all.views.push_back(made_view(an_id));
    all.views.back().is_container = false;
    all.views.back().name = "/";
    cadvisor::container_spec spec;
    spec.processors = 8;
    all.views.back().spec = std::make_shared<const cadvisor::container_spec>(spec);
    EXPECT_NE(containers_reply(all, 1U << 20U).find(R"("limit_cores":8)"), std::string::npos);
}

TEST(ContainersReply, NoLimitOfMemoryIsNullHoweverTheKernelWritesIt)
{
    // Of cgroup v1 with pages of 4 KiB and of 64 KiB; "max" of v2; no such file.
    for (const std::uint64_t none : {0x7ffffffffffff000UL, 0x7fffffffffff0000UL, ~0UL, 0UL}) {
        container_listing all;
        all.views.push_back(made_view(an_id));
        cadvisor::container_spec spec = *all.views.back().spec;
        spec.limits.memory_limit = none;
        all.views.back().spec = std::make_shared<const cadvisor::container_spec>(spec);
        all.views.back().samples.back().memory = std::make_shared<const host::memory_usage>();
        EXPECT_NE(containers_reply(all, 1U << 20U).find(R"("limit":null)"), std::string::npos) << none;
    }
}

TEST(ContainersReply, KeepsWithinAnyLimit)
{
    container_listing all;
    for (int i = 0; i < 40; ++i) all.views.push_back(made_view(fmt::format("{:064}", i)));
    for (std::size_t limit = 0; limit < 30000; limit += 97) {
        const std::string body = containers_reply(all, limit);
        EXPECT_TRUE(json_document(body)) << limit;
        EXPECT_LE(body.size(), std::max<std::size_t>(limit, 400));
        EXPECT_TRUE(limit >= 4096 || body.find("40 of 40 are left out") != std::string::npos) << limit;
    }
}

}  // namespace
}  // namespace nodescope::api
