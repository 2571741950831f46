// A closed-loop HTTP/1.1 load generator on one thread: each connection sends a request, reads the whole answer, sends
// the next. Over TCP loopback or a Unix socket; with a pause between requests it is a probe of latency. Prints one JSON
// object.
//
//   load (--unix PATH | --port N) --path /p [--method POST] [--body TEXT]... [--connections 1] [--seconds 3]
//   [--pause-us 0]
//
// Several bodies are sent in turn. Any status but 200 ends the run: a fast error is no result.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

using steady = std::chrono::steady_clock;

struct options {
    std::string unix_path;
    int port = 0;
    std::string path = "/";
    std::string method = "GET";
    std::vector<std::string> bodies;
    int connections = 1;
    double seconds = 3;
    int pause_us = 0;
};

[[noreturn]] void fail(const std::string& what)
{
    std::fprintf(stderr, "load: %s\n", what.c_str());
    std::exit(1);
}

options read_options(int count, char** arguments)
{
    options chosen;
    for (int i = 1; i + 1 < count; i += 2) {
        const std::string_view name = arguments[i];
        const char* const value = arguments[i + 1];
        if (name == "--unix") chosen.unix_path = value;
        else if (name == "--port") chosen.port = std::atoi(value);
        else if (name == "--path") chosen.path = value;
        else if (name == "--method") chosen.method = value;
        else if (name == "--body") chosen.bodies.emplace_back(value);
        else if (name == "--connections") chosen.connections = std::atoi(value);
        else if (name == "--seconds") chosen.seconds = std::atof(value);
        else if (name == "--pause-us") chosen.pause_us = std::atoi(value);
        else fail("unknown option " + std::string(name));
    }
    return chosen;
}

int connect_to(const options& chosen)
{
    const bool local = !chosen.unix_path.empty();
    const int descriptor = ::socket(local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int outcome = -1;
    if (local) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        chosen.unix_path.copy(address.sun_path, sizeof(address.sun_path) - 1);
        outcome = ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    } else {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(chosen.port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        outcome = ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
        const int on = 1;
        ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    if (outcome != 0) fail("connect: " + std::string(std::strerror(errno)));
    return descriptor;
}

// Finds the end of an answer without decoding it.
class answer_reader {
public:
    // True when `bytes` holds a whole answer.
    bool complete(const std::string& bytes)
    {
        if (head_ == 0) {
            const auto end = bytes.find("\r\n\r\n");
            if (end == std::string::npos) return false;
            head_ = end + 4;
            read_head(std::string_view(bytes).substr(0, head_));
        }
        if (!chunked_) return bytes.size() >= head_ + length_;
        return at_last_chunk(bytes);
    }
    void reset() { *this = answer_reader(); }

private:
    void read_head(std::string_view head)
    {
        if (head.substr(9, 3) != "200") fail("answer: " + std::string(head.substr(0, head.find('\r'))));
        std::string lower(head);
        std::transform(lower.begin(), lower.end(), lower.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        chunked_ = lower.find("transfer-encoding: chunked") != std::string::npos;
        const auto at = lower.find("content-length:");
        if (at != std::string::npos) length_ = static_cast<std::size_t>(std::atoll(lower.c_str() + at + 15));
        position_ = head_;
    }
    bool at_last_chunk(const std::string& bytes)
    {
        for (;;) {
            const auto line_end = bytes.find("\r\n", position_);
            if (line_end == std::string::npos) return false;
            const auto size = static_cast<std::size_t>(std::strtoull(bytes.c_str() + position_, nullptr, 16));
            const auto next = line_end + 2 + size + 2;
            if (bytes.size() < next) return false;
            if (size == 0) return true;
            position_ = next;
        }
    }

    std::size_t head_ = 0;
    std::size_t length_ = 0;
    std::size_t position_ = 0;
    bool chunked_ = false;
};

struct connection {
    int descriptor = -1;
    std::string received;
    answer_reader reader;
    steady::time_point sent;
    steady::time_point due;
    bool waiting = false;
};

std::vector<std::string> request_texts(const options& chosen)
{
    const std::string line = chosen.method + " " + chosen.path + " HTTP/1.1\r\nHost: localhost\r\n";
    if (chosen.bodies.empty()) return {line + "\r\n"};
    std::vector<std::string> texts;
    for (const auto& body : chosen.bodies)
        texts.push_back(line + "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
                        "\r\n\r\n" + body);
    return texts;
}

double microseconds(steady::duration length) { return std::chrono::duration<double, std::micro>(length).count(); }

void print(std::vector<double>& latencies, double seconds, std::size_t bytes)
{
    if (latencies.empty()) fail("no answer within the time");
    std::sort(latencies.begin(), latencies.end());
    double sum = 0;
    for (const double one : latencies) sum += one;
    const auto at = [&](double part) {
        return latencies[static_cast<std::size_t>(part * static_cast<double>(latencies.size() - 1))];
    };
    std::printf(
        "{\"requests\": %zu, \"rate\": %.1f, \"mean_us\": %.1f, \"p50_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f, "
        "\"bytes\": %zu}\n",
        latencies.size(), static_cast<double>(latencies.size()) / seconds, sum / static_cast<double>(latencies.size()),
        at(0.5), at(0.99), latencies.back(), bytes);
}

}  // namespace

int main(int count, char** arguments)
{
    const options chosen = read_options(count, arguments);
    const auto texts = request_texts(chosen);
    std::vector<connection> connections(static_cast<std::size_t>(chosen.connections));
    for (auto& one : connections) one.descriptor = connect_to(chosen);

    std::vector<pollfd> polled(connections.size());
    std::vector<double> latencies;
    std::vector<char> buffer(256 * 1024);
    std::size_t next_text = 0;
    std::size_t last_size = 0;
    const auto began = steady::now();
    const auto end =
        began + std::chrono::duration_cast<steady::duration>(std::chrono::duration<double>(chosen.seconds));
    const auto give_up = end + std::chrono::seconds(30);
    for (;;) {
        const auto now = steady::now();
        bool busy = false;
        auto wake = now + std::chrono::milliseconds(100);
        for (std::size_t i = 0; i < connections.size(); ++i) {
            auto& one = connections[i];
            if (!one.waiting && now < end && now >= one.due) {
                const auto& text = texts[next_text++ % texts.size()];
                one.sent = steady::now();
                if (::send(one.descriptor, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()))
                    fail("send");
                one.waiting = true;
            }
            busy = busy || one.waiting;
            // After the end a connection without a request has nothing to wake for; ppoll refuses a time that is past.
            if (!one.waiting && now < end) wake = std::clamp(one.due, now, wake);
            polled[i] = {one.waiting ? one.descriptor : -1, POLLIN, 0};
        }
        if (now >= give_up) fail("answers are still missing 30 s after the end");
        if (!busy && now >= end) break;
        const auto pause = std::chrono::duration_cast<std::chrono::nanoseconds>(wake - now).count();
        const timespec limit = {pause / 1000000000, pause % 1000000000};
        if (::ppoll(polled.data(), polled.size(), &limit, nullptr) <= 0) continue;
        for (std::size_t i = 0; i < connections.size(); ++i) {
            if ((polled[i].revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
            auto& one = connections[i];
            const ssize_t got = ::recv(one.descriptor, buffer.data(), buffer.size(), 0);
            if (got <= 0) fail("the connection was closed");
            one.received.append(buffer.data(), static_cast<std::size_t>(got));
            if (!one.reader.complete(one.received)) continue;
            const auto done = steady::now();
            latencies.push_back(microseconds(done - one.sent));
            last_size = one.received.size();
            one.received.clear();
            one.reader.reset();
            one.waiting = false;
            one.due = done + std::chrono::microseconds(chosen.pause_us);
        }
    }
    print(latencies, std::chrono::duration<double>(steady::now() - began).count(), last_size);
    return 0;
}
