#include "server/http/message_parser.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <limits>
#include <optional>
#include <utility>

namespace nodescope::http {

namespace beast_http = boost::beast::http;

struct message_parser::impl {
    std::optional<beast_http::request_parser<beast_http::string_body>> parser;
};

message_parser::message_parser() : impl_(std::make_unique<impl>()) {}
message_parser::~message_parser() = default;

void message_parser::start(std::size_t body_limit)
{
    auto& parser = impl_->parser.emplace();
    parser.eager(true);
    parser.body_limit(body_limit);
    // The size of the head, and of the buffer that trailers must fit, is the session's to limit.
    parser.header_limit(std::numeric_limits<std::uint32_t>::max());
}

message_parser::state message_parser::feed(std::string_view bytes, std::size_t& used)
{
    auto& parser = *impl_->parser;
    used = 0;
    while (!parser.is_done()) {
        boost::system::error_code failed;
        const std::size_t taken = parser.put(boost::asio::buffer(bytes.data() + used, bytes.size() - used), failed);
        used += taken;
        if (failed == beast_http::error::need_more) return state::need_more;
        if (failed == beast_http::error::body_limit) return state::too_large;
        if (failed) return state::malformed;
        if (taken == 0 && !parser.is_done()) return state::need_more;
    }
    return state::complete;
}

bool message_parser::agrees(bool chunked, std::uint64_t content_length) const
{
    const auto& parser = *impl_->parser;
    return parser.is_header_done() && parser.chunked() == chunked &&
           (chunked || parser.content_length().value_or(0) == content_length);
}

std::size_t message_parser::body_bytes() const { return impl_->parser ? impl_->parser->get().body().size() : 0; }

void message_parser::drop() noexcept { impl_->parser.reset(); }

std::string message_parser::take_body() { return std::move(impl_->parser->get().body()); }

}  // namespace nodescope::http
