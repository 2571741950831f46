// One engine over its socket: which version of the API is spoken with it, and whether it is Docker or Podman that
// answers. It knows no answers but those of the negotiation.
#pragma once

#include "collectors/http_client/http_client.hpp"
#include "collectors/runtime/docker/api_request.hpp"
#include "collectors/runtime/docker/docker_client.hpp"
#include "collectors/runtime/docker/engine_places.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/slots.hpp"
#include "core/task.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace nodescope::docker {

/// Reactor thread only. Outlives its calls.
class engine_link {
public:
    /// `fixed` is spoken without asking; nothing: what engine and service both speak.
    engine_link(engine_places places, std::optional<api_version> fixed, engine_kind expected, logger& log)
        : places_(std::move(places)), fixed_version_(fixed), expected_(expected), log_(log)
    {
    }

    /// The body of a 200. An engine that refuses the version is asked for its own once more. `call` outlives it; `name`
    /// is what messages call it.
    task<result<engine_body>> body_of(const api_call& call, std::string name, deadline limit);

    [[nodiscard]] engine_kind expected() const noexcept { return expected_; }
    /// As the last answer had it; before the first what is expected.
    [[nodiscard]] engine_kind kind() const noexcept { return kind_; }
    [[nodiscard]] bool present() const { return places_.present(); }
    [[nodiscard]] std::string endpoint() const { return places_.now().where.text; }
    void drop_idle() { places_.drop_idle(); }

private:
    static constexpr std::size_t waiting_limit = 64;
    using place = engine_places::place;  // each lives as long as the link
    const place& place_now();
    task<result<api_version>> version(const place& at, deadline limit);
    task<error> why_refused(const place& by, api_version spoken, error said, deadline limit);
    task<http_client::outcome> round_trip(const place& to, const api_call& call, api_version speaking,
                                          std::shared_ptr<http_client::body_sieve> sieve, deadline limit);
    void learn(const http_client::outcome& got);

    engine_places places_;
    const std::optional<api_version> fixed_version_;
    const engine_kind expected_;
    logger& log_;

    const place* asked_ = nullptr;  // lately
    std::optional<api_version> version_;
    std::string engine_header_;
    engine_kind kind_ = expected_;
    // What is too long to be read as it comes waits for a worker: one answer at a time, until nobody needs it any more.
    std::shared_ptr<slot_pool> long_answers_ =
        std::make_shared<slot_pool>("long answers of an engine", 1, waiting_limit);
};

}  // namespace nodescope::docker
