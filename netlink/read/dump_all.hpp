// One dump, decoded into a vector.
#pragma once

#include "core/resident_memory.hpp"
#include "core/worker_pool.hpp"
#include "netlink/decode/decode.hpp"
#include "netlink/model/reading.hpp"
#include "netlink/read/dump.hpp"

#include <fmt/format.h>

#include <cstddef>

namespace nodescope::netlink {

/// Of more than this, room is taken for as many as fit in room_for_many_bytes: a vector that grows to them writes to
/// twice as much memory, and the page faults cost more than reading the messages.
inline constexpr std::size_t many_items = 1024;
/// 11,000 routes. It takes memory as it is written to.
inline constexpr std::size_t room_for_many_bytes = 1800U << 10U;
/// So many bytes at a time.
inline constexpr std::size_t taken_at_a_time = 256U << 10U;

/// Failures are those of dump(); failure::cancelled when `abandoned` is raised before it begins.
template <class T>
result<dumped<T>> dump_all(netlink_socket& socket, const dump_request& request, const dump_limits& limits,
                           deadline limit, const abandon_flag& abandoned)
{
    if (abandoned.raised()) {
        return error(failure::cancelled,
                     fmt::format("netlink: read {}: nobody waits for the answer any more", request.what));
    }
    constexpr std::size_t items_at_a_time = taken_at_a_time / sizeof(T);
    dumped<T> all;
    const dump_reader reader{.begin =
                                 [&] {
                                     all.items.clear();
                                     all.damaged = 0;
                                 },
                             .message =
                                 [&](const nlmsghdr& message) {
                                     const std::size_t count = all.items.size();
                                     if (count == many_items) all.items.reserve(room_for_many_bytes / sizeof(T));
                                     if (count >= many_items && (count - many_items) % items_at_a_time == 0 &&
                                         count + items_at_a_time <= all.items.capacity()) {
                                         take_pages(all.items.data() + count, taken_at_a_time);
                                     }
                                     T& item = all.items.emplace_back();
                                     if (!decode(bytes_of(message), item, all.damaged)) all.items.pop_back();
                                 }};
    const auto outcome = dump(socket, request, limits, reader, limit);
    if (!outcome) return outcome.error();
    all.consistent = outcome->consistent;
    all.truncated = outcome->truncated;
    all.bytes = outcome->bytes;
    return all;
}

}  // namespace nodescope::netlink
