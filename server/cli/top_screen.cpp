// The terminal of `nodescope top`. The only file with ncurses in it, whose names are macros.
#include "server/cli/net_screen.hpp"
#include "server/cli/top.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <clocale>
#include <cstdio>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Without it curses.h declares functions as macros, `move` and `clear` among them.
#define NCURSES_NOMACROS
#include <curses.h>

namespace nodescope::cli {

namespace {

constexpr std::chrono::milliseconds refresh_time{2'000};
/// The second look is what tells rates: nobody wants to wait for it.
constexpr std::chrono::milliseconds first_refresh_time{500};
constexpr int key_wait_ms = 100;
constexpr int key_escape = 27;
constexpr int key_enter = 10;
constexpr std::array<short, 4> painted_colours{COLOR_RED, COLOR_GREEN, COLOR_YELLOW, COLOR_BLUE};

/// The terminal as it was, whatever happens: ncurses sees to it at SIGINT and SIGTERM.
class curses_screen {
public:
    curses_screen()
    {
        // What is drawn is UTF-8, as everywhere, also where the environment says nothing of it.
        if (std::setlocale(LC_CTYPE, "C.UTF-8") == nullptr) std::setlocale(LC_CTYPE, "");
        terminal_ = ::newterm(nullptr, stdout, stdin);
        if (terminal_ == nullptr) return;
        ::cbreak();
        ::noecho();
        ::keypad(stdscr, TRUE);
        ::curs_set(0);
        ::set_escdelay(key_wait_ms);
        ::timeout(key_wait_ms);
        if (!screen::of(stdout).colours) return;
        ::start_color();
        ::use_default_colors();
        for (const short one : painted_colours) ::init_pair(one, one, -1);
    }
    curses_screen(const curses_screen&) = delete;
    curses_screen& operator=(const curses_screen&) = delete;
    ~curses_screen()
    {
        if (terminal_ == nullptr) return;
        ::endwin();
        ::delscreen(terminal_);
    }
    explicit operator bool() const noexcept { return terminal_ != nullptr; }

private:
    SCREEN* terminal_ = nullptr;
};

int rows() { return ::getmaxy(stdscr); }
std::size_t columns() { return static_cast<std::size_t>(std::max(1, ::getmaxx(stdscr))); }

/// How texts are made for it: painted as for any terminal, see attributes_after().
screen drawn_screen()
{
    screen made = screen::of(stdout);
    made.colours = made.colours && ::has_colors();
    made.width = columns();
    return made;
}

/// What screen::paint() says with "\x1b[31m", in ncurses' words.
int attributes_after(std::string_view code, int without)
{
    constexpr int first_colour = 30;
    int value = 0;
    std::from_chars(code.data(), code.data() + code.size(), value);
    if (value == 1) return without | static_cast<int>(A_BOLD);
    if (value == 2) return without | static_cast<int>(A_DIM);
    return value > first_colour ? without | static_cast<int>(COLOR_PAIR(value - first_colour)) : without;
}

/// A painted text; nothing else in it begins with an escape character, which shown() has seen to.
void put(int row, const std::string& painted, int attributes = A_NORMAL)
{
    if (row < 0 || row >= rows()) return;
    const std::string text = fitted(painted, columns());
    std::string_view rest = text;
    ::wmove(stdscr, row, 0);
    ::wattrset(stdscr, attributes);
    while (!rest.empty()) {
        const std::size_t begin = std::min(rest.find("\x1b["), rest.size());
        ::waddnstr(stdscr, rest.data(), static_cast<int>(begin));
        rest.remove_prefix(begin);
        if (rest.empty()) break;
        const std::size_t end = std::min(rest.find('m'), rest.size() - 1);
        ::wattrset(stdscr, attributes_after(rest.substr(2, end - 2), attributes));
        rest.remove_prefix(end + 1);
    }
    ::wattrset(stdscr, attributes);
    // A line that is chosen is so to its end.
    if (attributes == A_NORMAL) ::wclrtoeol(stdscr);
    else ::waddnstr(stdscr, std::string(columns() - std::min(columns(), columns_of(text)), ' ').c_str(), -1);
    ::wattrset(stdscr, A_NORMAL);
}

class live_top {
public:
    live_top(answers& from, top_choice how) : from_(from), how_(std::move(how)) {}

    void run()
    {
        put(0, "looking ...");
        ::wrefresh(stdscr);
        for (bool changed = true; !over_;) {
            if (std::chrono::steady_clock::now() >= next_) {
                if (opened_network_.empty()) look();
                else next_ = std::chrono::steady_clock::now() + refresh_time;
                // All of it is written again: others write to terminals too, and one that was small for a moment has
                // lost what stood there.
                ::redrawwin(stdscr);
                changed = true;
            }
            if (changed) draw();
            const int key = ::wgetch(stdscr);
            changed = key != ERR;
            if (changed) obey(key);
        }
    }

private:
    void look()
    {
        auto body = blocking_body(from_, "/v1/containers");
        next_ = std::chrono::steady_clock::now() + (now_.empty() ? first_refresh_time : refresh_time);
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
        if (!opened_network_.empty()) return draw_opened();
        lines_ = top_of(json_value::of_document(before_), json_value::of_document(now_), how_, drawn_screen());
        choose_again();
        constexpr int first_row = 4;
        const std::size_t room = room_below(first_row);
        if (chosen_ < first_) first_ = chosen_;
        if (chosen_ >= first_ + room) first_ = chosen_ + 1 - room;
        put(0, lines_.node);
        put(1, lines_.pressure);
        if (!failure_.empty()) put(2, shown(failure_), A_BOLD);
        else if (!how_.filter.empty()) put(2, fmt::format("filter: {}   Esc: all", shown(how_.filter)), A_BOLD);
        put(3, lines_.head, A_BOLD);
        if (lines_.rows.empty() && failure_.empty()) put(first_row, "no container");
        for (std::size_t i = 0; i < room && first_ + i < lines_.rows.size(); ++i) {
            put(first_row + static_cast<int>(i), lines_.rows[first_ + i], first_ + i == chosen_ ? A_REVERSE : A_NORMAL);
        }
        put(rows() - 1,
            filtering_ ? "filter: " + shown(how_.filter) + "_"
                       : "c m n i sort by CPU, memory, network, I/O   r reverse   / filter   Enter network   q quit",
            A_DIM);
        ::wrefresh(stdscr);
    }

    /// The same container, wherever it stands now.
    void choose_again()
    {
        const auto same = std::ranges::find(lines_.ids, chosen_id_);
        if (!moved_ && same != lines_.ids.end()) chosen_ = static_cast<std::size_t>(same - lines_.ids.begin());
        chosen_ = std::min(chosen_, lines_.ids.empty() ? 0 : lines_.ids.size() - 1);
        // The first one is chosen until somebody chooses: whoever uses the most.
        if (moved_ && !lines_.ids.empty()) chosen_id_ = lines_.ids[chosen_];
        moved_ = false;
    }

    void draw_opened()
    {
        const auto on = drawn_screen();
        std::istringstream text(
            net_screen(json_value::of_document(opened_network_), json_value::of_document(opened_findings_), on));
        std::vector<std::string> lines;
        for (std::string line; std::getline(text, line);) lines.push_back(line);
        const std::size_t room = room_below(0);
        scrolled_ = std::min(scrolled_, lines.size() > room ? lines.size() - room : 0);
        for (std::size_t i = 0; i < room && scrolled_ + i < lines.size(); ++i) {
            put(static_cast<int>(i), lines[scrolled_ + i]);
        }
        put(rows() - 1, "arrows scroll   q back", A_DIM);
        ::wrefresh(stdscr);
    }

    void open()
    {
        if (lines_.ids.empty()) return;
        put(rows() - 1, "looking ...", A_DIM);
        ::wrefresh(stdscr);
        const std::string query = "container=" + query_value(lines_.ids[chosen_]);
        auto network = blocking_body(from_, fmt::format("/v1/network?{}&parts={}", query, net_screen_parts));
        if (!network) {
            failure_ = network.error().message();
            return;
        }
        auto findings = blocking_body(from_, "/v1/findings?" + query);
        opened_network_ = std::move(*network);
        opened_findings_ = findings ? std::move(*findings) : std::string();
        scrolled_ = 0;
    }

    void obey(int key)
    {
        if (filtering_) return type(key);
        if (!opened_network_.empty()) return obey_opened(key);
        switch (key) {
            case 'q': over_ = true; break;
            case 'c': how_.order = usage_order::cpu; break;
            case 'm': how_.order = usage_order::memory; break;
            case 'n': how_.order = usage_order::network; break;
            case 'i': how_.order = usage_order::io; break;
            case 'r': how_.reversed = !how_.reversed; break;
            case '/': filtering_ = true; break;
            case key_escape: how_.filter.clear(); break;
            case KEY_ENTER:
            case key_enter: open(); break;
            default: moved_ = move(key, chosen_, room_below(4)); break;
        }
    }

    void obey_opened(int key)
    {
        if (key == 'q' || key == key_escape || key == KEY_BACKSPACE) opened_network_.clear();
        else move(key, scrolled_, room_below(0));
    }

    /// Whoever draws sees to it that it is not too far.
    static bool move(int key, std::size_t& place, std::size_t page)
    {
        constexpr std::size_t far = 1U << 20U;
        switch (key) {
            case KEY_UP: place -= std::min<std::size_t>(place, 1); return true;
            case KEY_DOWN: ++place; return true;
            case KEY_PPAGE: place -= std::min(place, page); return true;
            case KEY_NPAGE: place += page; return true;
            case KEY_HOME: place = 0; return true;
            case KEY_END: place = far; return true;
            default: return false;
        }
    }

    static std::size_t room_below(int row) { return static_cast<std::size_t>(std::max(1, rows() - row - 1)); }

    void type(int key)
    {
        constexpr int delete_character = 127;
        constexpr int first_printable = 32;
        constexpr int last_byte = 255;
        const auto is_middle = [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80U; };
        if (key == key_enter || key == KEY_ENTER) filtering_ = false;
        else if (key == key_escape) filtering_ = false, how_.filter.clear();
        else if (key == KEY_BACKSPACE || key == delete_character || key == '\b') {
            while (!how_.filter.empty() && is_middle(how_.filter.back())) how_.filter.pop_back();
            if (!how_.filter.empty()) how_.filter.pop_back();
        } else if (key >= first_printable && key <= last_byte) how_.filter += static_cast<char>(key);
    }

    answers& from_;
    top_choice how_;
    std::string before_;
    std::string now_;
    std::string failure_;
    top_lines lines_;
    std::string opened_network_;  // of a container, while it is shown
    std::string opened_findings_;
    std::string chosen_id_;
    bool moved_ = false;
    std::size_t scrolled_ = 0;
    std::size_t chosen_ = 0;
    std::size_t first_ = 0;
    bool filtering_ = false;
    bool over_ = false;
    std::chrono::steady_clock::time_point next_{};
};

}  // namespace

bool run_top_screen(answers& from, top_choice how)
{
    const curses_screen screen;
    if (!screen) return false;
    live_top(from, std::move(how)).run();
    return true;
}

}  // namespace nodescope::cli
