#include "collectors/runtime/container_reference.hpp"

#include "core/ascii.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

namespace nodescope {

namespace {

constexpr std::size_t longest_reference = 512;

constexpr std::pair<std::string_view, reference_scheme> schemes[] = {
    {"docker://", reference_scheme::docker},
    {"containerd://", reference_scheme::containerd},
    {"cri-o://", reference_scheme::cri_o},
    {"podman://", reference_scheme::podman},
};

constexpr byte_set name_bytes = byte_set::alphanumeric_and("_.-");

}  // namespace

bool is_full_id(std::string_view text) noexcept
{
    constexpr byte_set digits("0123456789abcdef");
    constexpr std::size_t full_length = 64;
    return text.size() == full_length && digits.contains_all(text);
}

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
    if (!is_alphanumeric(name.front()) || !name_bytes.contains_all(name)) {
        return error(failure::invalid,
                     fmt::format("\"{}\" is not a container id or name: letters, digits, '_', '.' and '-' are allowed, "
                                 "beginning with a letter or digit",
                                 escape_untrusted(text, 128)));
    }
    return container_reference(std::string(name), scheme);
}

}  // namespace nodescope
