#include "server/cli/text_table.hpp"

#include <algorithm>
#include <numeric>

namespace nodescope::cli {

namespace {

constexpr std::size_t between = 2;  // blanks

/// Without blanks at its end.
void append_line(std::string& out, std::string line)
{
    line.erase(line.find_last_not_of(' ') + 1);
    out += line;
    out += '\n';
}

}  // namespace

std::vector<std::size_t> text_table::widths(std::size_t limit) const
{
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        std::size_t widest = columns_of(columns_[i].title);
        for (const auto& row : rows_) widest = std::max(widest, columns_of(shown(row[i].text)));
        all.push_back(widest);
    }
    if (limit == 0 || all.empty()) return all;
    const std::size_t gaps = between * (all.size() - 1);
    std::size_t sum = std::accumulate(all.begin(), all.end(), gaps);
    while (sum > limit) {
        std::size_t chosen = all.size();
        for (std::size_t i = 0; i < all.size(); ++i) {
            const std::size_t least = std::max(columns_[i].least, columns_of(columns_[i].title));
            if (columns_[i].least == 0 || all[i] <= least) continue;
            if (chosen == all.size() || all[i] > all[chosen]) chosen = i;
        }
        if (chosen == all.size()) break;
        --all[chosen];
        --sum;
    }
    return all;
}

std::string text_table::text(const screen& on) const
{
    const auto wide = widths(on.width);
    std::string out;
    const auto write = [&](const auto& cell_of, bool head) {
        std::string line;
        std::size_t used = 0;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            if (i > 0) {
                line.append(between, ' ');
                used += between;
            }
            if (on.width != 0 && used >= on.width) break;
            std::size_t room = wide[i];
            if (on.width != 0) room = std::min(room, on.width - used);
            const table_cell& cell = cell_of(i);
            const std::string text = fitted(shown(cell.text), room);
            const std::size_t missing = room - columns_of(text);
            if (columns_[i].right) line.append(missing, ' ');
            line += on.paint(head ? colour::bold : cell.how, text);
            if (!columns_[i].right && i + 1 < columns_.size()) line.append(missing, ' ');
            used += room;
        }
        append_line(out, std::move(line));
    };
    std::vector<table_cell> titles;
    for (const table_column& one : columns_) titles.emplace_back(one.title);
    write([&](std::size_t i) -> const table_cell& { return titles[i]; }, true);
    for (const auto& row : rows_) write([&](std::size_t i) -> const table_cell& { return row[i]; }, false);
    return out;
}

}  // namespace nodescope::cli
