#include "collectors/cadvisor/machine.hpp"

#include "collectors/host/node/node_texts.hpp"
#include "collectors/host/node/sys_file.hpp"
#include "core/files/bounded_file.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstddef>

#include <unistd.h>

namespace nodescope::cadvisor {

namespace {

time_point wall_clock()
{
    return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
}

/// Whether `path` is `directory` or below it.
bool is_within(std::string_view path, std::string_view directory)
{
    if (directory == "/") return path.starts_with('/');
    return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

error no_such_device() { return error(failure::gone, "cadvisor: no such device"); }

}  // namespace

std::vector<stored_filesystem> label_filesystems(const host::node_filesystems& measured, time_point when,
                                                 std::string_view docker_root)
{
    std::vector<stored_filesystem> all;
    const host::filesystem_usage* of_docker = nullptr;
    for (const host::filesystem_usage& usage : measured.usages) {
        const bool closer = of_docker == nullptr || usage.mountpoint.size() > of_docker->mountpoint.size();
        if (is_within(docker_root, usage.mountpoint) && closer) of_docker = &usage;
    }
    for (const host::filesystem_usage& usage : measured.usages) {
        stored_filesystem& one = all.emplace_back();
        one.timestamp = when;
        one.usage = usage;
        if (usage.mountpoint == "/") one.labels.emplace_back("root");
        if (&usage == of_docker) one.labels.emplace_back("docker-images");
    }
    return all;
}

result<disk_name> blocking_find_disk(const std::string& root, const std::string& uuid)
{
    // It becomes the last component of a path.
    if (uuid.empty() || uuid.size() > NAME_MAX || uuid == "." || uuid == ".." ||
        uuid.find_first_of(std::string_view("/\0", 2)) != std::string::npos) {
        return no_such_device();
    }
    const auto link = files::read_link({root, "/dev/disk/by-uuid/" + uuid});
    if (!link) return no_such_device();
    // udev writes "../../vda1".
    const std::string name = link->substr(link->rfind('/') + 1);
    if (name.empty() || name == "..") return no_such_device();

    disk_name found;
    found.device = "/dev/" + name;
    const auto number = host::blocking_word({root, "/sys/class/block/" + name + "/dev"});
    if (number) found.number = host::parse_device_number(*number);
    return found;
}

task<result<std::shared_ptr<const machine_info>>> machine_collector::machine(deadline limit)
{
    if (machine_ && steady_clock::now() < machine_until_) co_return machine_;
    const auto begin = [this](deadline own) { return read(own); };
    auto joining = reads_.join("machine", limit, begin);
    co_return co_await std::move(joining);
}

task<result<std::shared_ptr<const machine_info>>> machine_collector::read(deadline limit)
{
    auto work = [root = root_, limit](const abandon_flag& abandoned) {
        return host::blocking_read_node_facts(root, limit, abandoned);
    };
    auto reading = pool_.run("machine", limit, std::move(work));
    auto facts = co_await std::move(reading);
    if (!facts) co_return facts.error();
    auto measuring = filesystems_(limit);
    auto measured = co_await std::move(measuring);
    if (!measured && measured.error().kind() == failure::cancelled) co_return measured.error();

    auto info = std::make_shared<machine_info>();
    info->timestamp = wall_clock();
    info->facts = std::move(*facts);
    if (measured) info->filesystems = std::move(*measured);
    // Half an answer is given once, not for the next five minutes.
    if (measured) {
        machine_ = info;
        machine_until_ = steady_clock::now() + lifetime;
    }
    co_return info;
}

task<result<std::vector<stored_filesystem>>> machine_collector::storage(std::string docker_root, deadline limit)
{
    auto measuring = filesystems_(deadline::sooner(limit, deadline::in(timeout_)));
    const auto measured = co_await std::move(measuring);
    if (!measured) co_return measured.error();
    co_return label_filesystems(**measured, wall_clock(), docker_root);
}

task<result<stored_filesystem>> machine_collector::storage_of_disk(std::string uuid, std::string docker_root,
                                                                   deadline limit)
{
    const deadline own = deadline::sooner(limit, deadline::in(timeout_));
    auto work = [root = root_, uuid = std::move(uuid)](const abandon_flag&) { return blocking_find_disk(root, uuid); };
    auto finding = pool_.run("storage", own, std::move(work));
    const auto disk = co_await std::move(finding);
    if (!disk) co_return disk.error();
    auto measuring = filesystems_(own);
    const auto measured = co_await std::move(measuring);
    if (!measured) co_return measured.error();
    const auto all = label_filesystems(**measured, wall_clock(), docker_root);

    // By name as cAdvisor does, and by number for what is mounted by another name (/dev/mapper/root).
    const auto& mounts = (*measured)->mounts;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const bool same_number =
            i < mounts.size() && disk->number && *disk->number == std::pair(mounts[i].major, mounts[i].minor);
        if (all[i].usage.device == disk->device || same_number) co_return all[i];
    }
    co_return error(failure::gone,
                    fmt::format("cannot find device \"{}\" in partitions", escape_untrusted(disk->device)));
}

}  // namespace nodescope::cadvisor
