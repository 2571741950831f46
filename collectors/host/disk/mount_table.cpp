#include "collectors/host/disk/mount_table.hpp"

#include <algorithm>

namespace nodescope::host {

namespace {

// Fields are parted by one blank each; a source without a name leaves two in a row, so blanks are not skipped.
std::optional<std::string_view> next_field(std::string_view& rest)
{
    if (rest.data() == nullptr) return std::nullopt;
    const std::size_t end = rest.find(' ');
    const std::string_view field = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    return field;
}

bool device_number(std::string_view text, mount_line& mount)
{
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return false;
    const auto major = whole_number<std::uint32_t>(text.substr(0, colon));
    const auto minor = whole_number<std::uint32_t>(text.substr(colon + 1));
    if (!major || !minor) return false;
    mount.major = *major;
    mount.minor = *minor;
    return true;
}

bool is_octal(std::string_view digits)
{
    return std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '7'; });
}

}  // namespace

std::optional<mount_line> parse_mount_line(std::string_view line)
{
    mount_line mount;
    const auto id = next_field(line);
    const auto parent = next_field(line);
    const auto device = next_field(line);
    const auto root = next_field(line);
    const auto mountpoint = next_field(line);
    const auto options = next_field(line);
    if (!id || !parent || !device || !root || !mountpoint || !options || !device_number(*device, mount)) {
        return std::nullopt;
    }
    // Any number of optional fields ("shared:2"), ended by a dash.
    auto field = next_field(line);
    while (field && *field != "-") field = next_field(line);
    const auto type = next_field(line);
    const auto source = next_field(line);
    const auto super_options = next_field(line);
    if (!super_options || mountpoint->empty() || mountpoint->front() != '/' || type->empty()) return std::nullopt;
    mount.root = *root;
    mount.mountpoint = *mountpoint;
    mount.type = *type;
    mount.source = *source;
    mount.super_options = *super_options;
    return mount;
}

std::string unescape_mount(std::string_view text)
{
    std::string plain;
    plain.reserve(text.size());
    while (!text.empty()) {
        const std::size_t slash = std::min(text.find('\\'), text.size());
        plain.append(text.substr(0, slash));
        text.remove_prefix(slash);
        if (text.empty()) break;
        const std::string_view digits = text.substr(1, 3);
        const auto byte = is_octal(digits) ? whole_number<unsigned>(digits, 8) : std::nullopt;
        if (digits.size() == 3 && byte && *byte <= 0xffU) {
            plain.push_back(static_cast<char>(static_cast<unsigned char>(*byte)));
            text.remove_prefix(4);
        } else {
            plain.push_back('\\');
            text.remove_prefix(1);
        }
    }
    return plain;
}

bool has_option(std::string_view options, std::string_view name) noexcept
{
    while (!options.empty()) {
        const std::size_t end = options.find(',');
        if (options.substr(0, end) == name) return true;
        if (end == std::string_view::npos) return false;
        options.remove_prefix(end + 1);
    }
    return false;
}

}  // namespace nodescope::host
