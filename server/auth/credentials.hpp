// Tokens, passwords and the TLS certificate as they stand in their files, read again when those change.
// What cannot be read again stays as it was. Reactor thread only.
#pragma once

#include "core/log.hpp"
#include "core/slots.hpp"
#include "core/task.hpp"
#include "core/worker_pool.hpp"
#include "server/auth/access_statistics.hpp"
#include "server/auth/guarded_file.hpp"
#include "server/auth/password_file.hpp"
#include "server/auth/tls_context.hpp"
#include "server/auth/token_file.hpp"

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
    /// Reads everything now, and blocks: before the service starts. Fails where a reload would keep the old content.
    static result<std::unique_ptr<credentials>> blocking_load(const credential_paths& paths, worker_pool& workers,
                                                              logger& log);

    /// Reads what has changed since, `limit` long at most. The error is that of the first part that could not be taken
    /// over; the others were. Calls run one after the other.
    task<result<void>> reload(deadline limit);
    /// Looks after the files every few seconds, until cancelled. Returns at once when there are none.
    task<> watch();

    [[nodiscard]] const std::shared_ptr<const token_table>& tokens() const noexcept { return tokens_; }
    [[nodiscard]] const std::shared_ptr<const password_table>& passwords() const noexcept { return passwords_; }
    [[nodiscard]] const tls_context& tls() const noexcept { return tls_; }
    [[nodiscard]] std::vector<reload_statistics> statistics() const;

    static constexpr std::chrono::seconds watch_interval{5};

private:
    /// Files that are taken over together, and what becomes of them.
    struct part {
        std::string name;
        std::vector<guarded_file> files;
        /// Makes the new content, on a worker thread, and gives what puts it in place, on the reactor's.
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
