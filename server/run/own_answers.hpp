// The answers of the service without a service: the same collectors, built in this process, asked by the same routes.
// For commands that a person runs on the node, where no service may be running.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "server/config/config.hpp"
#include "server/http/message.hpp"

#include <functional>
#include <memory>
#include <string_view>

namespace nodescope {

/// For one thread of a process that does nothing else.
class own_answers {
public:
    /// Nothing is bound, and nothing runs without being asked. The failures are those of a start of the service.
    static result<std::unique_ptr<own_answers>> make(const configuration& config);
    own_answers(const own_answers&) = delete;
    own_answers& operator=(const own_answers&) = delete;
    ~own_answers();

    /// What the route answers that `asked` names with its verb and path, within --timeout-request: 404 where there is
    /// none, its status for a late answer where that does not come in time. Who asks is not looked at: it is whoever
    /// runs this process.
    http::reply blocking_answer(http::request asked);

    /// The pieces of an answer that has a stream, as they come, until `take` gives false or the stream ends.
    void blocking_follow(http::body_stream& stream, const std::function<bool(std::string_view)>& take);

    /// A thread is in the kernel, where it cannot be joined: the process is to end without the destructor.
    [[nodiscard]] bool has_stuck_worker() const noexcept;

private:
    struct parts;
    explicit own_answers(std::unique_ptr<parts> built);
    std::unique_ptr<parts> parts_;
};

}  // namespace nodescope
