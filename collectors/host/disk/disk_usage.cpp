#include "collectors/host/disk/disk_usage.hpp"

#include "collectors/host/disk/mountinfo.hpp"
#include "core/ascii.hpp"
#include "core/files/bounded_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace nodescope::host {

namespace {

constexpr std::size_t mount_id_limit_bytes = 256;

// Where a storage driver keeps the read-write layer with that id.
struct layer_place {
    std::string_view driver;
    std::string_view before;
    std::string_view after;
};
constexpr std::array layer_places{
    layer_place{"overlay2", "/overlay2/", "/diff"},
    layer_place{"overlay", "/overlay/", "/upper"},
    layer_place{"aufs", "/aufs/diff/", ""},
};

// A name that is one component and leads nowhere else.
bool is_plain_name(std::string_view name)
{
    constexpr byte_set allowed = byte_set::alphanumeric_and("-_.");
    return !name.empty() && name != "." && name != ".." && allowed.contains_all(name);
}

// Empty: that driver has no such place, or no such container.
std::string layer_by_mount_id(const std::string& root, const docker_storage& storage, std::string_view container_id)
{
    const auto* const place = std::find_if(layer_places.begin(), layer_places.end(),
                                           [&](const auto& one) { return one.driver == storage.driver; });
    if (place == layer_places.end()) return {};
    const std::string path =
        fmt::format("{}/image/{}/layerdb/mounts/{}/mount-id", storage.root, storage.driver, container_id);
    const auto text = files::read_file({root, path}, mount_id_limit_bytes);
    const std::string_view id = text ? fields(text->text).next() : std::string_view();
    if (!is_plain_name(id)) return {};
    return fmt::format("{}{}{}{}", storage.root, place->before, id, place->after);
}

}  // namespace

std::string upper_directory_of(std::string_view mountinfo, std::string_view container_id, std::string_view mountpoint)
{
    constexpr std::string_view option = "upperdir=";
    std::string found;
    if (container_id.empty()) return found;
    for_each_mount(mountinfo, [&](const mount_line& mount) {
        const bool named = has_part(mount.mountpoint, '/', container_id) ||
                           (!mountpoint.empty() && unescape_mount(mount.mountpoint) == mountpoint);
        if (!found.empty() || mount.type != "overlay" || !named) return;
        for_each_part(mount.super_options, ',', [&](std::string_view one) {
            if (one.starts_with(option)) found = unescape_mount(one.substr(option.size()));
            return true;
        });
    });
    return found;
}

result<std::string> blocking_find_layer(const std::string& root, const docker_storage& storage,
                                        std::string_view container_id)
{
    const error none(failure::gone, fmt::format("disk usage of container {}: its read-write layer is not found "
                                                "(storage driver {}, below {})",
                                                container_id, storage.driver, storage.root));
    if (!is_plain_name(container_id)) return none;
    bool denied = false;
    const auto usable = [&](const std::string& path) {
        if (!path.starts_with('/') || has_part(path, '/', "..")) return false;
        const unique_fd directory = files::open({root, path}, O_PATH | O_DIRECTORY | O_NOFOLLOW);
        denied = denied || (!directory && errno == EACCES);
        return static_cast<bool>(directory);
    };
    if (usable(storage.upper_directory)) return storage.upper_directory;
    if (std::string path = layer_by_mount_id(root, storage, container_id); usable(path)) return path;
    if (const auto mounts = blocking_read_mountinfo(root)) {
        if (std::string path = upper_directory_of(mounts->text, container_id, storage.mountpoint); usable(path))
            return path;
    }
    if (!denied) return none;
    return error(failure::denied, fmt::format("disk usage of container {}: its read-write layer below {} may not be "
                                              "looked at: CAP_DAC_READ_SEARCH is missing",
                                              container_id, storage.root));
}

result<container_disk_usage> blocking_container_disk_usage(const std::string& root, const docker_storage& storage,
                                                           std::string_view container_id, deadline limit,
                                                           const abandon_flag& abandoned)
{
    const auto directory = blocking_find_layer(root, storage, container_id);
    if (!directory) return directory.error();
    const auto layer = blocking_tree_usage({root, *directory}, limit, abandoned);
    if (!layer) return layer.error();
    container_disk_usage usage;
    usage.layer = *layer;
    usage.bytes = layer->bytes;
    for (const std::string& own :
         {fmt::format("{}/containers/{}", storage.root, container_id), storage.log_directory}) {
        if (own.empty()) continue;
        const auto files = blocking_tree_usage({root, own}, limit, abandoned);
        if (!files && files.error().kind() != failure::gone) return files.error();
        if (files) usage.bytes += files->bytes;
    }
    return usage;
}

steady_clock::duration disk_usage_pause(steady_clock::duration took, bool failed,
                                        steady_clock::duration before) noexcept
{
    constexpr steady_clock::duration shortest = std::chrono::minutes(1);
    constexpr steady_clock::duration longest = std::chrono::minutes(20);
    const steady_clock::duration wanted = std::max(took * 50, failed ? before * 2 : before.zero());
    return std::clamp(wanted, shortest, longest);
}

}  // namespace nodescope::host
