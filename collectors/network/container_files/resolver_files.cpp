#include "collectors/network/container_files/resolver_files.hpp"

#include "collectors/host/proc/process_handle.hpp"
#include "collectors/network/nameserver_routes.hpp"
#include "core/files/foreign_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace nodescope {

namespace {

/// The pool lets jobs of one kind have all but one.
constexpr std::size_t readers = 4;
constexpr std::chrono::milliseconds patience{500};
constexpr const char* shown_file = "/etc/resolv.conf";

resolver_file not_read(std::string why)
{
    resolver_file made;
    made.missing = std::move(why);
    return made;
}

}  // namespace

class reading_registry {
public:
    /// Process number and start: which tells a process from all others.
    using process = std::pair<pid_t, std::uint64_t>;

    /// While somebody reads.
    class entry {
    public:
        entry(reading_registry& of, process which, const abandon_flag& abandoned) : of_(of)
        {
            const std::lock_guard lock(of_.mutex_);
            const auto [first, last] = of_.running_.equal_range(which);
            hangs_ = std::any_of(first, last, [](const auto& one) { return one.second->raised(); });
            place_ = of_.running_.emplace(which, &abandoned);
        }
        entry(const entry&) = delete;
        entry& operator=(const entry&) = delete;
        ~entry()
        {
            const std::lock_guard lock(of_.mutex_);
            of_.running_.erase(place_);
        }
        /// An earlier one that nobody waits for any more has not ended.
        [[nodiscard]] bool hangs() const noexcept { return hangs_; }

    private:
        reading_registry& of_;
        std::multimap<process, const abandon_flag*>::iterator place_;
        bool hangs_ = false;
    };

private:
    std::mutex mutex_;
    std::multimap<process, const abandon_flag*> running_;
};

resolver_file blocking_read_resolver_file(int process_directory, deadline limit, const abandon_flag& abandoned)
{
    const auto check = [&]() -> std::optional<error> {
        if (!abandoned.raised() && !limit.passed()) return std::nullopt;
        return error(failure::timed_out,
                     fmt::format("{}: not read within {}", shown_file, duration_text(limit.limit())));
    };
    const auto inside = files::open_root_of(process_directory);
    if (!inside) return not_read(inside.error().message());
    const auto read = files::read_foreign_file(*inside, shown_file, resolv_conf_limit_bytes, check);
    // A container without one is no failure: it may look up nothing.
    if (!read && read.error().kind() == failure::gone) return {};
    if (!read) return not_read(read.error().message());
    if (read->truncated) return not_read(fmt::format("{} is longer than {} bytes", shown_file, read->text.size()));
    resolver_file made;
    made.configuration = parse_resolv_conf(read->text);
    return made;
}

resolver_files::resolver_files() : readings_(std::make_shared<reading_registry>()), pool_(readers) {}

resolver_files::~resolver_files() = default;

task<resolver_file> resolver_files::read(std::shared_ptr<const opened_namespace> where, deadline limit)
{
    auto reading = run(std::move(where), {}, {}, limit);
    co_return co_await std::move(reading);
}

task<resolver_file> resolver_files::read(std::string root, running_container of, deadline limit)
{
    auto reading = run(nullptr, std::move(root), std::move(of), limit);
    co_return co_await std::move(reading);
}

task<resolver_file> resolver_files::run(std::shared_ptr<const opened_namespace> where, std::string root,
                                        running_container of, deadline limit)
{
    if (pool_.abandoned() + 1 >= readers)
        co_return not_read("the readers of containers' files hang in those of others");
    const deadline own = deadline::in(std::min<steady_clock::duration>(patience, limit.remaining() / 4));
    auto work = [readings = readings_, where = std::move(where), root = std::move(root), of = std::move(of),
                 own](const abandon_flag& abandoned) -> result<resolver_file> {
        std::optional<host::process_handle> opened;
        const host::process_handle* process = where ? &where->process : nullptr;
        if (process == nullptr) {
            auto made = host::process_handle::open(root, of.pid);
            if (!made) return made.error();
            process = &opened.emplace(std::move(*made));
        }
        const auto start = process->start_ticks();
        if (!start) return start.error();
        if (!where && *start != of.start_ticks) {
            return error(failure::gone, fmt::format("the container's first process ({}) has ended", of.pid));
        }
        const reading_registry::entry reading(*readings, {process->pid(), *start}, abandoned);
        if (reading.hangs()) return not_read(fmt::format("{}: an earlier reading of it hangs", shown_file));
        return blocking_read_resolver_file(process->directory(), own, abandoned);
    };
    auto read = co_await pool_.run("findings", shown_file, own, std::move(work));
    if (!read) co_return not_read(read.error().message());
    co_return std::move(*read);
}

void blocking_add_resolver(part_source& source, unsigned needed, const resolver_file& file,
                           findings::network_model& model)
{
    if ((needed & findings::resolver_input) == 0) return;
    findings::resolver_words& to = model.resolver;
    to.missing = file.missing;
    if (!file.configuration) return;
    to.nameservers = file.configuration->nameservers;
    to.search = file.configuration->search;
    const std::size_t asked = std::min(to.nameservers.size(), findings::used_nameservers);
    const auto last = to.nameservers.begin() + static_cast<std::ptrdiff_t>(asked);
    to.routes = blocking_ask_for_routes(source, std::vector<std::string>(to.nameservers.begin(), last));
}

}  // namespace nodescope
