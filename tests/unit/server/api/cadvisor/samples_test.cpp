// Specs, samples and summaries, against what cAdvisor itself answered of the same node.
#include "server/api/cadvisor/samples.hpp"

#include "tests/support/local_zone.hpp"
#include "tests/unit/server/api/cadvisor/cadvisor_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <regex>

namespace nodescope::api {
namespace {

using nodescope::testing::compact_fixture;
using nodescope::testing::fixture_devices;
using nodescope::testing::views_of_fixture;
using nodescope::testing::without_newer_keys;
using ::testing::HasSubstr;
using ::testing::Not;

/// Says where two long texts part.
::testing::AssertionResult same_text(const std::string& got, const std::string& expected)
{
    const auto [at, other] = std::mismatch(got.begin(), got.end(), expected.begin(), expected.end());
    if (at == got.end() && other == expected.end()) return ::testing::AssertionSuccess();
    const auto begin = static_cast<std::size_t>(std::max<std::ptrdiff_t>(at - got.begin() - 60, 0));
    return ::testing::AssertionFailure() << "at byte " << at - got.begin() << "\n  got:      " << got.substr(begin, 160)
                                         << "\n  expected: " << expected.substr(begin, 160);
}

/// Takes the figures of cpu_inst out of an answer. cAdvisor works them out between readings of the monotonic clock,
/// which it does not tell.
std::vector<double> take_rates(std::string& answer)
{
    static const std::regex group(R"re("cpu_inst":\{"usage":\{[^}]*\}\})re");
    static const std::regex figure(R"([0-9]+)");
    std::vector<double> out;
    for (std::sregex_iterator at(answer.begin(), answer.end(), group), end; at != end; ++at) {
        const std::string text = at->str();
        for (std::sregex_iterator each(text.begin(), text.end(), figure); each != end; ++each) {
            out.push_back(std::stod(each->str()));
        }
    }
    answer = std::regex_replace(answer, group, R"("cpu_inst":{})");
    return out;
}

/// cAdvisor shows zeros where sockets are not counted (docs/cadvisor.md).
enum class zero_sockets { shown, left_out };

::testing::AssertionResult is_answer_of_cadvisor(const std::string& answer, const char* fixture,
                                                 zero_sockets sockets = zero_sockets::shown)
{
    std::string got = without_newer_keys(answer);
    std::string expected = compact_fixture(fixture);
    static const std::regex zeros(R"re(,"(tcp|udp)6?":\{("[A-Za-z0-9]+":0,?)+\})re");
    if (sockets == zero_sockets::left_out) expected = std::regex_replace(expected, zeros, "");
    const std::vector<double> rates = take_rates(got);
    const std::vector<double> expected_rates = take_rates(expected);
    if (rates.size() != expected_rates.size()) return ::testing::AssertionFailure() << rates.size() << " rates";
    for (std::size_t at = 0; at < rates.size(); ++at) {
        if (std::abs(rates[at] - expected_rates[at]) <= 1 + expected_rates[at] / 1e7) continue;
        return ::testing::AssertionFailure() << "rate " << rates[at] << ", expected " << expected_rates[at];
    }
    return same_text(got, expected);
}

class CadvisorSamples : public ::testing::Test {
    nodescope::testing::local_zone zone_{"UTC0"};
};

TEST_F(CadvisorSamples, AreThoseOfCadvisorInV2_0)
{
    for (const char* const name :
         {"v2.0_stats_fx-limits_count2", "v2.0_stats_root_count2", "v2.0_stats_fx-share_count2"}) {
        EXPECT_TRUE(is_answer_of_cadvisor(stats_v2_0(views_of_fixture(name), fixture_devices()), name));
    }
}

TEST_F(CadvisorSamples, AreThoseOfCadvisorInV2_1)
{
    for (const char* const name :
         {"v2.1_stats_fx-limits_count2", "v2.1_stats_docker_parent_count1", "v2.1_stats_c1_count0"}) {
        const std::string got = stats_v2_1(views_of_fixture(name), fixture_devices());
        EXPECT_TRUE(is_answer_of_cadvisor(got, name, zero_sockets::left_out));
    }
}

TEST_F(CadvisorSamples, AreThoseOfCadvisorInMachinestats)
{
    const char* const name = "v2.1_machinestats_count2";
    EXPECT_TRUE(is_answer_of_cadvisor(machine_stats(views_of_fixture(name)), name, zero_sockets::left_out));
}

TEST_F(CadvisorSamples, SpecsAreThoseOfCadvisor)
{
    for (const char* const name :
         {"v2.0_spec_fx-limits", "v2.0_spec_root", "v2.0_spec_fx-restart", "v2.0_spec_kubepods_recursive"}) {
        EXPECT_TRUE(is_answer_of_cadvisor(spec_of_all(views_of_fixture(name)), name));
    }
}

TEST_F(CadvisorSamples, SummariesAreThoseOfCadvisor)
{
    for (const char* const name : {"v2.0_summary_docker_recursive", "v2.0_summary_root"}) {
        EXPECT_TRUE(is_answer_of_cadvisor(summary_of_all(views_of_fixture(name)), name));
    }
}

TEST_F(CadvisorSamples, NoneIsWhatTheContractSays)
{
    EXPECT_EQ(stats_v2_0({}, nullptr), "{}");
    EXPECT_EQ(stats_v2_1({}, nullptr), "{}");
    EXPECT_EQ(machine_stats({}), "null");
    EXPECT_EQ(spec_of_all({}), "{}");
    EXPECT_EQ(summary_of_all({}), "{}");

    container_views root = views_of_fixture("v2.0_stats_root_count2");
    EXPECT_EQ(stats_v2_1(root, nullptr), "{}");  // v2.1 has machinestats for it
    root[0].samples.clear();
    EXPECT_EQ(stats_v2_0(root, nullptr), R"({"/":[]})");
    EXPECT_EQ(machine_stats(root), "null");
}

/// A container without anything, with one sample that holds nothing.
cadvisor::container_view bare_container()
{
    cadvisor::container_view out;
    out.name = "/x";
    out.spec = std::make_shared<const cadvisor::container_spec>();
    out.samples.emplace_back();
    return out;
}

TEST_F(CadvisorSamples, ShowGroupsThatAreNotKnownAsZerosOrNotAtAll)
{
    EXPECT_EQ(stats_v2_1({bare_container()}, nullptr),
              R"({"/x":{"spec":{"creation_time":"0001-01-01T00:00:00Z","start_time":"0001-01-01T00:00:00Z",)"
              R"("has_cpu":false,"cpu":{"limit":0,"max_limit":0},"has_memory":false,"memory":{},"has_hugetlb":false,)"
              R"("has_custom_metrics":false,"has_processes":false,"processes":{},"has_network":false,)"
              R"("has_filesystem":false,"has_diskio":false},"stats":[{"timestamp":"1970-01-01T00:00:00Z"}]}})");
    const std::string v2_0 = stats_v2_0({bare_container()}, nullptr);
    EXPECT_THAT(v2_0, HasSubstr(R"("has_cpu":false,"cpu":{"usage":{"total":0,"user":0,"system":0},"cfs":)"));
    EXPECT_THAT(v2_0, HasSubstr(R"("has_diskio":false,"diskio":{},"has_memory":false,"memory":{"usage":0,)"));
    EXPECT_THAT(v2_0, HasSubstr(R"("has_filesystem":false,"has_load":false)"));
    EXPECT_THAT(v2_0, Not(HasSubstr("cpu_inst")));
    EXPECT_THAT(v2_0, Not(HasSubstr("psi")));
}

TEST_F(CadvisorSamples, ShowPressuresWhereTheKernelHasThem)
{
    cadvisor::container_view container = bare_container();
    host::pressures pressures;
    pressures.cpu.some = {1500, 0.25, 1e-7, 100};
    pressures.io.full.total = 3;
    container.samples[0].pressures = std::make_shared<const host::pressures>(pressures);
    const std::string text = stats_v2_0({container}, nullptr);
    EXPECT_THAT(text, HasSubstr(R"("load_average":0,"psi":{"full":{"total":0,"avg10":0,"avg60":0,"avg300":0},)"
                                R"("some":{"total":1500,"avg10":0.25,"avg60":1e-7,"avg300":100}}})"));
    EXPECT_THAT(text, HasSubstr(R"("diskio":{"psi":{"full":{"total":3,)"));
    EXPECT_THAT(text, HasSubstr(R"("hierarchical_data":{"pgfault":0,"pgmajfault":0},"psi":{"full":)"));
}

/// Two samples, a second apart, with these CPU times.
container_views two_samples(const host::cpu_usage& first, const host::cpu_usage& second,
                            std::chrono::nanoseconds apart = std::chrono::seconds(1))
{
    cadvisor::container_view out = bare_container();
    cadvisor::container_spec spec;
    spec.limits.has_cpu = true;
    out.spec = std::make_shared<const cadvisor::container_spec>(spec);
    out.samples.emplace_back();
    out.samples[0].cpu = std::make_shared<const host::cpu_usage>(first);
    out.samples[1].cpu = std::make_shared<const host::cpu_usage>(second);
    out.samples[1].timestamp += apart;
    return {out};
}

TEST_F(CadvisorSamples, GiveNoRateThatCannotBeWorkedOut)
{
    host::cpu_usage first;
    first.total = 10;
    first.per_cpu = {10, 0};
    host::cpu_usage second = first;
    second.total = 1'000'000'010;
    EXPECT_THAT(stats_v2_0(two_samples(first, second), nullptr),
                HasSubstr(R"("cpu_inst":{"usage":{"total":1000000000,"per_cpu_usage":[0,0],"user":0,"system":0}})"));
    EXPECT_THAT(stats_v2_0(two_samples(first, second, std::chrono::nanoseconds(0)), nullptr),
                Not(HasSubstr("cpu_inst")));
    EXPECT_THAT(stats_v2_0(two_samples(second, first), nullptr), Not(HasSubstr("cpu_inst")));
    host::cpu_usage third = second;
    third.per_cpu = {10};
    EXPECT_THAT(stats_v2_0(two_samples(second, third), nullptr), Not(HasSubstr("cpu_inst")));
    third.per_cpu = {9, 0};
    EXPECT_THAT(stats_v2_0(two_samples(second, third), nullptr), Not(HasSubstr("cpu_inst")));
    second.per_cpu = first.per_cpu = {};
    EXPECT_THAT(stats_v2_1(two_samples(first, second), nullptr),
                HasSubstr(R"("cpu_inst":{"usage":{"total":1000000000,"user":0,"system":0}})"));
}

TEST_F(CadvisorSamples, RepeatTheTextOfAGroupThatDidNotChange)
{
    container_views shared = views_of_fixture("v2.0_stats_fx-limits_count2");
    container_views copied = shared;
    cadvisor::sample& newer = shared[0].samples[1];
    const cadvisor::sample& older = shared[0].samples[0];
    newer.memory = older.memory;
    newer.io = older.io;
    newer.network = older.network;
    newer.filesystems = older.filesystems;
    copied[0].samples[1].memory = std::make_shared<const host::memory_usage>(*older.memory);
    EXPECT_EQ(stats_v2_0(shared, fixture_devices()), stats_v2_0(copied, fixture_devices()));
    EXPECT_EQ(stats_v2_1(shared, fixture_devices()), stats_v2_1(copied, fixture_devices()));
}

TEST_F(CadvisorSamples, AreJsonWhateverTheNames)
{
    container_views found = views_of_fixture("v2.1_stats_fx-limits_count2");
    const std::string hostile("a\"\\\n\x01\xff</script>\xe2\x80\xa8", 17);
    cadvisor::container_spec spec = *found[0].spec;
    spec.labels[hostile] = hostile;
    spec.envs[hostile] = hostile;
    spec.aliases = {hostile};
    spec.image = spec.name_space = spec.limits.cpu_mask = hostile;
    found[0].spec = std::make_shared<const cadvisor::container_spec>(spec);
    found[0].name = hostile;
    host::network_usage network = *found[0].samples[0].network;
    network.interfaces[0].name = hostile;
    found[0].samples[0].network = std::make_shared<const host::network_usage>(network);
    for (const std::string& text :
         {stats_v2_0(found, nullptr), stats_v2_1(found, nullptr), spec_of_all(found), machine_stats(found)}) {
        boost::system::error_code failed;
        const auto value = boost::json::parse(text, failed);
        EXPECT_FALSE(failed) << failed.message();
        EXPECT_THAT(text, Not(HasSubstr("<")));
    }
}

TEST_F(CadvisorSamples, WriteLimitsInFull)
{
    container_views found{bare_container()};
    cadvisor::container_spec spec;
    spec.limits.memory_limit = spec.limits.processes_limit = host::cgroup_limits::unlimited;
    spec.limits.swap_limit = 9223372036854771712U;
    found[0].spec = std::make_shared<const cadvisor::container_spec>(spec);
    const std::string text = spec_of_all(found);
    EXPECT_THAT(text, HasSubstr(R"("memory":{"limit":18446744073709551615,"swap_limit":9223372036854771712})"));
    EXPECT_THAT(text, HasSubstr(R"("processes":{})"));
}

}  // namespace
}  // namespace nodescope::api
