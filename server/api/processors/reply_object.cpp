#include "server/api/processors/reply_object.hpp"

#include "core/json/reader.hpp"
#include "core/json/writer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nodescope::api {

namespace {

/// Quotes, colon and comma around a member.
constexpr std::size_t member_punctuation_bytes = 6;

std::size_t encoded_size(std::string_view value) { return json_string(value).size(); }

/// Takes pieces while their encoded form fits; pieces after the first that does not are only counted.
class fitting_prefix {
public:
    explicit fitting_prefix(std::size_t limit_bytes) : limit_(limit_bytes) {}

    /// `end` is the length of the value up to and with this piece.
    void offer(std::string_view piece, std::size_t end)
    {
        ++total_;
        if (full_) return;
        scratch_.clear();
        append_json_string(scratch_, piece);
        const std::size_t size = scratch_.size() - 2;
        if (used_ + size > limit_) {
            full_ = true;
            return;
        }
        used_ += size;
        ++kept_;
        length_ = end;
    }

    [[nodiscard]] std::size_t kept() const { return kept_; }
    [[nodiscard]] std::size_t total() const { return total_; }
    /// Of the prefix, in bytes of the value.
    [[nodiscard]] std::size_t length() const { return length_; }

private:
    std::size_t limit_;
    std::size_t used_ = 0;
    std::size_t kept_ = 0;
    std::size_t total_ = 0;
    std::size_t length_ = 0;
    bool full_ = false;
    std::string scratch_;
};

result<std::string> cut_lines(std::string_view text, std::size_t limit_bytes, cut_note& note)
{
    fitting_prefix prefix(limit_bytes);
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t newline = text.find('\n', begin);
        const std::size_t end = newline == std::string_view::npos ? text.size() : newline + 1;
        prefix.offer(text.substr(begin, end - begin), end);
        begin = end;
    }
    note.kept = prefix.kept();
    note.total = prefix.total();
    return std::string(text.substr(0, prefix.length()));
}

result<std::string> cut_elements(std::string_view array, std::size_t limit_bytes, cut_note& note)
{
    // Room for the brackets; each element is measured with the comma before it.
    fitting_prefix prefix(limit_bytes < 2 ? 0 : limit_bytes - 2);
    std::size_t begin_of_piece = array.find('[') + 1;
    const auto valid = for_each_json_element(array, [&](std::string_view element) {
        const auto end = static_cast<std::size_t>(element.data() + element.size() - array.data());
        prefix.offer(array.substr(begin_of_piece, end - begin_of_piece), end);
        begin_of_piece = end;
    });
    if (!valid) return valid.error();
    note.kept = prefix.kept();
    note.total = prefix.total();
    if (prefix.kept() == 0) return std::string("[]");
    return std::string(array.substr(0, prefix.length())) + ']';
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

void append_member(std::string& object, std::string_view key, std::string_view value)
{
    if (object.empty()) object += '{';
    else object.pop_back();
    json_writer json(object);
    json.map_key(key);
    json.value(value);
    object += '}';
}

void reply_object::add(std::string_view key, std::string_view value, cut_at boundary)
{
    members_.push_back(member{key, value, boundary});
}

result<reply_object::rendered> reply_object::render(std::size_t limit_bytes, std::size_t reserved_bytes) const
{
    rendered out;
    for (const member& each : members_) append_member(out.body, each.key, each.value);
    if (out.body.size() + reserved_bytes <= limit_bytes) return out;

    std::size_t fixed = reserved_bytes + 2;
    std::vector<std::size_t> cuttable;
    for (const member& each : members_) {
        const std::size_t size = encoded_size(each.value);
        fixed += encoded_size(each.key) + member_punctuation_bytes;
        if (each.boundary == cut_at::nowhere) fixed += size;
        else cuttable.push_back(size);
    }
    if (cuttable.empty() || fixed >= limit_bytes) {
        return error(failure::too_large,
                     fmt::format("the answer has {} bytes, more than the {} that an answer may have", out.body.size(),
                                 limit_bytes));
    }

    const std::size_t limit_of_each = common_limit(std::move(cuttable), limit_bytes - fixed);
    out.body = "{}";
    for (const member& each : members_) {
        cut_note note{std::string(each.key), each.boundary};
        if (each.boundary == cut_at::nowhere || encoded_size(each.value) <= limit_of_each) {
            append_member(out.body, each.key, each.value);
            continue;
        }
        const result<std::string> kept = each.boundary == cut_at::line ? cut_lines(each.value, limit_of_each, note)
                                                                       : cut_elements(each.value, limit_of_each, note);
        if (!kept) return kept.error();
        append_member(out.body, each.key, *kept);
        out.cuts.push_back(std::move(note));
    }
    return out;
}

}  // namespace nodescope::api
