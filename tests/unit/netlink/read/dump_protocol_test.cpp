#include "netlink/read/dump_protocol.hpp"

#include <gtest/gtest.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace nodescope::netlink::detail {
namespace {

using namespace std::chrono_literals;

constexpr dump_limits generous{1000, 1 << 20};

struct datagram {
    std::vector<std::uint32_t> words = {};  // keeps the alignment that netlink promises

    datagram& message(std::uint16_t type, std::uint16_t flags = 0, std::vector<std::int32_t> payload = {},
                      std::uint32_t sequence_offset = 0)
    {
        const nlmsghdr header{.nlmsg_len = static_cast<std::uint32_t>(sizeof(nlmsghdr) + payload.size() * 4),
                              .nlmsg_type = type,
                              .nlmsg_flags = flags,
                              .nlmsg_seq = sequence_offset,  // made absolute by fake_kernel
                              .nlmsg_pid = 0};
        const std::size_t at = words.size();
        words.resize(at + header.nlmsg_len / 4);
        std::memcpy(&words[at], &header, sizeof header);
        if (!payload.empty()) std::memcpy(&words[at + sizeof header / 4], payload.data(), payload.size() * 4);
        return *this;
    }
    datagram& cut_to(std::size_t size)
    {
        bytes = size;
        return *this;
    }
    [[nodiscard]] std::span<const std::byte> span() const
    {
        return std::as_bytes(std::span(words)).first(bytes.value_or(words.size() * 4));
    }
    std::optional<std::size_t> bytes = {};
};

datagram done(std::uint16_t flags = 0, std::int32_t error_number = 0)
{
    return datagram{}.message(NLMSG_DONE, flags, {error_number});
}
datagram links(std::size_t count, std::uint16_t flags = 0)
{
    datagram made;
    while (count-- > 0) made.message(RTM_NEWLINK, flags, {1, 2});
    return made;
}

// Plays the kernel: gives what it was told to, in order.
struct fake_kernel {
    std::deque<datagram> answers;
    std::uint32_t sequence = 100;
    int requests = 0;
    datagram current = {};

    dump_connection connection()
    {
        return {.send = [this]() -> result<std::uint32_t> {
                    ++requests;
                    return ++sequence;
                },
                .receive = [this]() -> result<std::span<const std::byte>> {
                    if (answers.empty()) return error(failure::timed_out, "nothing more");
                    current = std::move(answers.front());
                    answers.pop_front();
                    for (std::size_t at = 0; at * 4 + sizeof(nlmsghdr) <= current.words.size() * 4;) {
                        nlmsghdr header;
                        std::memcpy(&header, &current.words[at], sizeof header);
                        header.nlmsg_seq += sequence;
                        std::memcpy(&current.words[at], &header, sizeof header);
                        at += std::max<std::size_t>(header.nlmsg_len / 4, 4);
                    }
                    return current.span();
                }};
    }
};

struct run {
    explicit run(fake_kernel& kernel, dump_limits limits = generous, deadline limit = deadline::in(10s))
        : outcome(run_dump(kernel.connection(), "links", limits,
                           {.begin = [this] { seen = 0; }, .message = [this](const nlmsghdr&) { ++seen; }}, limit,
                           finished))
    {
    }
    std::size_t seen = 0;
    bool finished = false;
    result<dump_outcome> outcome;
};

TEST(RunDump, GivesEveryMessageUpToDone)
{
    fake_kernel kernel{{links(3), links(2), done(), links(9)}};

    const run dump(kernel);

    ASSERT_TRUE(dump.outcome) << dump.outcome.error();
    EXPECT_EQ(dump.seen, 5U);
    EXPECT_TRUE(dump.outcome->consistent);
    EXPECT_FALSE(dump.outcome->truncated);
    EXPECT_TRUE(dump.finished);
    EXPECT_EQ(dump.outcome->bytes, 5 * 24U + 20U);
}

TEST(RunDump, TakesDoneInTheSameDatagram)
{
    datagram both = links(2);
    both.message(NLMSG_DONE, 0, {0});
    fake_kernel kernel{{both}};

    const run dump(kernel);

    ASSERT_TRUE(dump.outcome);
    EXPECT_EQ(dump.seen, 2U);
}

TEST(RunDump, RepeatsAnInterruptedDumpAndUsesTheSecondState)
{
    fake_kernel kernel{{links(3, NLM_F_DUMP_INTR), done(), links(4), done()}};

    const run dump(kernel);

    ASSERT_TRUE(dump.outcome);
    EXPECT_EQ(dump.seen, 4U);
    EXPECT_TRUE(dump.outcome->consistent);
    EXPECT_EQ(kernel.requests, 2);
}

TEST(RunDump, HearsTheInterruptionInDoneToo)
{
    fake_kernel kernel{{links(3), done(NLM_F_DUMP_INTR), links(4), done()}};

    const run dump(kernel);

    EXPECT_EQ(kernel.requests, 2);
    EXPECT_EQ(dump.seen, 4U);
}

TEST(RunDump, GivesUpRepeatingAfterThreeAndSaysInconsistent)
{
    fake_kernel kernel;
    for (std::size_t i = 1; i <= 6; ++i) {
        kernel.answers.push_back(links(i));
        kernel.answers.push_back(done(NLM_F_DUMP_INTR));
    }

    const run dump(kernel);

    ASSERT_TRUE(dump.outcome);
    EXPECT_EQ(kernel.requests, 4);
    EXPECT_EQ(dump.seen, 4U);
    EXPECT_FALSE(dump.outcome->consistent);
    EXPECT_TRUE(dump.finished);
}

TEST(RunDump, RepeatsAfterALostDatagram)
{
    fake_kernel kernel{{links(3), datagram{}, links(4), done()}};

    const run dump(kernel);

    ASSERT_TRUE(dump.outcome);
    EXPECT_EQ(kernel.requests, 2);
    EXPECT_EQ(dump.seen, 4U);
    EXPECT_TRUE(dump.outcome->consistent);
}

TEST(RunDump, StopsBeyondTheMessageLimit)
{
    fake_kernel kernel{{links(5), done()}};

    const run dump(kernel, {4, 1 << 20});

    ASSERT_TRUE(dump.outcome);
    EXPECT_EQ(dump.seen, 4U);
    EXPECT_TRUE(dump.outcome->truncated);
    EXPECT_FALSE(dump.finished);
}

TEST(RunDump, ExactlyTheMessageLimitIsNotTruncated)
{
    fake_kernel kernel{{links(4), done()}};

    const run dump(kernel, {4, 1 << 20});

    ASSERT_TRUE(dump.outcome);
    EXPECT_FALSE(dump.outcome->truncated);
    EXPECT_TRUE(dump.finished);
}

TEST(RunDump, StopsBeyondTheByteLimit)
{
    fake_kernel kernel{{links(5), links(5), links(5), done()}};

    const run dump(kernel, {1000, 200});

    ASSERT_TRUE(dump.outcome);
    EXPECT_EQ(dump.seen, 10U);
    EXPECT_TRUE(dump.outcome->truncated);
    EXPECT_FALSE(dump.finished);
}

TEST(RunDump, IgnoresMessagesOfAnotherRequest)
{
    datagram stale;
    stale.message(RTM_NEWLINK, 0, {1}, 5).message(NLMSG_DONE, 0, {0}, 5);
    fake_kernel kernel{{stale, links(1), done()}};

    const run dump(kernel);

    ASSERT_TRUE(dump.outcome);
    EXPECT_EQ(dump.seen, 1U);
}

TEST(RunDump, TheKernelsErrorBecomesAFailure)
{
    fake_kernel kernel{{datagram{}.message(NLMSG_ERROR, 0, {-EPERM, 0, 0, 0, 0})}};

    const run dump(kernel);

    ASSERT_FALSE(dump.outcome);
    EXPECT_EQ(dump.outcome.error(), error(failure::denied, "netlink: read links: Operation not permitted"));
}

TEST(RunDump, AnErrorInsideDoneBecomesAFailure)
{
    fake_kernel kernel{{links(2), done(0, -EOPNOTSUPP)}};

    const run dump(kernel);

    ASSERT_FALSE(dump.outcome);
    EXPECT_EQ(dump.outcome.error().message(), "netlink: read links: Operation not supported");
    EXPECT_TRUE(is_missing_in_kernel(dump.outcome.error(), "links"));
    EXPECT_FALSE(is_missing_in_kernel(dump.outcome.error(), "routes"));
    EXPECT_FALSE(is_missing_in_kernel(refused_dump(EPERM, "links"), "links"));
}

TEST(RunDump, TheReceiversFailureIsPassedOn)
{
    fake_kernel kernel{{links(2)}};

    const run dump(kernel);

    ASSERT_FALSE(dump.outcome);
    EXPECT_EQ(dump.outcome.error(), error(failure::timed_out, "nothing more"));
    EXPECT_FALSE(dump.finished);
}

TEST(RunDump, APassedDeadlineEndsItBetweenDatagrams)
{
    fake_kernel kernel{{links(2), done()}};

    const run dump(kernel, generous, deadline::in(0s));

    ASSERT_FALSE(dump.outcome);
    EXPECT_EQ(dump.outcome.error().kind(), failure::timed_out);
    EXPECT_EQ(dump.outcome.error().message(), "netlink: read links: dump not finished within 0ms");
}

TEST(RunDump, MalformedAtEveryCutIsAFailureOrAWholeMessage)
{
    const std::size_t whole = links(2).span().size();
    for (std::size_t size = 1; size < whole; ++size) {
        fake_kernel kernel{{links(2).cut_to(size), done()}};

        const run dump(kernel);

        if (size == whole / 2) {
            EXPECT_TRUE(dump.outcome);
            continue;
        }
        ASSERT_FALSE(dump.outcome) << size;
        EXPECT_EQ(dump.outcome.error().kind(), failure::malformed);
        EXPECT_FALSE(dump.finished);
    }
}

TEST(RunDump, ALengthBelowTheHeaderIsMalformed)
{
    datagram wrong = links(1);
    wrong.words[0] = 15;
    fake_kernel kernel{{wrong}};

    const run dump(kernel);

    ASSERT_FALSE(dump.outcome);
    EXPECT_EQ(dump.outcome.error().kind(), failure::malformed);
}

TEST(RunDump, AnErrorWithoutANumberIsMalformed)
{
    fake_kernel kernel{{datagram{}.message(NLMSG_ERROR)}};

    const run dump(kernel);

    ASSERT_FALSE(dump.outcome);
    EXPECT_EQ(dump.outcome.error().kind(), failure::malformed);
}

struct question {
    explicit question(fake_kernel& kernel, deadline limit = deadline::in(10s))
        : answer(run_request_one(
              kernel.connection(), "an id", [this](const nlmsghdr&) { ++seen; }, limit))
    {
    }
    std::size_t seen = 0;
    result<void> answer;
};

TEST(RunRequestOne, TakesOneAnswer)
{
    fake_kernel kernel{{datagram{}.message(RTM_NEWNSID, 0, {1}, 5), links(1), links(1)}};

    const question asked(kernel);

    EXPECT_TRUE(asked.answer);
    EXPECT_EQ(asked.seen, 1U);
    EXPECT_EQ(kernel.answers.size(), 1U);
}

TEST(RunRequestOne, TheKernelsErrorBecomesAFailure)
{
    fake_kernel kernel{{datagram{}.message(NLMSG_ERROR, 0, {-ENOENT, 0, 0, 0, 0})}};

    const question asked(kernel);

    ASSERT_FALSE(asked.answer);
    EXPECT_EQ(asked.answer.error(), error(failure::gone, "netlink: read an id: No such file or directory"));
}

TEST(RunRequestOne, LossAndLatenessAreFailures)
{
    fake_kernel losing{{datagram{}}};
    fake_kernel slow{{links(1)}};

    EXPECT_EQ(question(losing).answer.error().kind(), failure::overloaded);
    EXPECT_EQ(question(slow, deadline::in(0s)).answer.error().kind(), failure::timed_out);
}

TEST(RunRequestOne, MalformedAtEveryCutIsAFailure)
{
    for (std::size_t size = 1; size < links(1).span().size(); ++size) {
        fake_kernel kernel{{links(1).cut_to(size)}};

        const question asked(kernel);

        ASSERT_FALSE(asked.answer) << size;
        EXPECT_EQ(asked.answer.error().kind(), failure::malformed);
    }
}

}  // namespace
}  // namespace nodescope::netlink::detail
