#include "collectors/runtime/cri/session.hpp"

#include "core/text.hpp"

#include <fmt/format.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <new>

namespace nodescope::cri {

namespace {

/// What the peer may send before we have taken it: a list of some hundred containers at once, and a few of them.
constexpr std::uint32_t stream_window = 1U << 20U;
constexpr std::int32_t connection_window = 4 << 20;
/// Frames that an answer may bring beside its own: window updates, and pings that measure the connection.
constexpr std::size_t frames_of_a_call = 4;
/// By HTTP/2 each field counts with this more than its bytes.
constexpr std::size_t field_overhead = 32;
constexpr std::size_t text_limit = 1024;

std::string_view text_of(const std::uint8_t* bytes, std::size_t size) noexcept
{
    // The library's bytes are text to us.
    return {reinterpret_cast<const char*>(bytes), size};
}

/// The library neither changes what it is given nor keeps it.
std::uint8_t* bytes_of(std::string_view text) noexcept
{
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
}

nghttp2_nv field(std::string_view name, std::string_view value) noexcept
{
    return {bytes_of(name), bytes_of(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

std::optional<unsigned> number_in(std::string_view text) noexcept
{
    unsigned number = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number);
    if (text.empty() || read.ec != std::errc() || read.ptr != end) return std::nullopt;
    return number;
}

}  // namespace

struct session::native {
    native() = default;
    native(const native&) = delete;
    native& operator=(const native&) = delete;
    ~native() { nghttp2_session_del(handle); }
    nghttp2_session* handle = nullptr;
};

/// What the library calls. Nothing may be thrown through it.
struct session::callbacks {
    static session& self(void* user) noexcept { return *static_cast<session*>(user); }

    static int begin_frame(nghttp2_session*, const nghttp2_frame_hd* head, void* user) noexcept
    {
        const bool empty_data =
            head->type == NGHTTP2_DATA && head->length == 0 && (head->flags & NGHTTP2_FLAG_END_STREAM) == 0;
        const bool brings_nothing = empty_data || (head->type != NGHTTP2_DATA && head->type != NGHTTP2_HEADERS);
        return self(user).count_frame(brings_nothing) ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    static int frame(nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept
    {
        if (frame->hd.type == NGHTTP2_GOAWAY) self(user).goes_away_ = true;
        return 0;
    }
    static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                      const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) noexcept
    {
        session& of = self(user);
        pending_call* const call = of.find(frame->hd.stream_id);
        if (call == nullptr) return 0;
        call->header_bytes += name_size + value_size + field_overhead;
        if (call->header_bytes > of.limits_.header_list) {
            of.refuse(frame->hd.stream_id, error(failure::too_large, fmt::format("its headers have more than {} bytes",
                                                                                 of.limits_.header_list)));
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        }
        of.take_header(*call, text_of(name, name_size), text_of(value, value_size));
        return 0;
    }
    static int data(nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* bytes, std::size_t size,
                    void* user) noexcept
    {
        self(user).take_data(stream, text_of(bytes, size));
        return 0;
    }
    static int stream_end(nghttp2_session*, std::int32_t stream, std::uint32_t code, void* user) noexcept
    {
        self(user).end_of_stream(stream, code);
        return 0;
    }
    static int complaint(nghttp2_session*, int, const char* text, std::size_t size, void* user) noexcept
    {
        self(user).reason_ = escape_untrusted({text, size}, text_limit);
        return 0;
    }
    static ssize_t request_body(nghttp2_session*, std::int32_t stream, std::uint8_t* to, std::size_t room,
                                std::uint32_t* flags, nghttp2_data_source*, void* user) noexcept
    {
        pending_call* const call = self(user).find(stream);
        if (call == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        const std::size_t size = std::min(room, call->request.size() - call->sent);
        std::copy_n(call->request.begin() + static_cast<std::ptrdiff_t>(call->sent), size, to);
        call->sent += size;
        if (call->sent == call->request.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
        return static_cast<ssize_t>(size);
    }
};

session::session(session_limits limits) : limits_(limits), native_(std::make_unique<native>())
{
    nghttp2_session_callbacks* table = nullptr;
    if (nghttp2_session_callbacks_new(&table) != 0) throw std::bad_alloc();
    const std::unique_ptr<nghttp2_session_callbacks, decltype(&nghttp2_session_callbacks_del)> owner(
        table, &nghttp2_session_callbacks_del);
    nghttp2_session_callbacks_set_on_begin_frame_callback(table, &callbacks::begin_frame);
    nghttp2_session_callbacks_set_on_frame_recv_callback(table, &callbacks::frame);
    nghttp2_session_callbacks_set_on_header_callback(table, &callbacks::header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(table, &callbacks::data);
    nghttp2_session_callbacks_set_on_stream_close_callback(table, &callbacks::stream_end);
    nghttp2_session_callbacks_set_error_callback2(table, &callbacks::complaint);
    if (nghttp2_session_client_new(&native_->handle, table, this) != 0) throw std::bad_alloc();

    const std::array<nghttp2_settings_entry, 4> settings{{
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 0},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, stream_window},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits_.header_list)},
    }};
    nghttp2_submit_settings(native_->handle, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
    nghttp2_session_set_local_window_size(native_->handle, NGHTTP2_FLAG_NONE, 0, connection_window);
}

session::~session() = default;

void session::take_output(std::string& out)
{
    out += output_;
    output_.clear();
    collect(out);
}

void session::collect(std::string& out)
{
    for (;;) {
        const std::uint8_t* bytes = nullptr;
        const ssize_t size = nghttp2_session_mem_send(native_->handle, &bytes);
        if (size <= 0) return;
        out += text_of(bytes, static_cast<std::size_t>(size));
    }
}

result<void> session::receive(std::string_view bytes, steady_clock::time_point now)
{
    now_ = now;
    reason_.clear();
    const ssize_t taken = nghttp2_session_mem_recv(native_->handle, bytes_of(bytes), bytes.size());
    // It does not want to go on only once it has said why to the peer.
    collect(output_);
    if (taken >= 0 && nghttp2_session_want_read(native_->handle) != 0) return {};
    const bool broken = taken < 0 || !goes_away_ || !reason_.empty();
    const std::string why = !reason_.empty() ? reason_ : taken < 0 ? nghttp2_strerror(static_cast<int>(taken)) : "";
    error failed(broken ? failure::malformed : failure::unavailable,
                 broken ? fmt::format("it does not keep to HTTP/2: {}", why) : "it has closed the connection");
    lost(failed, !broken);
    return failed;
}

result<std::int32_t> session::begin(const call_request& call, deadline limit, std::shared_ptr<pending_call> pending)
{
    pending->request = framed_message(call.message);
    const std::string timeout = grpc_timeout(limit.remaining());
    const std::array<nghttp2_nv, 8> headers{
        field(":method", "POST"),       field(":scheme", "http"),
        field(":path", call.path),      field(":authority", "localhost"),
        field("grpc-timeout", timeout), field("content-type", "application/grpc"),
        field("te", "trailers"),        field("user-agent", "nodescope/" NODESCOPE_VERSION),
    };
    nghttp2_data_provider body{};
    body.read_callback = &callbacks::request_body;
    const std::int32_t stream =
        nghttp2_submit_request(native_->handle, nullptr, headers.data(), headers.size(), &body, nullptr);
    if (stream < 0) return error(failure::unavailable, fmt::format("send: {}", nghttp2_strerror(stream)));
    calls_.emplace(stream, std::move(pending));
    ++calls_begun_;
    return stream;
}

void session::cancel(std::int32_t stream)
{
    const auto found = calls_.find(stream);
    if (found == calls_.end()) return;
    arriving_ -= found->second->reader.arrived();
    calls_.erase(found);
    nghttp2_submit_rst_stream(native_->handle, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
}

void session::lost(const error& why, bool untouched)
{
    goes_away_ = true;
    while (!calls_.empty()) {
        const auto& [stream, call] = *calls_.begin();
        call_end how;
        how.unanswered = why;
        // Calls only read: what has not been answered at all may be asked again.
        how.untouched = untouched || !call->http_status;
        end(stream, std::move(how));
    }
}

bool session::takes_calls() const noexcept
{
    return !goes_away_ && nghttp2_session_check_request_allowed(native_->handle) != 0;
}

pending_call* session::find(std::int32_t stream)
{
    const auto found = calls_.find(stream);
    return found == calls_.end() ? nullptr : found->second.get();
}

void session::end(std::int32_t stream, call_end how)
{
    const auto found = calls_.find(stream);
    if (found == calls_.end()) return;
    const std::shared_ptr<pending_call> call = std::move(found->second);
    calls_.erase(found);
    arriving_ -= call->reader.arrived();
    call->how = std::move(how);
    call->over = true;
    call->ended.set();
}

void session::end_of_stream(std::int32_t stream, std::uint32_t code)
{
    pending_call* const call = find(stream);
    if (call == nullptr) return;
    call_end how;
    if (code == NGHTTP2_NO_ERROR) {
        arriving_ -= call->reader.arrived();  // as the message is taken out of it
        how = answer_of(*call);
        arriving_ += call->reader.arrived();
    } else {
        const std::string more = reason_.empty() ? std::string() : ": " + reason_;
        how.untouched = code == NGHTTP2_REFUSED_STREAM;
        how.unanswered =
            error(failure::unavailable, fmt::format("it ended the call ({}){}", nghttp2_http2_strerror(code), more));
    }
    end(stream, std::move(how));
}

call_end session::answer_of(pending_call& call) const
{
    call_end how;
    const auto malformed = [&how](std::string why) {
        how.unanswered = error(failure::malformed, std::move(why));
        return how;
    };
    if (!call.http_status) return malformed("its answer has no headers");
    if (*call.http_status != 200) return malformed(fmt::format("it answered with HTTP status {}", *call.http_status));
    if (!call.is_grpc) return malformed("its answer is not gRPC");
    if (!call.grpc_status) return malformed("its answer ends without a status");
    how.status = *call.grpc_status;
    how.text = escape_untrusted(decoded_grpc_message(call.grpc_text), text_limit);
    if (how.status != static_cast<unsigned>(grpc_code::ok)) return how;
    if (!call.reader.is_whole()) {
        return malformed(call.reader.has_begun()
                             ? fmt::format("its answer ends in the middle of a message, after {} of {} bytes",
                                           call.reader.arrived(), call.reader.announced())
                             : std::string("its answer holds no message"));
    }
    how.message = call.reader.take_message();
    return how;
}

void session::refuse(std::int32_t stream, error why)
{
    call_end how;
    how.unanswered = std::move(why);
    end(stream, std::move(how));
    nghttp2_submit_rst_stream(native_->handle, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
}

void session::take_header(pending_call& call, std::string_view name, std::string_view value)
{
    if (name == ":status") call.http_status = number_in(value);
    else if (name == "content-type") call.is_grpc = value.starts_with("application/grpc");
    else if (name == "grpc-status") call.grpc_status = number_in(value);
    else if (name == "grpc-message") call.grpc_text = value;
}

void session::take_data(std::int32_t stream, std::string_view piece)
{
    pending_call* const call = find(stream);
    if (call == nullptr) return;
    const std::size_t before = call->reader.arrived();
    auto taken = call->reader.take(piece);
    arriving_ += call->reader.arrived() - before;
    if (taken && !call->memory.may_go_on(piece.size())) taken = error(failure::overloaded, taken_already());
    if (taken && arriving_ > limits_.messages) {
        taken = error(failure::too_large,
                      fmt::format("the answers that are arriving have more than {} bytes together", limits_.messages));
    }
    if (!taken) refuse(stream, taken.error());
}

/// False where the peer floods us.
bool session::count_frame(bool brings_nothing)
{
    if (!brings_nothing) return true;
    if (now_ - second_began_ >= std::chrono::seconds(1)) {
        second_began_ = now_;
        control_frames_ = 0;
        calls_begun_ = 0;
    }
    if (++control_frames_ <= limits_.control_frames + calls_begun_ * frames_of_a_call) return true;
    reason_ = fmt::format("more than {} control frames in a second", limits_.control_frames);
    return false;
}

}  // namespace nodescope::cri
