// The terminal of `nodescope top`. The only file with ncurses in it, whose names are macros.
#include "server/cli/net_screen.hpp"
#include "server/cli/top.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <clocale>
#include <cstdint>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

// Without it curses.h declares functions as macros, `move` and `clear` among them.
#define NCURSES_NOMACROS
#include <curses.h>

namespace nodescope::cli {

namespace {

constexpr std::chrono::milliseconds refresh_time{2'000};
constexpr int key_wait_ms = 100;
constexpr int key_escape = 27;
constexpr int key_enter = 10;

/// The terminal as it was, whatever happens.
class curses_screen {
public:
    curses_screen()
    {
        std::setlocale(LC_CTYPE, "");  // NOLINT(concurrency-mt-unsafe): before anything is drawn
        ::initscr();
        ::cbreak();
        ::noecho();
        ::keypad(stdscr, TRUE);
        ::curs_set(0);
        ::set_escdelay(key_wait_ms);
        ::timeout(key_wait_ms);
    }
    curses_screen(const curses_screen&) = delete;
    curses_screen& operator=(const curses_screen&) = delete;
    ~curses_screen() { ::endwin(); }
};

int rows() { return ::getmaxy(stdscr); }
std::size_t columns() { return static_cast<std::size_t>(std::max(1, ::getmaxx(stdscr))); }

void put(int row, const std::string& text, int attributes = A_NORMAL)
{
    if (row < 0 || row >= rows()) return;
    ::wattrset(stdscr, attributes);
    ::mvwaddnstr(stdscr, row, 0, fitted(text, columns()).c_str(), -1);
    ::wclrtoeol(stdscr);
    ::wattrset(stdscr, A_NORMAL);
}

class live_top {
public:
    live_top(answers& from, top_choice how) : from_(from), how_(std::move(how)) {}

    void run()
    {
        while (!over_) {
            if (std::chrono::steady_clock::now() >= next_) look();
            draw();
            obey(::wgetch(stdscr));
        }
    }

private:
    void look()
    {
        next_ = std::chrono::steady_clock::now() + refresh_time;
        auto body = blocking_body(from_, "/v1/containers");
        if (!body) {
            failure_ = body.error().message();
            return;
        }
        failure_.clear();
        before_ = std::exchange(now_, std::move(*body));
    }

    void draw()
    {
        ::werase(stdscr);
        if (!opened_.empty()) return draw_opened();
        lines_ = top_of(json_value::of_document(before_), json_value::of_document(now_), how_, columns());
        chosen_ = std::min(chosen_, lines_.rows.empty() ? 0 : lines_.rows.size() - 1);
        constexpr int first_row = 3;
        const std::size_t room = static_cast<std::size_t>(std::max(1, rows() - first_row - 1));
        if (chosen_ < first_) first_ = chosen_;
        if (chosen_ >= first_ + room) first_ = chosen_ + 1 - room;
        put(0, lines_.node);
        put(1, failure_.empty() ? std::string() : shown(failure_), A_BOLD);
        put(2, lines_.head, A_BOLD);
        for (std::size_t i = 0; i < room && first_ + i < lines_.rows.size(); ++i) {
            put(first_row + static_cast<int>(i), lines_.rows[first_ + i], first_ + i == chosen_ ? A_REVERSE : A_NORMAL);
        }
        put(rows() - 1,
            filtering_ ? "filter: " + how_.filter + "_"
                       : "c m n i sort by CPU, memory, network, I/O   r reverse   / filter   Enter network   q quit",
            A_DIM);
        ::wrefresh(stdscr);
    }

    void draw_opened()
    {
        const std::size_t room = static_cast<std::size_t>(std::max(1, rows() - 1));
        scrolled_ = std::min(scrolled_, opened_.size() > room ? opened_.size() - room : 0);
        for (std::size_t i = 0; i < room && scrolled_ + i < opened_.size(); ++i) {
            put(static_cast<int>(i), opened_[scrolled_ + i]);
        }
        put(rows() - 1, "arrows scroll   q back", A_DIM);
        ::wrefresh(stdscr);
    }

    void open()
    {
        if (lines_.ids.empty()) return;
        const std::string query = "container=" + query_value(lines_.ids[chosen_]);
        const auto network = blocking_body(from_, fmt::format("/v1/network?{}&parts={}", query, net_screen_parts));
        const auto findings = blocking_body(from_, "/v1/findings?" + query);
        screen plain;
        plain.width = columns();
        const std::string text = network
                                     ? net_screen(json_value::of_document(*network),
                                                  findings ? json_value::of_document(*findings) : json_value(), plain)
                                     : shown(network.error().message());
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);) opened_.push_back(line);
        if (opened_.empty()) opened_.emplace_back();
        scrolled_ = 0;
    }

    void obey(int key)
    {
        if (key == ERR) return;
        if (filtering_) return type(key);
        if (!opened_.empty()) return obey_opened(key);
        switch (key) {
            case 'q': over_ = true; break;
            case 'c': how_.order = usage_order::cpu; break;
            case 'm': how_.order = usage_order::memory; break;
            case 'n': how_.order = usage_order::network; break;
            case 'i': how_.order = usage_order::io; break;
            case 'r': how_.reversed = !how_.reversed; break;
            case '/': filtering_ = true; break;
            case key_escape: how_.filter.clear(); break;
            case KEY_UP: chosen_ -= chosen_ > 0 ? 1 : 0; break;
            case KEY_DOWN: ++chosen_; break;
            case KEY_ENTER:
            case key_enter: open(); break;
            default: break;
        }
    }

    void obey_opened(int key)
    {
        switch (key) {
            case 'q':
            case key_escape: opened_.clear(); break;
            case KEY_UP: scrolled_ -= scrolled_ > 0 ? 1 : 0; break;
            case KEY_DOWN: ++scrolled_; break;
            default: break;
        }
    }

    void type(int key)
    {
        constexpr int delete_character = 127;
        constexpr int first_printable = 32;
        if (key == key_enter || key == KEY_ENTER) filtering_ = false;
        else if (key == key_escape) filtering_ = false, how_.filter.clear();
        else if ((key == KEY_BACKSPACE || key == delete_character) && !how_.filter.empty()) how_.filter.pop_back();
        else if (key >= first_printable && key < delete_character) how_.filter += static_cast<char>(key);
    }

    answers& from_;
    top_choice how_;
    std::string before_;
    std::string now_;
    std::string failure_;
    top_lines lines_;
    std::vector<std::string> opened_;  // the network of a container, while it is shown
    std::size_t scrolled_ = 0;
    std::size_t chosen_ = 0;
    std::size_t first_ = 0;
    bool filtering_ = false;
    bool over_ = false;
    std::chrono::steady_clock::time_point next_{};
};

}  // namespace

int run_top_screen(answers& from, top_choice how)
{
    const curses_screen screen;
    live_top(from, std::move(how)).run();
    return 0;
}

}  // namespace nodescope::cli
