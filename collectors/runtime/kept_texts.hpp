// How much is kept of what a container brings along. One place, for all runtimes.
#pragma once

#include <cstddef>

namespace nodescope {

/// What is kept of a container's labels, and of its variables: each container's stay in memory for as long as it runs,
/// and an image may bring megabytes. Kubernetes has a few KiB of labels, and copies annotations of up to 256 KiB.
inline constexpr std::size_t kept_texts_limit = 64U << 10U;
/// What each of them counts beside its bytes: the memory around it. Else the limit would be thousands of empty ones.
inline constexpr std::size_t around_kept_text = 128;
/// A longer label tells nobody what a container is: it is a manifest that was copied into an annotation, or an attempt
/// to leave no room for the others.
inline constexpr std::size_t kept_label_limit = 16U << 10U;

}  // namespace nodescope
