// SPDX-License-Identifier: Apache-2.0
#include "bridge/http/page_files.h"

#include <utility>

namespace tally::bridge::http {

const PageFile* find_page_file(std::string_view name) {
  for (const PageFile& file : page_files())
    if (file.name == name) return &file;
  return nullptr;
}

std::string_view content_type_of(const PageFile& file) {
  constexpr std::pair<std::string_view, std::string_view> types[] = {
      {".html", "text/html; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".svg", "image/svg+xml"},
  };
  for (const auto& [end, type] : types)
    if (file.name.ends_with(end)) return type;
  return "application/octet-stream";
}

}  // namespace tally::bridge::http
