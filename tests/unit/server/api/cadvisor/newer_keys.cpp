// Which keys of an answer cAdvisor 0.35 does not have.
#include "tests/unit/server/api/cadvisor/cadvisor_fixture.hpp"

#include <array>
#include <regex>
#include <utility>

namespace nodescope::testing {

std::string without_newer_keys(std::string answer)
{
    // 0.60's keys, in the order of an answer; and what 0.35 never fills: quota, period and the limit of processes
    // (docs/cadvisor.md, "Intended differences").
    static const std::array<std::pair<std::regex, const char*>, 9> newer{{
        {std::regex(R"re(,"start_time":"[^"]*")re"), ""},
        {std::regex(R"re(,"has_hugetlb":false)re"), ""},
        {std::regex(R"re(,"quota":50000,"period":100000)re"), ""},
        {std::regex(R"re("processes":\{"limit":50\})re"), R"("processes":{})"},
        {std::regex(R"re(,"bursts_periods":0,"burst_time":0)re"), ""},
        {std::regex(R"re(,"total_active_file":0,"total_inactive_file":0,"file_dirty":0,"file_writeback":0,"pgscan":0)re"
                    R"re(,"pgsteal":0,"workingset_refault_file":0,"workingset_refault_anon":0)re"),
         ""},
        {std::regex(R"re(,"kernel":0|,"events":\{"high":0,"max":0\})re"), ""},
        {std::regex(R"re(,"std":7|,"count":60)re"), ""},
        {std::regex(R"re(,"constraint":"CONSTRAINT_MEMCG"|"container_deletion":\{"exit_code":-1\})re"), ""},
    }};
    for (const auto& [pattern, kept] : newer) answer = std::regex_replace(answer, pattern, kept);
    return answer;
}

}  // namespace nodescope::testing
