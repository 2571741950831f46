#include "core/json/sieve.hpp"

#include "core/byte_scan.hpp"

namespace nodescope {

namespace {

/// What is deeper is passed on as it is: whoever reads it refuses it (json_depth_limit).
constexpr std::size_t levels_limit = 256;
/// Of the limits, once plenty is kept: 2 KiB by default, which is what Kubernetes' own labels of a container take.
constexpr std::size_t frugal_part = 32;
/// The level of an object under `labels_key`: a list of objects, or an object in an object, is around it.
constexpr std::size_t level_of_labels = 2;

}  // namespace

void json_sieve::take(std::string_view piece, std::string& kept)
{
    while (!piece.empty()) {
        if (place_ == place::unread) {
            kept += piece;
            return;
        }
        std::size_t run = 1;
        if (place_ == place::outside) {
            take_outside(piece.front(), kept);
        } else if (escaped_) {
            escaped_ = false;
            take_inside(piece.substr(0, 1), kept);
        } else if (run = byte_scan::json_run(piece); run > 0) {
            take_inside(piece.substr(0, run), kept);
        } else {
            run = 1;
            escaped_ = piece.front() == '\\';
            if (piece.front() == '"') end_string(kept);
            else take_inside(piece.substr(0, 1), kept);
        }
        piece.remove_prefix(run);
    }
}

void json_sieve::take_outside(char c, std::string& kept)
{
    switch (c) {
        case '"': return begin_string(kept);
        case '{':
        case '[': return open(c, kept);
        case ',': return take_comma(kept);
        case '}':
        case ']':
            if (!levels_.empty()) levels_.pop_back();
            break;
        default:
            if (!levels_.empty() && levels_.back().key_dropped) return;
            break;
    }
    kept += c;
}

void json_sieve::take_comma(std::string& kept)
{
    if (levels_.empty()) {
        kept += ',';
        return;
    }
    level& in = levels_.back();
    in.key_is_next = in.is_object;
    in.key_dropped = false;
    in.member = kept.size();
    in.comma_taken = !in.comma_needless;
    if (in.comma_taken) kept += ',';
    in.comma_needless = false;
}

void json_sieve::open(char bracket, std::string& kept)
{
    kept += bracket;
    if (levels_.size() == levels_limit) {
        place_ = place::unread;
        return;
    }
    level inner;
    inner.is_object = bracket == '{';
    inner.key_is_next = inner.is_object;
    inner.is_labels = inner.is_object && labels_follow_;
    inner.member = kept.size();
    if (inner.is_labels) {
        const bool plenty = kept.size() > limits_.plenty_bytes;
        labels_ = byte_budget(plenty ? limits_.labels_bytes / frugal_part : limits_.labels_bytes);
    }
    labels_follow_ = false;
    levels_.push_back(inner);
}

void json_sieve::begin_string(std::string& kept)
{
    place_ = place::value;
    string_begin_ = kept.size();
    const bool plenty = kept.size() > limits_.plenty_bytes;
    string_limit_ = levels_.empty() ? std::string::npos
                    : plenty        ? limits_.string_bytes / frugal_part
                                    : limits_.string_bytes;
    labels_follow_ = false;
    if (!levels_.empty()) {
        level& in = levels_.back();
        if (in.key_is_next) {
            place_ = place::key;
            in.key_is_next = false;
            if (!in.is_labels) string_limit_ = std::string::npos;
        } else if (in.key_dropped) {
            dropping_ = true;
            return;
        } else if (in.is_labels) {
            const std::size_t name_begin = in.member + (in.comma_taken ? 1 : 0) + 1;
            const bool preferred = !limits_.preferred_labels.empty() &&
                                   std::string_view(kept).substr(name_begin).starts_with(limits_.preferred_labels);
            const std::size_t reserved = preferred ? 0 : labels_.limit() / 4;
            const std::size_t needed = labels_.used() + reserved + (kept.size() - in.member);
            if (needed > labels_.limit()) return drop(kept);
            string_limit_ = labels_.limit() - needed;
        }
    }
    kept += '"';
}

void json_sieve::take_inside(std::string_view run, std::string& kept)
{
    if (dropping_) return;
    if (kept.size() - string_begin_ - 1 + run.size() > string_limit_) return drop(kept);
    kept += run;
}

void json_sieve::end_string(std::string& kept)
{
    const bool was_key = place_ == place::key;
    place_ = place::outside;
    if (dropping_) {
        dropping_ = false;
        return;
    }
    if (was_key) {
        const std::string_view key = std::string_view(kept).substr(string_begin_ + 1);
        labels_follow_ = levels_.size() == level_of_labels && !limits_.labels_key.empty() && key == limits_.labels_key;
    } else if (!levels_.empty() && levels_.back().is_labels) {
        // It fits: string_limit_ was what is left.
        static_cast<void>(labels_.charge(kept.size() - levels_.back().member));
    }
    kept += '"';
}

void json_sieve::drop(std::string& kept)
{
    level& in = levels_.back();
    kept.resize(in.member);
    in.comma_needless = !in.comma_taken;
    in.key_dropped = place_ == place::key;
    dropping_ = true;
    ++left_out_;
}

}  // namespace nodescope
