// Containers and sandboxes asked for at once over one connection to a runtime with CRI, again and again: what a
// container list costs before anything is made of it. raw_cri SOCKET SECONDS.
#include "collectors/runtime/cri/cri_client.hpp"
#include "core/side_by_side.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

using namespace nodescope;

task<> ask(cri::client& runtime, std::chrono::seconds how_long, std::size_t& times, std::size_t& containers)
{
    const auto end = steady_clock::now() + how_long;
    while (steady_clock::now() < end) {
        const deadline limit = deadline::in(std::chrono::seconds(10));
        result<cri::client::containers_list> all = error();
        result<cri::client::sandboxes_list> pods = error();
        std::vector<task<>> works;
        works.push_back(into(all, runtime.containers(limit)));
        works.push_back(into(pods, runtime.sandboxes(limit)));
        co_await side_by_side(std::move(works));
        if (!all || !pods) {
            std::fprintf(stderr, "%s\n", (all ? pods.error() : all.error()).message().c_str());
            std::exit(1);
        }
        containers = (*all)->size();
        ++times;
    }
    runtime.drop_idle();
}

}  // namespace

int main(int count, char** arguments)
{
    if (count != 3) return 2;
    const std::chrono::seconds how_long(std::atoi(arguments[2]));
    boost::asio::io_context reactor(1);
    worker_pool workers(1);
    cri::client runtime(reactor.get_executor(), workers, cri::endpoint_choice(std::string(arguments[1])),
                        std::chrono::seconds(10));
    std::size_t times = 0;
    std::size_t containers = 0;
    boost::asio::co_spawn(reactor, ask(runtime, how_long, times, containers), boost::asio::detached);
    reactor.run();
    std::printf("{\"rate\": %.1f, \"containers\": %zu}\n",
                static_cast<double>(times) / static_cast<double>(how_long.count()), containers);
    return 0;
}
