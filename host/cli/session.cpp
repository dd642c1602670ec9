// SPDX-License-Identifier: Apache-2.0
#include "host/cli/session.hpp"

#include <google/protobuf/util/json_util.h>

#include <ostream>
#include <utility>

#include "host/control/convert.hpp"

namespace fpvs::cli {
namespace {

// A service with many servers comes in several pieces, each under its key.
void append(api::Services& whole, const api::Services& piece) {
    for (const api::Service& service : piece.services()) {
        const bool continued =
            whole.services_size() > 0 && !service.has_settings() &&
            whole.services(whole.services_size() - 1).key().SerializeAsString() ==
                service.key().SerializeAsString();
        if (continued) {
            whole.mutable_services(whole.services_size() - 1)
                ->mutable_servers()
                ->MergeFrom(service.servers());
        } else {
            *whole.add_services() = service;
        }
    }
}

}  // namespace

Status Session::stream(const api::Request& request,
                       const std::function<void(const api::Reply&)>& each) {
    if (!client_) {
        FPVS_TRY(client_, control::Client::connect(environment_.socket_path));
    }
    return client_->stream(request, each);
}

Result<api::Reply> Session::ask(const api::Request& request) {
    api::Reply whole;
    FPVS_TRY_STATUS(stream(request, [&whole](const api::Reply& piece) {
        if (piece.has_services()) {
            append(*whole.mutable_services(), piece.services());
        } else {
            whole.MergeFrom(piece);
        }
        whole.set_code(piece.code());
    }));
    return whole;
}

int Session::show(const api::Request& request,
                  const std::function<std::string(const api::Reply&)>& text,
                  int exit_code_of_failure) {
    const auto reply = ask(request);
    if (!reply) {
        return report_failure(reply.error(), exit_code_of_failure);
    }
    if (json_) {
        print_json(*reply);
    } else {
        environment_.out << text(*reply);
    }
    return 0;
}

void Session::print(const api::Reply& reply, std::string_view text) {
    if (json_) {
        print_json(reply);
    } else {
        environment_.out << text;
    }
}

int Session::carry_out(const api::Request& request) {
    return show(request, [](const api::Reply&) { return std::string(); });
}

int Session::report_failure(const Error& error, int exit_code) {
    if (json_) {
        api::Reply reply;
        reply.set_code(control::to_api(error.code));
        reply.set_message(error.text());
        print_json(reply);
    } else {
        environment_.err << error.text() << "\n";
    }
    return exit_code;
}

int Session::refuse(std::string_view message, int exit_code) {
    if (!json_) {
        environment_.err << message;
        return exit_code;
    }
    message.remove_suffix(message.size() - (message.find_last_not_of('\n') + 1));
    return report_failure({.code = Code::invalid_argument, .message = std::string(message)},
                          exit_code);
}

void Session::print_text(std::string_view text) {
    if (!json_) {
        environment_.out << text;
        return;
    }
    api::Reply reply;
    reply.set_code(api::CODE_OK);
    reply.set_message(std::string(text));
    print_json(reply);
}

void Session::print_json(const api::Reply& reply) {
    api::Reply shown = reply;
    // The wire's own; a field that is not set is not printed.
    shown.clear_id();
    shown.clear_more();
    google::protobuf::util::JsonPrintOptions options;
    options.add_whitespace = true;
    options.always_print_primitive_fields = true;
    options.preserve_proto_field_names = true;
    std::string text;
    // Our own messages have no field that JSON cannot say, so this cannot fail.
    (void)google::protobuf::util::MessageToJsonString(shown, &text, options);
    environment_.out << text;
}

}  // namespace fpvs::cli
