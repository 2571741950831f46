#include "server/api/processors/reply_object.hpp"

#include "core/json/reader.hpp"
#include "core/json/writer.hpp"
#include "core/resident_memory.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nodescope::api {

namespace {

/// Quotes, colon and comma around a member.
constexpr std::size_t member_punctuation_bytes = 6;
/// A key with that; longer ones only make the body grow once more.
constexpr std::size_t typical_key_bytes = 64;

std::size_t encoded_size(std::string_view value) { return json_string(value).size(); }

/// The same; of a value that is longer than `limit_bytes` as it is, that length: nobody needs to know more.
std::size_t encoded_size_up_to(std::string_view value, std::size_t limit_bytes)
{
    return value.size() > limit_bytes ? value.size() : encoded_size(value);
}

/// Takes pieces while their encoded form fits; pieces after the first that does not are only counted.
class fitting_prefix {
public:
    /// `note` outlives it, and is told what was kept of how many.
    fitting_prefix(std::size_t limit_bytes, cut_note& note) : limit_(limit_bytes), note_(note) {}

    /// `end` is the length of the value up to and with this piece.
    void offer(std::string_view piece, std::size_t end)
    {
        ++note_.total;
        if (full_) return;
        used_ += encoded_size(piece) - 2;
        full_ = used_ > limit_;
        if (full_) return;
        ++note_.kept;
        length_ = end;
    }

    /// Of the prefix, in bytes of the value.
    [[nodiscard]] std::size_t length() const { return length_; }

private:
    std::size_t limit_;
    cut_note& note_;
    std::size_t used_ = 0;
    std::size_t length_ = 0;
    bool full_ = false;
};

std::string cut_lines(std::string_view text, std::size_t limit_bytes, cut_note& note)
{
    fitting_prefix prefix(limit_bytes, note);
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t newline = text.find('\n', begin);
        const std::size_t end = newline == std::string_view::npos ? text.size() : newline + 1;
        prefix.offer(text.substr(begin, end - begin), end);
        begin = end;
    }
    return std::string(text.substr(0, prefix.length()));
}

result<std::string> cut_elements(std::string_view array, std::size_t limit_bytes, cut_note& note)
{
    // Room for the brackets; each element is measured with the comma before it.
    fitting_prefix prefix(limit_bytes < 2 ? 0 : limit_bytes - 2, note);
    const std::size_t first = array.find('[') + 1;
    std::size_t begin_of_piece = first;
    const auto valid = for_each_json_element(array, [&](std::string_view element) {
        const auto end = static_cast<std::size_t>(element.data() + element.size() - array.data());
        prefix.offer(array.substr(begin_of_piece, end - begin_of_piece), end);
        begin_of_piece = end;
    });
    if (!valid) return valid.error();
    std::string kept;
    json_writer json(kept);
    json.array([&] {
        if (note.kept > 0) json.raw(array.substr(first, prefix.length() - first));
    });
    return kept;
}

/// The length that values may have at most so that all fit into `available`: the longest are cut first.
std::size_t common_limit(std::vector<std::size_t> sizes, std::size_t available)
{
    std::sort(sizes.begin(), sizes.end());
    for (std::size_t left = sizes.size(); const std::size_t size : sizes) {
        const std::size_t share = available / left;
        if (size > share) return share;
        available -= size;
        --left;
    }
    return available;
}

}  // namespace

void reply_object::add(std::string_view key, std::string_view value, cut_at boundary)
{
    members_.push_back(member{key, value, boundary});
}

result<reply_object::rendered> reply_object::render(std::size_t limit_bytes, std::size_t reserved_bytes) const
{
    rendered out;
    json_writer json(out.body);
    std::size_t least = reserved_bytes;
    for (const member& each : members_) least += each.value.size();
    // What is too long anyway is not written to see that.
    if (least <= limit_bytes) {
        // An eighth for escapes, and the keys: a body that grows while it is written is copied each time.
        const std::size_t room = least + least / 8 + members_.size() * typical_key_bytes;
        out.body.reserve(room);
        take_pages(out.body.data(), room);
        json.object([&] {
            for (const member& each : members_) json.map_key(each.key), json.value(each.value);
        });
        if (out.body.size() + reserved_bytes <= limit_bytes) return out;
    }

    std::size_t fixed = reserved_bytes + 2;
    std::vector<std::size_t> cuttable;
    for (const member& each : members_) {
        const std::size_t size = encoded_size_up_to(each.value, limit_bytes);
        fixed += encoded_size(each.key) + member_punctuation_bytes;
        if (each.boundary == cut_at::nowhere) fixed += size;
        else cuttable.push_back(size);
    }
    if (cuttable.empty() || fixed >= limit_bytes) {
        return error(failure::too_large,
                     fmt::format("the answer has {} bytes, more than the {} that an answer may have",
                                 std::max(out.body.size(), least), limit_bytes));
    }

    const std::size_t limit_of_each = common_limit(std::move(cuttable), limit_bytes - fixed);
    out.body.clear();
    result<void> cut;
    json.object([&] {
        for (const member& each : members_) {
            json.map_key(each.key);
            if (each.boundary == cut_at::nowhere || encoded_size_up_to(each.value, limit_bytes) <= limit_of_each) {
                json.value(each.value);
                continue;
            }
            cut_note& note = out.cuts.emplace_back(cut_note{std::string(each.key), each.boundary});
            const result<std::string> kept = each.boundary == cut_at::line
                                                 ? cut_lines(each.value, limit_of_each, note)
                                                 : cut_elements(each.value, limit_of_each, note);
            if (kept) json.value(*kept);
            else cut = kept.error();
        }
    });
    if (!cut) return cut.error();
    return out;
}

}  // namespace nodescope::api
