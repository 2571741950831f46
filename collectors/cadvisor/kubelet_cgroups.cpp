#include "collectors/cadvisor/kubelet_cgroups.hpp"

#include "core/ascii.hpp"
#include "core/text_scan.hpp"

#include <algorithm>
#include <array>

namespace nodescope::cadvisor {

namespace {

constexpr std::string_view pods_root = "kubepods";
constexpr std::string_view pod_prefix = "pod";
constexpr std::string_view slice_suffix = ".slice";
constexpr std::array<std::string_view, 2> qos_classes{"burstable", "besteffort"};

/// Longer than any uid, which has 36 characters, or 32 for a pod from a file.
constexpr std::size_t longest_uid = 64;

bool is_uid(std::string_view text) noexcept
{
    constexpr byte_set allowed = byte_set::alphanumeric_and("-");
    return !text.empty() && text.size() <= longest_uid && allowed.contains_all(text);
}

/// Takes the last part off and gives it.
std::string_view take_last(std::string_view& text, char separator) noexcept
{
    const std::size_t at = text.rfind(separator);
    const std::string_view last = text.substr(at + 1);
    text = text.substr(0, at == std::string_view::npos ? 0 : at);
    return last;
}

bool is_qos_class(std::string_view name) noexcept
{
    return std::find(qos_classes.begin(), qos_classes.end(), name) != qos_classes.end();
}

/// Of "<root>kubepods<separator>[<class><separator>]pod<uid>".
std::string_view uid_in(std::string_view text, char separator) noexcept
{
    const std::string_view pod = take_last(text, separator);
    std::string_view parent = take_last(text, separator);
    if (is_qos_class(parent)) parent = take_last(text, separator);
    if (!pod.starts_with(pod_prefix) || parent != pods_root) return {};
    return pod.substr(pod_prefix.size());
}

/// "kubepods", "kubepods.slice", and with a root of their own or below them "kubelet-kubepods-burstable.slice".
bool is_of_pods(std::string_view name) noexcept
{
    if (name == pods_root) return true;
    if (!name.ends_with(slice_suffix)) return false;
    name.remove_suffix(slice_suffix.size());
    return has_part(name, '-', pods_root);
}

}  // namespace

std::string pod_uid_of_cgroup(std::string_view path)
{
    std::string uid;
    if (path.ends_with(slice_suffix)) {
        std::string_view name = take_last(path, '/');
        name.remove_suffix(slice_suffix.size());
        uid = uid_in(name, '-');
        std::replace(uid.begin(), uid.end(), '_', '-');
    } else {
        uid = uid_in(path, '/');
    }
    if (!is_uid(uid)) uid.clear();
    return uid;
}

bool kubelet_shows(std::string_view path)
{
    if (path == "/") return true;
    bool shown = false;
    for_each_part(path, '/', [&](std::string_view part) {
        shown = is_of_pods(part) || part == "kubelet.service";
        return !shown;
    });
    return shown;
}

}  // namespace nodescope::cadvisor
