// Beast's request parser behind a plain interface: the second reading of a head that framing.hpp has let through, and
// the decoder of the body. Including Beast's messages costs 20 s of compile time for each file, so only one does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace nodescope::http {

class message_parser {
public:
    message_parser();
    message_parser(const message_parser&) = delete;
    message_parser& operator=(const message_parser&) = delete;
    ~message_parser();

    enum class state {
        need_more,  ///< feed what was not used again, with more behind it
        complete,
        too_large,  ///< the body is over its limit
        malformed,
    };

    /// For the next message. `body_limit` holds for decoded bytes, before they are kept.
    void start(std::size_t body_limit);

    /// `used` is how many of `bytes` are done with; those after a complete message belong to the next one.
    state feed(std::string_view bytes, std::size_t& used);

    /// Once the head was fed whole: whether Beast reads the same framing out of it.
    [[nodiscard]] bool agrees(bool chunked, std::uint64_t content_length) const;

    /// What is kept of the body so far.
    [[nodiscard]] std::size_t body_bytes() const;
    /// Lets go of a message that nobody wants any more; start() begins the next.
    void drop() noexcept;

    /// The body of a complete message; to be taken once.
    std::string take_body();

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace nodescope::http
