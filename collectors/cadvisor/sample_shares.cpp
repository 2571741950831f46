#include "collectors/cadvisor/sample_shares.hpp"

#include <algorithm>
#include <numeric>

namespace nodescope::cadvisor {

std::vector<std::size_t> share_samples(const std::vector<wanted_samples>& wanted, std::size_t limit)
{
    using kind = wanted_samples::kind;
    std::vector<std::size_t> shown;
    shown.reserve(wanted.size());
    for (const wanted_samples& one : wanted) shown.push_back(one.count);
    std::size_t most = shown.empty() ? 0 : *std::max_element(shown.begin(), shown.end());
    const auto total = [&shown] { return std::accumulate(shown.begin(), shown.end(), std::size_t{0}); };
    for (const kind of : {kind::plain_cgroup, kind::container, kind::node}) {
        for (std::size_t count = most / 2; count > 0 && total() > limit; count /= 2) {
            for (std::size_t at = 0; at < wanted.size(); ++at) {
                if (wanted[at].of == of) shown[at] = std::min(shown[at], count);
            }
        }
    }
    return shown;
}

}  // namespace nodescope::cadvisor
