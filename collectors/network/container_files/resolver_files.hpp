// The resolv.conf of processes, for the rules about it. Whoever is in a container decides how long its files take, so
// they are read on threads of their own, and nobody waits long.
#pragma once

#include "collectors/findings/network_model.hpp"
#include "collectors/network/part_source.hpp"
#include "collectors/network/resolver.hpp"
#include "collectors/network/topology/running_containers.hpp"
#include "collectors/questions/namespace_reader.hpp"
#include "core/deadline.hpp"
#include "core/task.hpp"
#include "core/worker_pool.hpp"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace nodescope {

/// What was read; neither: nobody has asked for it, or there is no such file.
struct resolver_file {
    resolver_file() = default;
    std::optional<resolv_conf> configuration;
    std::string missing;  ///< why it could not be read, or not to its end
};

/// Which processes' files are being read: one that hangs in a file costs one reader, however often it is asked about.
class reading_registry;

/// Reactor thread only. Outlives its calls.
class resolver_files {
public:
    resolver_files();
    resolver_files(const resolver_files&) = delete;
    resolver_files& operator=(const resolver_files&) = delete;
    ~resolver_files();

    /// Of an opened process. Waits for half a second at most, and for a quarter of the time that there is; not at all
    /// where only one of the readers is left that does not hang.
    task<resolver_file> read(std::shared_ptr<const opened_namespace> where, deadline limit);
    /// Of the first process of a container, if it is still the same.
    task<resolver_file> read(std::string root, running_container of, deadline limit);

    /// Whether a thread hangs in a file: the destructor would wait for it (worker_pool::busy).
    [[nodiscard]] bool busy() const noexcept { return pool_.busy() > 0; }

private:
    task<resolver_file> run(std::shared_ptr<const opened_namespace> where, std::string root, running_container of,
                            deadline limit);

    std::shared_ptr<reading_registry> readings_;
    worker_pool pool_;
};

/// Of the process whose directory (/proc/PID) is open. Blocking, and it may hang: for threads of its own.
resolver_file blocking_read_resolver_file(int process_directory, deadline limit, const abandon_flag& abandoned);

/// Into `model`, and, where `needed` has the bit, whether routes lead to the nameservers, over the one socket of
/// `source`. Blocking: for pool threads.
void blocking_add_resolver(part_source& source, unsigned needed, const resolver_file& file,
                           findings::network_model& model);

}  // namespace nodescope
