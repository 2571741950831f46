// A table as kubectl prints it: a head in capitals, columns aligned, two blanks between them, never wider than asked.
#pragma once

#include "server/cli/screen.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace nodescope::cli {

struct table_column {
    std::string title;
    bool right = false;     ///< numbers
    std::size_t least = 0;  ///< columns it is not made narrower than where the table is too wide; 0: it never is
};

struct table_cell {
    table_cell(std::string t, colour c = colour::none) : text(std::move(t)), how(c) {}
    table_cell(const char* t) : text(t) {}
    std::string text;  ///< escaped by the table
    colour how = colour::none;
};

class text_table {
public:
    explicit text_table(std::vector<table_column> columns) : columns_(std::move(columns)) {}
    /// As many cells as there are columns.
    void add(std::vector<table_cell> row) { rows_.push_back(std::move(row)); }
    [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }
    /// Where the screen is too narrow, columns that may shrink do, the widest first; then the last ones are cut.
    [[nodiscard]] std::string text(const screen& on) const;

private:
    [[nodiscard]] std::vector<std::size_t> widths(std::size_t limit) const;
    std::vector<table_column> columns_;
    std::vector<std::vector<table_cell>> rows_;
};

}  // namespace nodescope::cli
