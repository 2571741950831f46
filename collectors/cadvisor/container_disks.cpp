#include "collectors/cadvisor/container_disks.hpp"

#include "core/text_scan.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <utility>

namespace nodescope::cadvisor {

namespace asio = boost::asio;

namespace {

/// A walk ends by itself at its deadline; only one that hangs in a disk has to be given up from outside.
constexpr std::chrono::seconds hang_grace{1};
/// For where the runtime keeps its files, which it has mostly said before.
constexpr std::chrono::seconds answer_limit{1};
/// A container that nobody has asked about for this long is forgotten once its pause is over.
constexpr std::chrono::minutes wanted_lately{2};

std::string pod_key(const std::string& uid) { return "pod " + uid; }

/// The kubelet has a folder for the output of each container of a pod, also of those that ran before it: its name is
/// the container's. Of other files nobody knows whose the rest of their folder is.
std::string log_directory_of(const container& of)
{
    const std::string_view file = of.log_file;
    const std::string_view folder = file.substr(0, file.rfind('/') == std::string_view::npos ? 0 : file.rfind('/'));
    const bool is_its_own = !of.pod.container.empty() && folder.ends_with("/" + of.pod.container);
    return is_its_own && folder.starts_with('/') && !has_part(folder, '/', "..") ? std::string(folder) : std::string();
}

}  // namespace

host::filesystem_usage share_of(const host::container_disk_usage& usage, const host::node_filesystems* node)
{
    host::filesystem_usage share;
    share.type = "vfs";
    share.capacity = usage.layer.capacity;
    share.usage = usage.bytes;
    share.base_usage = usage.layer.bytes;
    share.inodes = usage.layer.inodes;
    if (node == nullptr) return share;
    if (const auto* const holder = node->on_device(usage.layer.major, usage.layer.minor)) {
        share.device = holder->device;
        share.type = holder->type;
        share.capacity = holder->capacity;
    } else {
        share.device = node->device_name(usage.layer.major, usage.layer.minor);
    }
    return share;
}

container_disks::container_disks(task_group& group, logger& log, disk_sources sources,
                                 steady_clock::duration walk_limit)
    : group_(group), log_(log), sources_(std::move(sources)), walk_limit_(walk_limit)
{
}

void container_disks::want(const container& of)
{
    known& one = entries_[of.id];
    one.runtime = of.runtime;
    one.storage.driver = of.storage_driver;
    one.storage.upper_directory = of.upper_directory;
    one.storage.mountpoint = of.root_mountpoint;
    one.storage.log_directory = log_directory_of(of);
    want_walk(of.id, one);
}

void container_disks::want_pod(const std::string& uid)
{
    if (!sources_.walk_pod || uid.empty()) return;
    const std::string key = pod_key(uid);
    known& one = entries_[key];
    one.pod_uid = uid;
    want_walk(key, one);
}

void container_disks::want_walk(const std::string& key, known& one)
{
    one.wanted = steady_clock::now();
    // One that is queued while nobody walks is left of a walk that ended by an exception.
    if ((one.queued && !walking_.expired()) || one.wanted < one.due) return;
    one.queued = true;
    queue_.push_back(key);
    if (!walking_.expired()) return;
    std::shared_ptr<const void> running = std::make_shared<int>();
    walking_ = running;
    group_.spawn("disk usage of containers", walk_until_done(std::move(running)));
}

task<> container_disks::settle(deadline limit)
{
    const deadline own = deadline::sooner(limit, deadline::in(patience));
    const auto has_fresh = [this] {
        return std::any_of(entries_.begin(), entries_.end(), [](const auto& one) { return one.second.fresh; });
    };
    while (has_fresh()) {
        const wait_end how = co_await changed_.wait(own);
        if (how != wait_end::told) break;
    }
    // Whoever asks while the walks go on need not wait for them as well.
    for (auto& one : entries_) one.second.fresh = false;
}

container_disks::figures container_disks::look(const std::string& id) const
{
    const auto found = entries_.find(id);
    if (found == entries_.end() || steady_clock::now() - found->second.measured > shown_for) return nullptr;
    return found->second.shown;
}

container_disks::figures container_disks::look_pod(const std::string& uid) const { return look(pod_key(uid)); }

task<> container_disks::walk_until_done([[maybe_unused]] std::shared_ptr<const void> running)
{
    const auto now = steady_clock::now();
    std::erase_if(entries_, [now](const auto& one) {
        return !one.second.queued && now > one.second.due && now - one.second.wanted > wanted_lately;
    });
    asio::steady_timer rest(co_await asio::this_coro::executor);
    while (!queue_.empty()) {
        const std::string key = std::move(queue_.front());
        queue_.pop_front();
        if (!entries_.at(key).queued) continue;
        const auto begin = steady_clock::now();
        auto usage = co_await walk(key);
        const auto took = steady_clock::now() - begin;
        learn(key, std::move(usage), took);
        changed_.notify();
        rest.expires_after(took * rest_ratio);
        co_await rest.async_wait(asio::use_awaitable);
    }
}

task<result<container_disks::walked>> container_disks::walk(std::string key)
{
    // The job would wait for the one thread until its deadline.
    if (pool_.abandoned() > 0) {
        co_return error(failure::overloaded, "disk usage: an earlier walk hangs in a disk");
    }
    const known& one = entries_.at(key);
    if (!one.pod_uid.empty()) co_return co_await walk_pod(one.pod_uid);
    co_return co_await walk_container(std::move(key), one.runtime, one.storage);
}

task<result<container_disks::walked>> container_disks::walk_container(std::string id, std::string runtime,
                                                                      host::docker_storage storage)
{
    auto root = co_await sources_.data_root(runtime, deadline::in(answer_limit));
    if (!root) {
        co_return error(failure::unavailable,
                        "disk usage: the container's runtime has not said where it keeps its files");
    }
    storage.root = std::move(*root);
    const deadline limit = deadline::in(walk_limit_);
    auto work = [walk = sources_.walk, id = std::move(id), storage = std::move(storage),
                 limit](const abandon_flag& abandoned) {
        host::blocking_stand_back();
        return walk(storage, id, limit, abandoned);
    };
    const deadline patient = limit.with_grace(std::min<steady_clock::duration>(hang_grace, walk_limit_));
    const auto usage = co_await pool_.run("disk usage", patient, std::move(work));
    if (!usage) co_return usage.error();
    const auto node = sources_.filesystems();
    walked found;
    found.shown.push_back(share_of(*usage, node.get()));
    found.truncated = usage->layer.truncated;
    found.denied = usage->layer.denied;
    co_return found;
}

task<result<container_disks::walked>> container_disks::walk_pod(std::string uid)
{
    const deadline limit = deadline::in(walk_limit_);
    auto work = [walk = sources_.walk_pod, uid = std::move(uid), limit](const abandon_flag& abandoned) {
        host::blocking_stand_back();
        return walk(uid, limit, abandoned);
    };
    const deadline patient = limit.with_grace(std::min<steady_clock::duration>(hang_grace, walk_limit_));
    auto volumes = co_await pool_.run("disk usage", patient, std::move(work));
    if (!volumes) co_return volumes.error();
    walked found;
    found.shown = std::move(volumes->volumes);
    found.truncated = volumes->truncated;
    found.denied = volumes->denied;
    co_return found;
}

void container_disks::learn(const std::string& key, result<walked> usage, steady_clock::duration took)
{
    known& one = entries_.at(key);
    one.queued = false;
    one.fresh = false;
    one.pause = host::disk_usage_pause(took, !usage, one.pause);
    one.due = steady_clock::now() + one.pause;
    if (!usage) {
        const failure kind = usage.error().kind();
        statistics_.count(kind == failure::gone, kind == failure::timed_out);
        tell(usage.error());
        return;
    }
    statistics_.count(true, false);
    if (usage->denied) {
        tell(error(failure::denied, "some directories may not be read: CAP_DAC_READ_SEARCH is missing"));
    }
    if (usage->truncated) {
        tell(error(failure::too_large, "a container has more files, links or levels of directories than are counted"));
    }
    one.shown = std::make_shared<const std::vector<host::filesystem_usage>>(std::move(usage->shown));
    one.measured = steady_clock::now();
}

void container_disks::tell(const error& why)
{
    // The end of a container is not worth a line, and one reason of a kind is enough: the others are many and alike.
    if (why.kind() == failure::gone || why.kind() == failure::cancelled || !told_.insert(why.kind()).second) return;
    log_.write(log_level::warning, "disk usage of containers is missing or too low", {{"reason", why.message()}});
}

}  // namespace nodescope::cadvisor
