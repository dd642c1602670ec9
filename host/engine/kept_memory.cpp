// SPDX-License-Identifier: Apache-2.0
#include "host/engine/kept_memory.hpp"

#include <cstring>

#include "host/engine/director.hpp"
#include "host/model/limits.hpp"

namespace fpvs::engine {
namespace {

// The form of the file.  Whoever changes the meaning of a byte of Connection or of a name without
// changing a size counts this up.
constexpr std::uint64_t kForm = 1;
constexpr std::uint64_t kLayout = kForm << 48 | sizeof(Connection) << 32 |
                                  sizeof(ServiceName) << 20 | sizeof(ServerName) << 8 |
                                  sizeof(LocalAddressName);
static_assert(sizeof(Connection) < 1 << 16 && sizeof(ServiceName) < 1 << 12 &&
              sizeof(ServerName) < 1 << 12 && sizeof(LocalAddressName) < 1 << 8);

[[nodiscard]] std::size_t pages(std::size_t bytes) {
    return (bytes + KeptFile::kPageBytes - 1) / KeptFile::kPageBytes * KeptFile::kPageBytes;
}

}  // namespace

// Where everything is, in whole pages.
struct KeptMemory::Places {
    static constexpr std::size_t kServices = KeptFile::kPageBytes;  // After the Shape.

    explicit Places(const Shape& shape)
        : servers(kServices + pages(model::kVirtualServicesMax * sizeof(ServiceName))),
          local_addresses(servers + pages(model::kRealServersMax * sizeof(ServerName))),
          templates(local_addresses + pages(model::kLocalAddressesMax * sizeof(LocalAddressName))),
          template_records(shape.connections_max),
          worker_records(connections_of_worker(shape.connections_max, shape.workers)),
          end(templates + table_bytes(template_records) +
              shape.workers * table_bytes(worker_records)) {}

    [[nodiscard]] static std::size_t table_bytes(std::size_t records) {
        return pages(records * sizeof(Connection)) + pages(records * sizeof(WideAddresses)) +
               pages(records * sizeof(std::uint32_t));
    }

    std::size_t servers;
    std::size_t local_addresses;
    std::size_t templates;
    std::size_t template_records;
    std::size_t worker_records;
    std::size_t end;
};

Result<KeptMemory> KeptMemory::create(const std::string& path,
                                      std::size_t connections_max,
                                      std::size_t workers,
                                      std::uint64_t hash_seed) {
    const Shape shape{
        .connections_max = connections_max, .workers = workers, .hash_seed = hash_seed};
    FPVS_TRY(auto file, KeptFile::create(path, kLayout, Places(shape).end));
    std::memcpy(file->bytes().data(), &shape, sizeof shape);
    return KeptMemory(std::move(file));
}

Result<KeptMemory> KeptMemory::open(const std::string& path) {
    FPVS_TRY(auto file, KeptFile::open(path, kLayout));
    KeptMemory memory(std::move(file));
    const std::size_t size_bytes = memory.file_->bytes().size();
    if (size_bytes < sizeof(Shape)) {
        return fail(Error{Code::mismatch, "it is too short to tell its shape", path});
    }
    const Shape shape = memory.shape();
    if (shape.workers < 1 || shape.workers > model::kWorkersMax || shape.connections_max < 1 ||
        shape.connections_max > model::kConnectionsLimit || Places(shape).end != size_bytes) {
        return fail(Error{Code::mismatch, "its tables are not as large as it says", path});
    }
    return memory;
}

KeptMemory::Shape KeptMemory::shape() const {
    Shape shape;
    std::memcpy(&shape, file_->bytes().data(), sizeof shape);
    return shape;
}

Names KeptMemory::names() const {
    const Places places(shape());
    return {piece(Places::kServices, model::kVirtualServicesMax * sizeof(ServiceName)),
            piece(places.servers, model::kRealServersMax * sizeof(ServerName)),
            piece(places.local_addresses, model::kLocalAddressesMax * sizeof(LocalAddressName))};
}

TableMemory KeptMemory::table(std::size_t number) const {
    const Places places(shape());
    const std::size_t records = number == 0 ? places.template_records : places.worker_records;
    std::size_t first = places.templates;
    if (number > 0) {
        first += Places::table_bytes(places.template_records) +
                 (number - 1) * Places::table_bytes(places.worker_records);
    }
    const std::size_t wide = first + pages(records * sizeof(Connection));
    const std::size_t notes = wide + pages(records * sizeof(WideAddresses));
    return {piece(first, records * sizeof(Connection)),
            piece(wide, records * sizeof(WideAddresses)),
            piece(notes, records * sizeof(std::uint32_t))};
}

}  // namespace fpvs::engine
