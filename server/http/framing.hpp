// What a request's head must look like before anything else happens to it. Pure functions over the
// raw bytes: stricter than Beast's parser, which runs afterwards on the same bytes and decodes the body.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace nodescope::http {

/// Why a request is not served: a status and a constant sentence. Converts to true when there is one.
struct refusal {
    unsigned status = 0;
    std::string_view sentence;
    explicit operator bool() const noexcept { return status != 0; }
    friend bool operator==(const refusal&, const refusal&) = default;
};

/// Finds the end of a head in bytes that arrive in pieces. Bytes that no head may hold (a bare CR or LF, NUL and other
/// controls) are reported as soon as they are seen, so that such a peer is not waited for.
class head_scanner {
public:
    enum class state { incomplete, complete, malformed };

    /// `bytes` begins with the request line and grows from call to call; only what is new is looked at.
    state scan(std::string_view bytes) noexcept;
    /// With the empty line; valid once complete.
    [[nodiscard]] std::size_t size() const noexcept { return seen_; }

private:
    std::size_t seen_ = 0;
    std::size_t line_length_ = 0;
    bool after_cr_ = false;
};

/// Follows a chunked body, in pieces, and sees what breaks RFC 9112, 7.1. Beast's decoder takes "0x1" for the last
/// chunk, and waits for more where a line ends in a bare LF.
class chunk_scanner {
public:
    enum class state { incomplete, complete, malformed };

    /// Looks at `bytes`, which follow those of the last call; `used` is short of their size only once complete (what
    /// is behind the body is not looked at) or malformed.
    state scan(std::string_view bytes, std::size_t& used) noexcept;

private:
    enum class part {
        size,
        extension,
        size_lf,
        data,
        data_cr,
        data_lf,
        trailer_name,
        trailer_value,
        trailer_lf,
        end_lf
    };
    /// The part that comes after `byte`; nothing when it must not stand there.
    std::optional<part> next(char byte) noexcept;

    part part_ = part::size;
    std::uint64_t chunk_left_ = 0;
    std::size_t digits_ = 0;
    std::size_t line_length_ = 0;
    std::size_t trailer_length_ = 0;
};

/// What the server needs to know of a head. The views point into the bytes it was read from.
struct request_head {
    std::string_view method;
    std::string_view target;
    bool http_1_0 = false;
    bool http_2_preface = false;  ///< "PRI * HTTP/2.0": close without an answer
    std::optional<std::string_view> host;
    std::optional<std::uint64_t> content_length;
    bool chunked = false;
    bool keep_alive = true;
    bool expects_continue = false;
    std::optional<std::string_view> authorization;  ///< never logged
    std::optional<std::string_view> origin;
    std::optional<std::string_view> sec_fetch_site;
    std::optional<std::string_view> content_type;
    bool accepts_gzip = false;
    std::optional<std::string_view> request_id;
    std::optional<std::string_view> request_timeout;

    [[nodiscard]] bool has_body() const noexcept { return chunked || content_length.value_or(0) > 0; }
};

struct head_limits {
    std::size_t target_bytes = 4U << 10U;
    std::size_t fields = 64;
};

/// Reads a complete head (as head_scanner found it) into `out`. On a refusal `out` holds what was read so far.
refusal parse_head(std::string_view bytes, const head_limits& limits, request_head& out);

}  // namespace nodescope::http
