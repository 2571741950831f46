// How many samples of each container one answer shows, so that what is copied for it is bounded before it is copied.
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace nodescope::cadvisor {

/// Of all containers of one answer: as many of the smallest as the longest answer has room for. 2 MiB.
inline constexpr std::size_t shown_samples_limit = 16'384;

/// What of a container is wanted. The enumerators are in the order in which samples are kept.
struct wanted_samples {
    enum class kind : std::uint8_t { node, container, plain_cgroup };
    kind of = kind::plain_cgroup;
    std::size_t count = 0;  ///< of the newest
};

/// How many of each are shown: those wanted, or, where they are more than `limit` together, fewer of the plain cgroups,
/// which anybody makes in a subtree of theirs, then of the others. One of each that has any is shown in any case.
std::vector<std::size_t> share_samples(const std::vector<wanted_samples>& wanted, std::size_t limit);

}  // namespace nodescope::cadvisor
