// SPDX-License-Identifier: Apache-2.0
// The files of the dashboard, which stand in bridge/http/dashboard and are part of the program, so
// that it needs no other file and no other server. CMake makes the table from that directory.
//
// Any thread.
#pragma once

#include <span>
#include <string_view>

namespace tally::bridge::http {

struct PageFile {
  std::string_view name;  // "main.js", for example
  std::string_view content;
};

std::span<const PageFile> page_files();
// Null if there is no such file.
const PageFile* find_page_file(std::string_view name);
// By the name's end.
std::string_view content_type_of(const PageFile& file);

}  // namespace tally::bridge::http
