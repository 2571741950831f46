// How much is kept of what a container brings along. One place, for all runtimes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope {

/// What is kept of a container's labels, and of its variables: each container's stay in memory for as long as it runs,
/// and an image may bring megabytes. Kubernetes has a few KiB of labels, and copies annotations of up to 256 KiB.
inline constexpr std::size_t kept_texts_limit = 64U << 10U;
/// What each of them counts beside its bytes: the memory around it. Else the limit would be thousands of empty ones.
inline constexpr std::size_t around_kept_text = 128;
/// A longer label tells nobody what a container is: it is a manifest that was copied into an annotation, or an attempt
/// to leave no room for the others.
inline constexpr std::size_t kept_label_limit = 16U << 10U;
/// As much of a command as anybody reads, as JSON. Docker shows all of it, which may be a script.
inline constexpr std::size_t kept_command_limit = 4U << 10U;

/// The arguments of a command, `array` being the JSON of an OCI runtime specification (process.args): as many of the
/// first as fit in kept_command_limit. None where it is empty, no array, or broken.
std::vector<std::string> kept_command(std::string_view array);
/// Its variables (process.env), "NAME=value" each, as many as fit in kept_texts_limit.
std::vector<std::string> kept_environment(std::string_view array);

}  // namespace nodescope
