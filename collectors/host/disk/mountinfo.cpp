#include "collectors/host/disk/mountinfo.hpp"

#include "collectors/host/node/node_texts.hpp"
#include "core/files/bounded_file.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace nodescope::host {

namespace {

result<mountinfo> read_table(const files::place& where, std::size_t limit_bytes)
{
    auto file = files::read_file(where, limit_bytes);
    if (!file && file.error().kind() == failure::denied) {
        return error(failure::denied, file.error().message() + ": CAP_SYS_PTRACE is missing");
    }
    if (!file) return file.error();
    mountinfo mounts;
    mounts.text = std::move(file->text);
    mounts.truncated = file->truncated;
    // npos + 1 is 0: not one whole line.
    if (mounts.truncated) mounts.text.resize(mounts.text.rfind('\n') + 1);
    return mounts;
}

// Fields are separated by one blank each; a source without a name leaves two in a row, so blanks are not skipped.
std::optional<std::string_view> next_field(std::string_view& rest)
{
    if (rest.data() == nullptr) return std::nullopt;
    const std::size_t end = rest.find(' ');
    const std::string_view field = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    return field;
}

bool is_octal(std::string_view digits)
{
    return std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '7'; });
}

}  // namespace

result<mountinfo> blocking_read_mountinfo(const std::string& root, std::size_t limit_bytes)
{
    return read_table({root, "/proc/1/mountinfo"}, limit_bytes);
}

task<result<mountinfo>> read_mountinfo(worker_pool& pool, std::string root, deadline limit)
{
    auto work = [root = std::move(root)](const abandon_flag&) { return blocking_read_mountinfo(root); };
    co_return co_await pool.run("mountinfo", limit, std::move(work));
}

files::place reachable_mounts(const std::string& root)
{
    return {root, files::is_own_root(root) ? "/proc/self/mountinfo" : "/proc/1/mountinfo"};
}

result<mountinfo> blocking_read_reachable_mounts(const std::string& root)
{
    return read_table(reachable_mounts(root), mountinfo_limit_bytes);
}

std::optional<mount_line> parse_mount_line(std::string_view line)
{
    mount_line mount;
    (void)next_field(line);  // id
    (void)next_field(line);  // parent
    const auto device = parse_device_number(next_field(line).value_or(""));
    const auto root = next_field(line);
    const auto mountpoint = next_field(line);
    const auto options = next_field(line);
    if (!device || !options || !mountpoint->starts_with('/')) return std::nullopt;
    // Any number of optional fields ("shared:2"), ended by a dash.
    auto field = next_field(line);
    while (field && *field != "-") field = next_field(line);
    const auto type = next_field(line);
    const auto source = next_field(line);
    const auto super_options = next_field(line);
    if (!super_options || type->empty()) return std::nullopt;
    std::tie(mount.major, mount.minor) = *device;
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

}  // namespace nodescope::host
