// How a caller names a container: by its name, its id, or the beginning of its id, as `docker ps`, a pod's status and
// cgroups write them.
#pragma once

#include "core/error.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace nodescope {

/// 64 hexadecimal digits in lower case, as Docker and the runtimes of CRI make ids.
bool is_full_id(std::string_view text) noexcept;

/// What Kubernetes writes before a container's id: "containerd://0123…".
enum class reference_scheme { docker, containerd, cri_o, podman };

/// Without the leading '/' and the scheme it is 1-512 bytes of [A-Za-z0-9][A-Za-z0-9_.-]*: nothing that could leave
/// its place in a path, a query or a message.
class container_reference {
public:
    /// failure::invalid with a sentence that shows the (escaped, shortened) value.
    static result<container_reference> parse(std::string_view text);
    /// The name or id alone.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    /// Which runtime was named with it; nothing when none was.
    [[nodiscard]] std::optional<reference_scheme> scheme() const noexcept { return scheme_; }

private:
    container_reference(std::string text, std::optional<reference_scheme> scheme)
        : text_(std::move(text)), scheme_(scheme)
    {
    }
    std::string text_;
    std::optional<reference_scheme> scheme_;
};

}  // namespace nodescope
