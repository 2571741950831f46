#include "collectors/network/network_collector.hpp"

#include "core/side_by_side.hpp"
#include "netlink/read/packet_filters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <span>

namespace nodescope {

namespace {

constexpr std::size_t around_texts_bytes = 8192;

/// What a worker has read, part by part: one that hangs in the kernel costs the parts behind it, not those before.
class read_parts_so_far {
public:
    void put(const network_part* which, result<part_text> text)
    {
        const std::lock_guard lock(mutex_);
        read_.insert_or_assign(which, std::move(text));
    }
    /// What is there; the others failed for a reason: of the kernel's, and of those from files.
    std::vector<network_reading::part> take(const std::vector<const network_part*>& asked,
                                            std::span<const error, 2> reasons)
    {
        const std::lock_guard lock(mutex_);
        std::vector<network_reading::part> all;
        for (const network_part* const which : asked) {
            const auto found = read_.find(which);
            if (found != read_.end()) all.emplace_back(*which, std::move(found->second));
            else all.emplace_back(*which, result<part_text>(reasons[which->can_hang ? 1 : 0]));
        }
        read_.clear();
        return all;
    }

private:
    std::mutex mutex_;
    std::map<const network_part*, result<part_text>> read_;
};

network_reading reading_of(const opened_target& target)
{
    network_reading made;
    made.pid = target.about.pid;
    made.space = target.about.space;
    made.verified = target.about.verified;
    made.host_network = target.about.host_network;
    made.note = target.about.network_note;
    return made;
}

/// Until nobody waits any more: then "nobody waits" is no answer, the deadline is.
void blocking_read_parts(part_source& source, const std::vector<const network_part*>& parts, bool files,
                         read_parts_so_far& so_far)
{
    for (const network_part* const which : parts) {
        if (which->by_programs || which->can_hang != files) continue;
        auto text = which->blocking_read(source);
        if (source.abandoned.raised()) return;
        so_far.put(which, std::move(text));
    }
}

std::string reading_name(bool files, netlink::namespace_identity space)
{
    return fmt::format("read {} net:[{}]", files ? "files of a container in" : "the network of", space.inode);
}

/// Of `count`, while it lives.
class counted_one {
public:
    explicit counted_one(std::size_t& count) : count_(count) { ++count_; }
    counted_one(const counted_one&) = delete;
    counted_one& operator=(const counted_one&) = delete;
    ~counted_one() { --count_; }

private:
    std::size_t& count_;
};

}  // namespace

known_surroundings surroundings_of(const opened_target& target)
{
    known_surroundings known;
    known.is_node = target.about.host_network;
    if (target.owner) {
        const container& what = target.owner->what;
        known.owner = shown_container{what.id, what.name, what.runtime};
    }
    return known;
}

network_collector::network_collector(container_finder& containers, worker_pool& pool, network_options options,
                                     logger& log, netlink::net_namespace home)
    : containers_(containers),
      pool_(pool),
      options_(std::move(options)),
      home_(std::move(home)),
      targets_(containers, pool, nullptr, options_.root, options_.host_timeout, log),
      slots_("network reads", options_.operations, options_.queue_limit)
{
}

result<std::unique_ptr<network_collector>> network_collector::make(container_finder& containers, worker_pool& pool,
                                                                   network_options options, logger& log)
{
    auto home = netlink::net_namespace::of_this_thread();
    if (!home) return home.error();
    return std::unique_ptr<network_collector>(
        new network_collector(containers, pool, std::move(options), log, std::move(*home)));
}

task<result<network_reading>> network_collector::collect(network_query query, deadline limit)
{
    std::optional<network_reading> at_once;
    auto target = co_await open(query, at_once, limit);
    if (at_once) co_return std::move(*at_once);
    if (!target) co_return target.error();
    if (target->owner) containers_.proved(*target->owner, target->start_ticks);

    network_reading made = reading_of(*target);
    auto known = std::make_shared<known_surroundings>(surroundings_of(*target));
    if (std::ranges::any_of(query.parts, &network_part::uses_containers)) {
        known->containers = containers_.proved_before();
    }
    made.parts = co_await read(std::move(target->where), std::move(known), std::move(query.parts), limit);
    if (target->owner) made.owner = co_await containers_.complete(std::move(*target->owner));
    co_return made;
}

/// The container, or the process; or, of a container that was proved before, the whole answer.
task<result<opened_target>> network_collector::open(const network_query& query, std::optional<network_reading>& at_once,
                                                    deadline limit)
{
    if (query.whose.is_of_process()) co_return co_await targets_.open(query.whose, limit);
    auto found = co_await targets_.find(query.whose, limit);
    if (!found) co_return found.error();
    if (found->known && may_read_at_once(query)) {
        at_once = co_await read_at_once(query, *found, limit);
        if (at_once) co_return error();
    }
    co_return co_await targets_.open_found(query.whose, std::move(*found), limit);
}

/// Not while a file of some container hangs: an answer must not wait for what another container does.
bool network_collector::may_read_at_once(const network_query& query) const
{
    return files_pool_.busy() <= read_at_once_ && std::ranges::none_of(query.parts, &network_part::by_programs);
}

/// Shared by who waits and the worker.
struct network_collector::job_at_once {
    void opened(opened_target target)
    {
        const std::lock_guard lock(mutex_);
        target_.emplace(std::move(target));
    }
    std::optional<opened_target> take_target()
    {
        const std::lock_guard lock(mutex_);
        return std::exchange(target_, std::nullopt);
    }
    read_parts_so_far so_far;
    std::vector<known_container> containers;
    std::vector<const network_part*> parts;

private:
    std::mutex mutex_;
    std::optional<opened_target> target_;
};

/// Each trip to a pool costs as much as a dump: this is one instead of three. Nothing where the process cannot be
/// opened: then the usual way says why.
task<std::optional<network_reading>> network_collector::read_at_once(const network_query& query, found_container which,
                                                                     deadline limit)
{
    const deadline own = part_limit(limit, deadline::in(options_.read_timeout));
    auto slot = co_await slots_.acquire(own);
    // Something may hang that did not when the wait began.
    if (!slot || !may_read_at_once(query)) co_return std::nullopt;
    const auto what = std::make_shared<job_at_once>();
    what->parts = query.parts;
    if (std::ranges::any_of(query.parts, &network_part::uses_containers))
        what->containers = containers_.proved_before();
    const std::string name = fmt::format("read the network of container {}", which.what.id);
    auto work = [what, home = home_, root = options_.root, bytes = options_.limit_bytes, own,
                 found = found_process(std::move(which))](const abandon_flag& abandoned) mutable -> result<void> {
        auto target = blocking_open_target(root, nullptr, std::move(found), own, abandoned);
        if (!target) return target.error();
        known_surroundings known = surroundings_of(*target);
        known.containers = std::move(what->containers);
        const std::shared_ptr<const opened_namespace> where = target->where;
        what->opened(std::move(*target));
        part_source source(home, *where, known, root, bytes, own, abandoned);
        for (const bool files : {false, true}) blocking_read_parts(source, what->parts, files, what->so_far);
        return {};
    };
    const counted_one counted(read_at_once_);
    const result<void> done = co_await files_pool_.run("network read", name, own, std::move(work));
    auto target = what->take_target();
    if (!target || !target->owner) co_return std::nullopt;

    containers_.proved(*target->owner, target->start_ticks);
    network_reading made = reading_of(*target);
    const error why = done ? error(failure::internal, "the part was not read") : done.error();
    const error of_files(why.kind(), fmt::format("{}: {}", reading_name(true, made.space), why.message()));
    const error reasons[] = {why, of_files};
    made.parts = what->so_far.take(what->parts, reasons);
    made.owner = co_await containers_.complete(std::move(*target->owner));
    co_return made;
}

struct network_collector::job {
    job(netlink::net_namespace h, std::shared_ptr<const opened_namespace> w,
        std::shared_ptr<const known_surroundings> k, std::string r, std::size_t b, deadline l,
        std::vector<const network_part*> p)
        : home(std::move(h)),
          where(std::move(w)),
          known(std::move(k)),
          root(std::move(r)),
          limit_bytes(b),
          limit(l),
          parts(std::move(p))
    {
    }
    netlink::net_namespace home;
    std::shared_ptr<const opened_namespace> where;
    std::shared_ptr<const known_surroundings> known;
    std::string root;
    std::size_t limit_bytes;
    deadline limit;
    std::vector<const network_part*> parts;
    std::shared_ptr<read_parts_so_far> so_far = std::make_shared<read_parts_so_far>();
};

/// One after another, those that read files of the container or the others.
task<result<void>> network_collector::run(worker_pool& on, std::shared_ptr<const job> what, bool files)
{
    const std::string name = reading_name(files, what->where->space.identity());
    const deadline limit = what->limit;
    auto work = [what = std::move(what), files](const abandon_flag& abandoned) -> result<void> {
        part_source source(what->home, *what->where, *what->known, what->root, what->limit_bytes, what->limit,
                           abandoned);
        blocking_read_parts(source, what->parts, files, *what->so_far);
        return {};
    };
    co_return co_await on.run("network read", name, limit, std::move(work));
}

/// Which filters there are is asked of the kernel first, so that only programs are run that have something to show.
task<result<part_text>> network_collector::read_filter_texts(std::shared_ptr<const job> what)
{
    const auto texts = options_.filter_texts;
    if (!texts) co_return error(failure::unavailable, "netfilter_text: this service runs no programs");
    const deadline limit = what->limit;
    const std::string looking = fmt::format("look for packet filters in net:[{}]", what->where->space.identity().inode);
    auto look = [what, texts](const abandon_flag& abandoned) {
        texts->blocking_prepare();
        return netlink::blocking_read_filters(what->home, what->where->space, what->where->process.directory(), {},
                                              what->limit, abandoned);
    };
    auto found = co_await pool_.run("network read", looking, limit, std::move(look));
    if (!found) co_return found.error();
    netlink::nat_target target(what->home, what->where->space);
    auto reading = texts->read(std::move(target), std::move(*found), limit);
    auto read = co_await std::move(reading);
    if (!read) co_return read.error();

    // The answer has more around it, and beside others half of its room is for what cannot be cut there.
    const std::size_t whole = what->limit_bytes;
    const std::size_t bytes = what->parts.size() == 1 ? whole - std::min(whole / 4, around_texts_bytes) : whole / 4;
    auto write = [made = std::move(*read), bytes](const abandon_flag&) mutable -> result<part_text> {
        netlink::fit_filter_texts(made, bytes);
        part_text part = whole_part(made, netlink::write_filter_texts);
        part.note = std::move(made.note);
        return part;
    };
    auto writing = pool_.run("network read", "write the texts of packet filters", limit, std::move(write));
    co_return co_await std::move(writing);
}

task<result<void>> network_collector::run_programs(std::shared_ptr<const job> what)
{
    auto text = co_await read_filter_texts(what);
    const auto which = std::ranges::find_if(what->parts, &network_part::by_programs);
    what->so_far->put(*which, std::move(text));
    co_return result<void>();
}

task<std::vector<network_reading::part>> network_collector::read(std::shared_ptr<const opened_namespace> where,
                                                                 std::shared_ptr<const known_surroundings> known,
                                                                 std::vector<const network_part*> parts, deadline limit)
{
    const deadline own = part_limit(limit, deadline::in(options_.read_timeout));
    auto slot = co_await slots_.acquire(own);
    if (!slot) {
        const error reasons[] = {slot.error(), slot.error()};
        co_return read_parts_so_far().take(parts, reasons);
    }

    const auto what = std::make_shared<const job>(home_, std::move(where), std::move(known), options_.root,
                                                  options_.limit_bytes, own, std::move(parts));
    result<void> of_kernel;
    result<void> of_files;
    result<void> of_programs;
    std::vector<task<>> jobs;
    const auto has = [&what](bool files) {
        const auto is_one = [files](const auto* one) { return !one->by_programs && one->can_hang == files; };
        return std::ranges::any_of(what->parts, is_one);
    };
    if (has(false)) jobs.push_back(into(of_kernel, run(pool_, what, false)));
    if (has(true)) jobs.push_back(into(of_files, run(files_pool_, what, true)));
    if (std::ranges::any_of(what->parts, &network_part::by_programs)) {
        jobs.push_back(into(of_programs, run_programs(what)));
    }
    co_await side_by_side(std::move(jobs));
    const error missing(failure::internal, "the part was not read");
    const error reasons[] = {of_kernel ? missing : of_kernel.error(), of_files ? missing : of_files.error()};
    co_return what->so_far->take(what->parts, reasons);
}

}  // namespace nodescope
