// What the HTTP layer hands to a route, and what a route gives back. No Beast types here.
#pragma once

#include "core/deadline.hpp"
#include "core/task.hpp"
#include "server/http/fair_budget.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nodescope::http {

enum class method { get, head, post, other };

/// What a route discloses, for rules about who may ask.
enum class area {
    diagnosis,  ///< networks, processes, what the runtime knows: the default, because it is the most
    stats,      ///< cAdvisor's data
    metrics,    ///< /metrics
};

constexpr std::string_view to_string(area what) noexcept
{
    return what == area::stats ? "stats" : what == area::metrics ? "metrics" : "diagnosis";
}

struct request {
    request() = default;
    method verb = method::other;
    std::string verb_text;  ///< as sent, for messages
    std::string path;       ///< canonical: percent-decoded once, no empty, "." or ".." segments
    std::string query;      ///< after '?', still encoded; empty when absent
    std::string body;
    std::string content_type;                                       ///< empty when absent
    bool accepts_gzip = false;                                      ///< as an answer's coding
    std::string request_id;                                         ///< X-Request-Id when acceptable, else one of ours
    std::string peer;                                               ///< "127.0.0.1:4711" or "unix:uid=0", for the log
    std::string caller;                                             ///< "token-file:prometheus"; empty: not known
    http::claimant claimant;                                        ///< whose bytes the answer will be
    deadline limit = deadline::in(steady_clock::duration::zero());  ///< the whole answer
};

/// A body that comes piece by piece and has no length, for as long as the client stays: sent chunked, each piece at
/// once. Not under the request's deadline; a client that takes nothing is cut off after server_options::write_timeout.
class body_stream {
public:
    body_stream() = default;
    body_stream(const body_stream&) = delete;
    body_stream& operator=(const body_stream&) = delete;
    virtual ~body_stream() = default;

    /// The next piece, or nothing at the end of the body. Cancelled when the client goes away and when the drain
    /// begins; not called again afterwards. The stream waits for as long as it likes, and holds what it must bound
    /// itself.
    virtual task<std::optional<std::string>> next() = 0;
};

struct reply {
    reply() = default;
    reply(unsigned code, std::string type, std::string text) : status(code), content_type(std::move(type))
    {
        set_text(std::move(text));
    }
    /// For who gets the same text as others: it is not copied for each of them.
    reply(unsigned code, std::string type, std::shared_ptr<const std::string> text)
        : status(code), content_type(std::move(type)), text_(std::move(text))
    {
    }

    [[nodiscard]] std::string_view text() const noexcept
    {
        return text_ ? std::string_view(*text_) : std::string_view();
    }
    void set_text(std::string text) { text_ = std::make_shared<const std::string>(std::move(text)); }
    /// Before the answer itself goes.
    void drop_text() noexcept { text_.reset(); }

    unsigned status = 500;
    std::string content_type = "text/plain; charset=utf-8";    ///< empty: the answer has no such header
    std::shared_ptr<fair_budget::share> held;                  ///< what the text was charged to; null: to nothing yet
    std::unique_ptr<body_stream> stream;                       ///< sent instead of the text when there is one
    std::vector<std::pair<std::string, std::string>> headers;  ///< Allow, Retry-After, …; never bytes of a request

private:
    std::shared_ptr<const std::string> text_;  // others may send it too
};

using handler = std::function<task<reply>(const request&)>;

/// One row of the table of routes.
struct route {
    route(method v, std::string p, handler h, bool is_prefix = false, bool is_open = false)
        : verb(v), path(std::move(p)), handle(std::move(h)), prefix(is_prefix), open(is_open)
    {
    }
    method verb;       ///< get also answers HEAD
    std::string path;  ///< canonical
    handler handle;
    bool prefix;              ///< matches everything below `path` + "/" too
    bool open;                ///< answered without authentication: only health
    bool any_method = false;  ///< every method is answered as GET; what its body holds is not looked at
    area gives = area::diagnosis;
    std::size_t body_limit = 4U << 20U;  ///< never above server_options::max_body
    /// The status when the request's deadline passes first; the body says so in a sentence.
    unsigned deadline_status = 504;
};

}  // namespace nodescope::http
