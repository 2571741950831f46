// Which containers an answer has room for. Pure.
#pragma once

#include "server/api/cadvisor/samples.hpp"

#include <cstddef>
#include <functional>

namespace nodescope::api {

/// Takes out of `found` those that do not fit into `limit_bytes` and returns their number. "/" comes first, then
/// what a runtime knows, then plain cgroups, which anybody makes in a subtree of theirs; of each kind the cheapest
/// first, so that none that is large costs the others their place. The order stays.
std::size_t keep_fitting(container_views& found,
                         const std::function<std::size_t(const cadvisor::container_view&)>& bytes,
                         std::size_t limit_bytes);

/// About what a container takes as JSON, with all its samples or without.
std::size_t sample_bytes(const cadvisor::container_view& one);
std::size_t spec_bytes(const cadvisor::container_view& one);
/// About what a summary takes: of each container the same, its name aside.
std::size_t summary_bytes(const cadvisor::container_view& one);

/// Takes out the oldest samples, of plain cgroups first, until all containers fit or have one sample each. Returns
/// the number of samples.
std::size_t trim_samples(container_views& found, std::size_t limit_bytes);

/// How many series a container has in /metrics, about.
std::size_t series_of(const cadvisor::container_view& one);

}  // namespace nodescope::api
