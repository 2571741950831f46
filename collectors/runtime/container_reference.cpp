#include "collectors/runtime/container_reference.hpp"

#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nodescope {

namespace {

constexpr std::size_t longest_reference = 512;

constexpr std::pair<std::string_view, reference_scheme> schemes[] = {
    {"docker://", reference_scheme::docker},
    {"containerd://", reference_scheme::containerd},
    {"cri-o://", reference_scheme::cri_o},
    {"podman://", reference_scheme::podman},
};

bool is_alphanumeric(char c) noexcept
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_name_byte(char c) noexcept { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; }

}  // namespace

result<container_reference> container_reference::parse(std::string_view text)
{
    std::string_view name = text;
    // The Engine writes a name with a slash before it; Kubernetes writes an id with the runtime before it.
    if (name.starts_with('/')) name.remove_prefix(1);
    std::optional<reference_scheme> scheme;
    for (const auto& [prefix, named] : schemes) {
        if (!name.starts_with(prefix)) continue;
        name.remove_prefix(prefix.size());
        scheme = named;
        break;
    }

    if (name.empty()) return error(failure::invalid, "the container id is empty");
    if (name.size() > longest_reference) {
        return error(failure::invalid, fmt::format("the container id \"{}\" is longer than {} bytes",
                                                   escape_untrusted(text, 64), longest_reference));
    }
    if (!is_alphanumeric(name.front()) || !std::all_of(name.begin(), name.end(), is_name_byte)) {
        return error(failure::invalid,
                     fmt::format("\"{}\" is not a container id or name: letters, digits, '_', '.' and '-' are allowed, "
                                 "beginning with a letter or digit",
                                 escape_untrusted(text, 128)));
    }
    return container_reference(std::string(name), scheme);
}

}  // namespace nodescope
