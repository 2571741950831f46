// A part of the answer about a network: JSON that was written on the thread that read it.
#pragma once

#include "collectors/questions/completeness_note.hpp"
#include "core/json/writer.hpp"
#include "netlink/model/reading.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nodescope {

struct part_text {
    part_text() = default;
    std::string json;  ///< one value
    /// Of a list: where each element ends in `json`, so that it can be cut there. Empty for what must stay whole.
    std::vector<std::size_t> ends;
    std::string note;  ///< what is said beside it ("cut after 20000 routes: there are more"); mostly empty
};

/// A list of at most about `limit_bytes`, of which `write` writes an element, or nothing for one that is not shown.
/// `read`: how complete the list is itself.
template <class List, class Write>
part_text list_part(const List& items, netlink::completeness read, std::string_view noun, std::size_t limit_bytes,
                    const Write& write)
{
    part_text part;
    json_writer json(part.json);
    json.array([&] {
        for (const auto& item : items) {
            if (part.json.size() > limit_bytes) {
                read.truncated = true;
                return;
            }
            const std::size_t before = part.json.size();
            write(json, item);
            if (part.json.size() != before) part.ends.push_back(part.json.size());
        }
    });
    part.note = note_of(read, part.ends.size(), noun);
    return part;
}

/// The same of a dump.
template <class T, class Write>
part_text list_part(const netlink::dumped<T>& read, std::string_view noun, std::size_t limit_bytes, const Write& write)
{
    return list_part(read.items, read, noun, limit_bytes, write);
}

/// What this kernel has not.
inline part_text absent_part(std::string note)
{
    part_text part;
    part.json = "null";
    part.note = std::move(note);
    return part;
}

/// What is no list: `write(json, of)` writes one value.
template <class Struct, class Write>
part_text whole_part(const Struct& of, const Write& write)
{
    part_text part;
    json_writer json(part.json);
    write(json, of);
    return part;
}

}  // namespace nodescope
