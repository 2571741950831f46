// Tokens, passwords and the TLS certificate, read again when their files change. A file that cannot be used leaves the
// old content in use. Reactor thread only.
#pragma once

#include "core/log.hpp"
#include "core/slots.hpp"
#include "core/task.hpp"
#include "core/worker_pool.hpp"
#include "server/auth/access_statistics.hpp"
#include "server/auth/guarded_file.hpp"
#include "server/auth/secret_tables.hpp"
#include "server/auth/tls_context.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::auth {

/// Empty: not used.
struct credential_paths {
    credential_paths() = default;
    std::string token_file;
    std::string password_file;
    std::string certificate_file;
    std::string key_file;
    std::string client_ca_file;
};

class credentials {
public:
    /// Reads everything and blocks, so only before the service starts. Fails where a reload would keep the old content.
    static result<std::unique_ptr<credentials>> blocking_load(const credential_paths& paths, worker_pool& workers,
                                                              logger& log);

    /// Reads what has changed since. Returns the error of the first part that could not be taken over; the other parts
    /// were. Calls run one after another.
    task<result<void>> reload(deadline limit);
    /// Checks the files every few seconds, until cancelled. Returns at once when there are none.
    task<> watch();

    [[nodiscard]] const std::shared_ptr<const token_table>& tokens() const noexcept { return tokens_; }
    [[nodiscard]] const std::shared_ptr<const password_table>& passwords() const noexcept { return passwords_; }
    [[nodiscard]] const tls_context& tls() const noexcept { return tls_; }
    [[nodiscard]] std::vector<reload_statistics> statistics() const;

    static constexpr std::chrono::seconds watch_interval{5};

private:
    /// Files that are taken over together, and how that went.
    struct part {
        std::string name;
        std::vector<guarded_file> files;
        /// Makes the new content on a worker thread, and returns the function that puts it in place on the reactor
        /// thread.
        std::function<result<std::function<void()>>(const std::vector<file_content>&)> prepare;
        std::vector<file_state> states;
        std::string failure;  ///< why the files are not in use as they are now
        std::uint64_t reloads = 0;
        std::uint64_t failures = 0;
    };
    struct change {
        std::vector<file_state> states;
        std::function<void()> apply;  ///< empty: nothing has changed
    };

    credentials(const credential_paths& paths, worker_pool& workers, logger& log);
    template <class Table>
    void add_table(const char* name, const std::string& path, std::shared_ptr<const Table>& place);
    static result<change> blocking_prepare(const part& from);
    task<result<void>> reload_part(part& which, deadline limit);
    void take_over(part& which, change fresh);
    void keep_old(part& which, const error& reason);

    worker_pool& workers_;
    logger& log_;
    slot_pool one_at_a_time_{"reloads", 1, 16};
    std::vector<part> parts_;
    std::shared_ptr<const token_table> tokens_;
    std::shared_ptr<const password_table> passwords_;
    tls_context tls_;
};

}  // namespace nodescope::auth
