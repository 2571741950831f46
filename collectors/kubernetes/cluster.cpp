#include "collectors/kubernetes/cluster.hpp"

#include <cstdlib>
#include <utility>

namespace nodescope::kubernetes {

namespace {

std::string environment(const char* name)
{
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

result<std::shared_ptr<http_client::client>> connect_to(const boost::asio::any_io_executor& executor,
                                                        const api_access& access)
{
    const http_client::options how;
    if (access.server.to.kind != http_client::endpoint::transport::tls) {
        return std::shared_ptr<http_client::client>(http_client::make_client(executor, access.server.to, how));
    }
    auto client = http_client::make_tls_client(executor, access.server.to, access.tls, how);
    if (!client) return client.error();
    return std::shared_ptr<http_client::client>(std::move(*client));
}

}  // namespace

api_peer::read_access cluster_access(const std::string& kubeconfig, const std::string& service_account_directory)
{
    if (!kubeconfig.empty()) return [kubeconfig] { return read_kubeconfig(kubeconfig); };
    const std::string host = environment("KUBERNETES_SERVICE_HOST");
    if (host.empty()) return {};
    const std::string port = environment("KUBERNETES_SERVICE_PORT");
    return
        [service_account_directory, host, port] { return read_service_account(service_account_directory, host, port); };
}

api_peer::connect connector(boost::asio::any_io_executor executor)
{
    return [executor = std::move(executor)](const api_access& access) { return connect_to(executor, access); };
}

}  // namespace nodescope::kubernetes
