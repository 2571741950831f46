#include "core/process/program_runner.hpp"

#include "core/event.hpp"

#include <fmt/format.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <optional>
#include <utility>

namespace nodescope {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// For a kernel without pidfd_open, and for a child that has ended but that a tracer still holds.
constexpr std::chrono::milliseconds reap_interval{20};

/// One pipe of the child, read to its end or to the limit.
struct stream {
    stream(const asio::any_io_executor& executor, unique_fd end, std::size_t most)
        : descriptor(executor, end.release()), limit(most)
    {
    }
    asio::posix::stream_descriptor descriptor;
    std::size_t limit;
    std::string text;
    std::array<char, 16384> buffer;
    bool open = true;
    bool overflowed = false;
};

}  // namespace

/// Kept alive by its pending operations until the child is reaped, even if nobody waits for it any more. The coroutine
/// waits for `finished`; plain callbacks do the rest, because they go on after the coroutine has given up.
struct program_runner::running_program : std::enable_shared_from_this<running_program> {
    running_program(const asio::any_io_executor& executor, child_process started, const output_limits& limits,
                    slot_pool::slot held, std::shared_ptr<ledger> book)
        : child(std::move(started)),
          output(executor, child.take_output(), limits.output),
          errors(executor, child.take_errors(), limits.errors),
          reap_timer(executor),
          stuck_timer(executor),
          place(std::move(held)),
          counts(std::move(book))
    {
        ++counts->alive;
        if (unique_fd announced = child.take_exit_descriptor(); announced) exit.emplace(executor, announced.release());
    }
    ~running_program()
    {
        if (!end) --counts->alive;
        if (counted_stuck) --counts->stuck;
    }
    running_program(const running_program&) = delete;
    running_program& operator=(const running_program&) = delete;

    void start()
    {
        read(output);
        read(errors);
        wait_for_end();
    }

    void read(stream& from)
    {
        from.descriptor.async_read_some(asio::buffer(from.buffer),
                                        [self = shared_from_this(), &from](error_code failed, std::size_t size) {
                                            const std::size_t room = from.limit - from.text.size();
                                            from.text.append(from.buffer.data(), std::min(size, room));
                                            if (size > room) {
                                                from.overflowed = true;
                                                self->kill();
                                            }
                                            if (!failed && !from.overflowed && from.open) return self->read(from);
                                            self->close(from);
                                            self->finish_if_done();
                                        });
    }

    static void close(stream& which)
    {
        which.open = false;
        error_code ignored;
        which.descriptor.close(ignored);
    }

    void wait_for_end()
    {
        if (!exit) return reap_later();
        exit->async_wait(asio::posix::stream_descriptor::wait_read, [self = shared_from_this()](error_code failed) {
            if (!failed) self->reap();
        });
    }

    void reap_later()
    {
        reap_timer.expires_after(reap_interval);
        reap_timer.async_wait([self = shared_from_this()](error_code failed) {
            if (!failed) self->reap();
        });
    }

    void reap()
    {
        end = child.try_reap();
        if (!end) return reap_later();
        --counts->alive;
        if (std::exchange(counted_stuck, false)) --counts->stuck;
        stuck_timer.cancel();
        place = {};
        finish_if_done();
    }

    void kill()
    {
        if (end || std::exchange(killed, true)) return;
        child.kill_group();
        stuck_timer.expires_after(stuck_after);
        stuck_timer.async_wait([self = shared_from_this()](error_code failed) {
            if (failed || self->end) return;
            self->counted_stuck = true;
            ++self->counts->stuck;
        });
    }

    void give_up()
    {
        kill();
        close(output);
        close(errors);
    }

    void finish_if_done()
    {
        if (end && !output.open && !errors.open) finished.set();
    }

    child_process child;
    stream output;
    stream errors;
    std::optional<asio::posix::stream_descriptor> exit;
    event finished;
    asio::steady_timer reap_timer;
    asio::steady_timer stuck_timer;
    slot_pool::slot place;
    std::shared_ptr<ledger> counts;
    std::optional<process_end> end;
    bool killed = false;
    bool counted_stuck = false;
};

program_runner::program_runner(asio::any_io_executor executor, worker_pool& pool)
    : executor_(std::move(executor)),
      pool_(pool),
      slots_("helper programs", places, worker_pool::default_queue_limit),
      ledger_(std::make_shared<ledger>())
{
}

task<result<program_output>> program_runner::run(std::string label, program what, output_limits limits,
                                                 spawn_place place, deadline limit)
{
    if (stuck() >= stuck_limit) {
        co_return error(
            failure::overloaded,
            fmt::format("{}: {} helper programs were killed and do not end, try again later", label, stuck()));
    }
    auto held = co_await slots_.acquire(limit);
    if (!held) co_return error(held.error().kind(), fmt::format("{}: {}", label, held.error().message()));

    // Shared, because the pool hands results around by copy-constructible functions.
    using spawned = std::shared_ptr<child_process>;
    auto spawn = [label, what = std::move(what),
                  place = std::move(place)](const abandon_flag& abandoned) -> result<spawned> {
        const auto prefixed = [&label](const error& cause) {
            return error(cause.kind(), fmt::format("{}: {}", label, cause.message()));
        };
        if (const auto checked = check_program(what.path); !checked) return prefixed(checked.error());
        auto child = place([&what] { return child_process::spawn(what); });
        if (!child) return prefixed(child.error());
        // Nobody will take it over: its destructor ends it, on this thread and not on the reactor.
        if (abandoned.raised()) return error(failure::cancelled, fmt::format("{}: the caller went away", label));
        return std::make_shared<child_process>(std::move(*child));
    };
    auto started = co_await pool_.run("helper program", label, limit, std::move(spawn));
    if (!started) co_return started.error();

    auto running =
        std::make_shared<running_program>(executor_, std::move(**started), limits, std::move(*held), ledger_);
    running->start();
    const wait_end how = co_await running->finished.wait(limit);
    if (how != wait_end::told) {
        running->give_up();
        co_return not_told(how, label, "not finished", limit);
    }
    if (running->errors.overflowed) {
        co_return error(failure::too_large,
                        fmt::format("{}: more than {} bytes on standard error", label, limits.errors));
    }
    program_output output;
    output.text = std::move(running->output.text);
    output.errors = std::move(running->errors.text);
    output.truncated = running->output.overflowed;
    output.end = *running->end;
    co_return output;
}

std::size_t program_runner::stuck() const noexcept { return ledger_->stuck; }

std::size_t program_runner::alive() const noexcept { return ledger_->alive; }

}  // namespace nodescope
