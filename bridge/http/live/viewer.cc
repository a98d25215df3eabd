// SPDX-License-Identifier: Apache-2.0
#include "bridge/http/live/viewer.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <string>
#include <utility>

#include "bridge/http/limits.h"
#include "bridge/http/live/limits.h"

namespace tally::bridge::http {

namespace net = boost::asio;

Viewer::Viewer(Socket socket, const IpAddress& peer, Place place, Shared& shared)
    : socket_(std::move(socket)), peer_(peer), place_(place), shared_(shared) {
  shared_.admission.enter(source_of(peer_), place_);
  error_code ignored;
  socket_.set_option(net::socket_base::send_buffer_size(live_limits::send_buffer_bytes), ignored);
}

Viewer::~Viewer() { shared_.admission.leave(source_of(peer_), place_); }

void Viewer::start(std::string_view head) {
  send(std::make_shared<const std::string>(head));
  read_and_drop();
}

void Viewer::send(EventText event) {
  if (!is_open()) return;
  if (waiting_.size() >= live_limits::waiting_events) return close();
  waiting_.push_back(std::move(event));
  if (!is_writing_) write();
}

void Viewer::close() {
  error_code ignored;
  socket_.close(ignored);
  if (!is_writing_) waiting_.clear();
}

// Nearly always the kernel takes all of it at once.
void Viewer::write() {
  while (!waiting_.empty()) {
    const std::string& text = *waiting_.front();
    error_code error;
    const std::size_t sent = socket_.write_some(net::buffer(text), error);
    if (error && error != net::error::would_block) return close();
    if (sent == text.size()) {
      waiting_.pop_front();
      continue;
    }
    is_writing_ = true;
    deadline_ = shared_.site.now + http_limits::write_timeout;
    net::async_write(socket_, net::buffer(text) + sent, [self = shared_from_this()](error_code failure, std::size_t) {
      self->is_writing_ = false;
      self->waiting_.pop_front();
      if (failure || !self->is_open()) return self->close();
      self->write();
    });
    return;
  }
}

void Viewer::read_and_drop() {
  socket_.async_read_some(net::buffer(dropped_), [self = shared_from_this()](error_code error, std::size_t) {
    if (error) return self->close();
    self->read_and_drop();
  });
}

}  // namespace tally::bridge::http
