#include "collectors/cadvisor/machine.hpp"

#include "collectors/host/node/node_texts.hpp"
#include "collectors/host/node/sys_file.hpp"
#include "core/files/root.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <climits>

namespace nodescope::cadvisor {

namespace {

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
    auto facts = co_await reads_.join("machine", limit, begin);
    if (!facts) co_return facts.error();
    // Not part of the shared call: how long network filesystems are waited for depends on the asker.
    auto measured = co_await filesystems_(deadline::sooner(limit, deadline::in(timeout_)));
    if (!measured && measured.error().kind() == failure::cancelled) co_return measured.error();
    if (machine_ && steady_clock::now() < machine_until_) co_return machine_;

    auto info = std::make_shared<machine_info>();
    info->timestamp = std::chrono::system_clock::now();
    info->facts = std::move(*facts);
    if (measured) info->filesystems = std::move(*measured);
    // Half an answer is given once, not for the next five minutes.
    if (info->filesystems && info->filesystems->unanswered.empty()) {
        machine_ = info;
        machine_until_ = steady_clock::now() + lifetime;
    }
    co_return info;
}

task<result<host::node_facts>> machine_collector::read(deadline limit)
{
    auto work = [root = root_, limit](const abandon_flag& abandoned) {
        return host::blocking_read_node_facts(root, limit, abandoned);
    };
    co_return co_await pool_.run("machine", limit, std::move(work));
}

task<result<node_storage>> machine_collector::storage(std::string docker_root, deadline limit)
{
    const auto measured = co_await filesystems_(deadline::sooner(limit, deadline::in(timeout_)));
    if (!measured) co_return measured.error();
    node_storage found;
    found.filesystems = label_filesystems(**measured, std::chrono::system_clock::now(), docker_root);
    found.unanswered = (*measured)->unanswered;
    co_return found;
}

task<result<stored_filesystem>> machine_collector::storage_of_disk(std::string uuid, std::string docker_root,
                                                                   deadline limit)
{
    const deadline own = deadline::sooner(limit, deadline::in(timeout_));
    auto work = [root = root_, uuid = std::move(uuid)](const abandon_flag&) { return blocking_find_disk(root, uuid); };
    const auto disk = co_await pool_.run("storage", own, std::move(work));
    if (!disk) co_return disk.error();
    const auto measured = co_await filesystems_(own);
    if (!measured) co_return measured.error();
    const auto all = label_filesystems(**measured, std::chrono::system_clock::now(), docker_root);

    // By name as cAdvisor does, and by number for what is mounted by another name (/dev/mapper/root).
    for (const stored_filesystem& one : all) {
        if (one.usage.device == disk->device || disk->number == std::pair(one.usage.major, one.usage.minor)) {
            co_return one;
        }
    }
    co_return error(failure::gone,
                    fmt::format("cannot find device \"{}\" in partitions", escape_untrusted(disk->device)));
}

}  // namespace nodescope::cadvisor
