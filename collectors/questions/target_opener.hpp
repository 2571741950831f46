// Finds the process that a question is about, proves that it is the container's, and opens its network namespace.
#pragma once

#include "collectors/runtime/container_finder.hpp"
#include "core/deadline.hpp"
#include "core/log.hpp"
#include "core/task.hpp"
#include "core/worker_pool.hpp"

#include <memory>
#include <string>
#include <utility>

namespace nodescope {

class namespace_reader;
class net_info_query;
struct found_process;
struct opened_target;

/// When a part of an answer must be over, given that the whole must be there at `whole`.
deadline part_limit(deadline whole, deadline own);

/// Reactor thread only. Outlives its calls. A query that is passed outlives the call it is passed to.
class target_opener {
public:
    /// `reader` looks around in each namespace that is opened; null: nobody does. `host_timeout` bounds finding and
    /// opening a process.
    target_opener(container_finder& containers, worker_pool& pool, std::shared_ptr<namespace_reader> reader,
                  std::string root, steady_clock::duration host_timeout, logger& log)
        : containers_(containers),
          pool_(pool),
          reader_(std::move(reader)),
          root_(std::move(root)),
          host_timeout_(host_timeout),
          log_(log)
    {
    }

    /// The container a query means. Failures are container_finder's.
    task<result<found_container>> find(const net_info_query& query, deadline limit);
    /// What find() gave, opened and proved; if it was known and is no longer so, it is looked for once more. Failures
    /// are those of net_info_collector::collect().
    task<result<opened_target>> open_found(const net_info_query& query, found_container found, deadline limit);
    task<result<opened_target>> open_process(found_process found, deadline limit);
    /// The container or the process.
    task<result<opened_target>> open(const net_info_query& query, deadline limit);

private:
    struct claimed_target;
    task<result<opened_target>> open_container(found_container first, deadline limit);
    task<claimed_target> open_claimed(found_container first, deadline limit);
    task<result<opened_target>> open_numbered(found_container which, deadline limit);

    container_finder& containers_;
    worker_pool& pool_;
    const std::shared_ptr<namespace_reader> reader_;  // shared with jobs that outlive their askers
    const std::string root_;
    const steady_clock::duration host_timeout_;
    logger& log_;
};

}  // namespace nodescope
