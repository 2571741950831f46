// Where an engine may listen, with a client for each place.
#pragma once

#include "collectors/http_client/http_client.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace nodescope::docker {

/// Reactor thread only. Outlives its calls.
class engine_places {
public:
    struct place {
        place(http_client::server_address w, std::unique_ptr<http_client::client> c)
            : where(std::move(w)), http(std::move(c))
        {
        }
        http_client::server_address where;
        std::unique_ptr<http_client::client> http;
    };
    /// What counts as there.
    enum class presence : std::uint8_t {
        exists,  ///< a socket, whoever may use it
        usable,  ///< one that this process may connect to
    };

    /// `all`, at least one, in the order in which they are looked for: each time, as an engine may be started, and
    /// replaced, after this service. A socket that is the same file as one of `others` is left to them: Podman's
    /// package for Docker's command links Docker's socket to its own.
    engine_places(std::vector<place> all, presence needed, std::vector<std::string> others)
        : all_(std::move(all)), needed_(needed), others_(std::move(others))
    {
    }

    /// The one to be asked now: the first that is usable, else the first that exists, else the first.
    [[nodiscard]] const place& now() const;
    /// Whether any is there. What is not in the file system always is.
    [[nodiscard]] bool present() const;
    void drop_idle();

private:
    [[nodiscard]] bool has(const place& one, presence needed) const;

    std::vector<place> all_;
    presence needed_;
    std::vector<std::string> others_;
};

}  // namespace nodescope::docker
