#include "netlink/read/dump_protocol.hpp"

#include "core/resident_memory.hpp"

#include <fmt/format.h>

#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>

namespace nodescope::netlink::detail {
namespace {

enum class progress { more, done, limit_hit };

// One try of a dump. Fed datagram by datagram.
class dump_try {
public:
    dump_try(std::string_view what, std::uint32_t sequence, const dump_limits& limits, const dump_reader& reader)
        : what_(what), sequence_(sequence), limits_(limits), reader_(reader)
    {
    }

    result<progress> feed(std::span<const std::byte> datagram)
    {
        const std::size_t size = datagram.size();
        bytes_ += size;
        while (!datagram.empty()) {
            if (datagram.size() < sizeof(nlmsghdr)) return malformed("a message without a whole header");
            // The kernel aligns messages to 4 bytes, and the buffer is aligned more strictly.
            const auto& message = *reinterpret_cast<const nlmsghdr*>(datagram.data());
            if (message.nlmsg_len < sizeof(nlmsghdr) || message.nlmsg_len > datagram.size()) {
                return malformed("a message longer than its datagram");
            }
            if (message.nlmsg_seq == sequence_) {
                auto step = take(message);
                if (!step || *step != progress::more) return step;
            }
            datagram = datagram.subspan(std::min<std::size_t>(NLMSG_ALIGN(message.nlmsg_len), datagram.size()));
        }
        return bytes_ > limits_.bytes || !memory_.may_go_on(size) ? progress::limit_hit : progress::more;
    }

    [[nodiscard]] bool interrupted() const noexcept { return interrupted_; }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

private:
    result<progress> take(const nlmsghdr& message)
    {
        if ((message.nlmsg_flags & NLM_F_DUMP_INTR) != 0) interrupted_ = true;
        switch (message.nlmsg_type) {
            case NLMSG_NOOP: return progress::more;
            case NLMSG_OVERRUN: interrupted_ = true; return progress::more;
            case NLMSG_DONE:
            case NLMSG_ERROR: return end_of(message);
            default: break;
        }
        if (messages_ == limits_.messages) return progress::limit_hit;
        ++messages_;
        reader_.message(message);
        return progress::more;
    }

    // Both carry an errno, negative, as their first word: NLMSG_ERROR always, NLMSG_DONE since the dump may fail late.
    result<progress> end_of(const nlmsghdr& message)
    {
        int error_number = 0;
        if (message.nlmsg_len >= NLMSG_LENGTH(sizeof error_number)) {
            std::memcpy(&error_number, &message + 1, sizeof error_number);
        } else if (message.nlmsg_type == NLMSG_ERROR) {
            return malformed("an error without a number");
        }
        if (error_number < 0 && error_number != -EINTR) {
            return refused_dump(-error_number, what_);
        }
        if (error_number == -EINTR) interrupted_ = true;
        return progress::done;
    }

    [[nodiscard]] error malformed(std::string_view how) const
    {
        return {failure::malformed, fmt::format("netlink: read {}: {}", what_, how)};
    }

    std::string_view what_;
    std::uint32_t sequence_;
    const dump_limits& limits_;
    const dump_reader& reader_;
    std::size_t messages_ = 0;
    std::size_t bytes_ = 0;
    reading_check memory_;
    bool interrupted_ = false;
};

}  // namespace

error refused_dump(int error_number, std::string_view what)
{
    return from_errno(error_number, fmt::format("netlink: read {}", what));
}

result<dump_outcome> run_dump(const dump_connection& connection, std::string_view what, const dump_limits& limits,
                              const dump_reader& reader, deadline limit, bool& finished)
{
    finished = true;
    dump_outcome outcome;
    for (int repeat = 0;; ++repeat) {
        if (reader.begin) reader.begin();
        finished = false;
        const auto sequence = connection.send();
        if (!sequence) return sequence.error();
        dump_try attempt(what, *sequence, limits, reader);
        progress step = progress::more;
        bool lost = false;
        while (step == progress::more) {
            if (limit.passed()) {
                return error(failure::timed_out, fmt::format("netlink: read {}: dump not finished within {}", what,
                                                             duration_text(limit.limit())));
            }
            const auto datagram = connection.receive();
            if (!datagram) return datagram.error();
            lost = datagram->empty();
            if (lost) break;
            const auto fed = attempt.feed(*datagram);
            if (!fed) return fed.error();
            step = *fed;
        }
        finished = step != progress::limit_hit;
        outcome.bytes += attempt.bytes();
        outcome.truncated = step == progress::limit_hit;
        outcome.consistent = !attempt.interrupted() && !lost;
        if (outcome.truncated || outcome.consistent || repeat == dump_repeats) return outcome;
    }
}

result<void> run_request_one(const dump_connection& connection, std::string_view what,
                             const std::function<void(const nlmsghdr&)>& message, deadline limit)
{
    const auto sequence = connection.send();
    if (!sequence) return sequence.error();
    bool answered = false;
    const dump_limits one{1, SIZE_MAX};
    const dump_reader reader{.begin = {}, .message = [&](const nlmsghdr& answer) {
                                 answered = true;
                                 message(answer);
                             }};
    dump_try attempt(what, *sequence, one, reader);
    while (!answered) {
        if (limit.passed()) {
            return error(failure::timed_out,
                         fmt::format("netlink: read {}: not finished within {}", what, duration_text(limit.limit())));
        }
        const auto datagram = connection.receive();
        if (!datagram) return datagram.error();
        if (datagram->empty()) {
            return error(failure::overloaded, fmt::format("netlink: read {}: the answer was lost", what));
        }
        const auto fed = attempt.feed(*datagram);
        if (!fed) return fed.error();
        if (*fed != progress::more) break;
    }
    return {};
}

}  // namespace nodescope::netlink::detail
