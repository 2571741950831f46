#include "collectors/runtime/podman/storage_files.hpp"

#include "collectors/host/proc/proc_text.hpp"
#include "collectors/host/proc/process_handle.hpp"
#include "collectors/host/proc/process_walk.hpp"
#include "collectors/runtime/human_words.hpp"
#include "core/files/bounded_file.hpp"
#include "core/json/writer.hpp"
#include "core/rfc3339.hpp"
#include "core/text_scan.hpp"
#include "core/unique_fd.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace nodescope::podman {

namespace {

/// Of all containers: about 700 bytes each.
constexpr std::size_t containers_limit = 8U << 20U;
constexpr std::size_t specification_limit = 1U << 20U;
constexpr std::size_t pid_file_limit = 32;
/// The process begins before conmon notes its number down, and the clocks are those of different files.
constexpr std::chrono::seconds start_tolerance{2};

/// Where a driver keeps the layer with that id.
struct driver_place {
    std::string_view driver;
    std::string_view before;
    std::string_view after;
};
constexpr std::array drivers{
    driver_place{"overlay", "/overlay/", "/diff"},
    driver_place{"vfs", "/vfs/dir/", ""},
    driver_place{"btrfs", "/btrfs/subvolumes/", ""},
};
constexpr std::array<std::string_view, 2> table_names{"containers.json", "volatile-containers.json"};

std::string version_of(const files::regular_file& file)
{
    const struct stat& status = file.status;
    return fmt::format("{}:{}:{}.{}:{} ", status.st_dev, status.st_ino, status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                       status.st_size);
}

struct opened_table {
    std::string_view driver;
    files::regular_file file;
    std::string shown;
};

result<std::vector<opened_table>> open_tables(const storage_places& where)
{
    std::vector<opened_table> opened;
    for (const driver_place& each : drivers) {
        for (const std::string_view name : table_names) {
            const files::place at{where.root, fmt::format("{}/{}-containers/{}", where.graph_root, each.driver, name)};
            auto file = files::open_regular(at);
            if (!file && file.error().kind() == failure::gone) continue;
            if (!file) return file.error();
            if (const auto ours = files::check_only_ours(file->status, at.shown()); !ours) return ours.error();
            opened.push_back({each.driver, std::move(*file), at.shown()});
        }
    }
    return opened;
}

std::string folder_of(const stored_container& one, std::string_view below)
{
    return fmt::format("{}/{}-containers/{}/userdata", below, one.driver, one.id);
}

/// Of a file that is root's; nothing otherwise.
std::optional<std::pair<std::string, exact_time>> read_trusted(const files::place& at, std::size_t limit)
{
    const auto file = files::open_regular(at);
    if (!file || !files::check_only_ours(file->status, at.shown())) return std::nullopt;
    auto text = files::read_complete(*file, limit, at.shown());
    if (!text) return std::nullopt;
    const auto seconds = std::chrono::seconds(file->status.st_mtim.tv_sec);
    const auto rest = std::chrono::nanoseconds(file->status.st_mtim.tv_nsec);
    return std::pair(std::move(*text), exact_time(seconds + rest));
}

/// Whether the process that has this number now is the one that had it when the number was written down.
bool is_still_there(const std::string& root, pid_t pid, exact_time written)
{
    const auto process = host::process_handle::open(root, pid);
    const auto boot = host::blocking_read_boot_time(root);
    if (!process || !boot || !process->alive()) return false;
    const auto began = process->start_ticks();
    if (!began) return false;
    const auto ticks_per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
    const auto since_boot = std::chrono::milliseconds(*began * 1000 / ticks_per_second);
    return exact_time(std::chrono::seconds(*boot) + since_boot) <= written + start_tolerance;
}

void take_process(const storage_places& where, const stored_container& stored, described_container& to)
{
    const files::place at{where.root, folder_of(stored, where.run_root) + "/pidfile"};
    const auto noted = read_trusted(at, pid_file_limit);
    if (!noted) return;
    const auto pid = host::parse_pid(fields(noted->first).next());
    if (!pid || !is_still_there(where.root, *pid, noted->second)) return;
    container& one = to.one;
    one.pid = *pid;
    one.status = "running";
    one.exit_code = 0;
    one.started_at = rfc3339(noted->second);
    to.started_seconds = std::chrono::floor<std::chrono::seconds>(noted->second).time_since_epoch().count();
}

void take_specification(const storage_places& where, const stored_container& stored, described_container& to)
{
    const files::place at{where.root, folder_of(stored, where.graph_root) + "/config.json"};
    const auto text = read_trusted(at, specification_limit);
    if (!text) return;
    to.specification = parse_specification(text->first);
    to.one.network_file = to.specification.network_file;
    to.one.shares_network = to.specification.shares_network;
    to.one.host_network = to.specification.host_network;
    to.one.cpu_shares = to.specification.cpu_shares;
    to.one.environment = to.specification.environment;
}

void write(json_writer& out, const stored_container& stored, const described_container& described,
           std::chrono::sys_seconds now)
{
    const auto created = parse_exact_rfc3339(stored.created);
    const std::int64_t up = std::max<std::int64_t>(0, now.time_since_epoch().count() - described.started_seconds);
    const bool runs = described.one.pid > 0;
    out.object([&] {
        out.member("Id", stored.id);
        out.array_member("Names", [&] { out.value("/" + stored.name); });
        out.member("Image", stored.image);
        out.member("ImageID", stored.image_id.empty() ? "" : "sha256:" + stored.image_id);
        out.member("Command", command_text(described.specification.command));
        out.member("Created", created ? std::chrono::floor<std::chrono::seconds>(*created).time_since_epoch().count()
                                      : std::int64_t{0});
        out.array_member("Ports", [] {});
        out.object_member("Labels", [] {});
        out.member("State", described.one.status);
        out.member("Status", runs ? "Up " + human_duration(std::chrono::seconds(up)) : "Exited");
        out.object_member("HostConfig", [&] {
            out.member("NetworkMode", described.specification.host_network ? "host" : "default");
        });
        out.object_member("NetworkSettings", [&] { out.object_member("Networks", [] {}); });
        out.array_member("Mounts", [] {});
    });
}

}  // namespace

result<shared_table> blocking_read_stored(const storage_places& where, const shared_table& before)
{
    const auto opened = open_tables(where);
    if (!opened) return opened.error();
    auto fresh = std::make_shared<stored_table>();
    for (const opened_table& one : *opened) fresh->version += version_of(one.file);
    if (before && before->version == fresh->version) return before;
    for (const opened_table& one : *opened) {
        const auto text = files::read_complete(one.file, containers_limit, one.shown);
        if (!text) return text.error();
        if (const auto added = add_stored_containers(*text, one.driver, fresh->all); !added) {
            return error(added.error().kind(), fmt::format("podman: {}: {}", one.shown, added.error().message()));
        }
    }
    return fresh;
}

described_container blocking_describe(const storage_places& where, const stored_container& stored)
{
    described_container described;
    container& one = described.one;
    one.id = stored.id;
    one.name = stored.name;
    one.image = stored.image;
    one.created = stored.created;
    one.status = "exited";
    one.exit_code = -1;
    one.storage_driver = stored.driver;
    for (const driver_place& each : drivers) {
        if (each.driver != stored.driver || stored.layer.empty()) continue;
        one.upper_directory = fmt::format("{}{}{}{}", where.graph_root, each.before, stored.layer, each.after);
    }
    take_process(where, stored, described);
    take_specification(where, stored, described);
    return described;
}

result<std::string> blocking_list_as_docker(const storage_places& where, const stored_table& table, deadline limit,
                                            const abandon_flag& abandoned)
{
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    std::string list;
    std::optional<error> stopped;
    json_writer out(list);
    out.array(table.all, [&](const stored_container& one) {
        if (!stopped && abandoned.raised()) stopped = error(failure::cancelled, "podman: the asker went away");
        if (!stopped && limit.passed()) {
            stopped = error(failure::timed_out,
                            fmt::format("podman: its files are not read within {}", duration_text(limit.limit())));
        }
        if (!stopped) write(out, one, blocking_describe(where, one), now);
    });
    if (stopped) return *stopped;
    return list;
}

bool has_run(const storage_places& where)
{
    const unique_fd folder = files::open({where.root, where.run_root}, O_PATH | O_DIRECTORY);
    return folder && ::faccessat(AT_FDCWD, files::path_of(folder).c_str(), X_OK, AT_EACCESS) == 0;
}

}  // namespace nodescope::podman
