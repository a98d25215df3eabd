# Writes OUT, a C++ source with the content of FILES (a list of paths, separated by commas), for
# bridge/http/page_files.h.
string(REPLACE "," ";" paths "${FILES}")
set(arrays "")
set(rows "")
set(number 0)
foreach(path IN LISTS paths)
  file(READ "${path}" digits HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" escaped "${digits}")
  string(REGEX REPLACE "((\\\\x..)(\\\\x..)?(\\\\x..)?(\\\\x..)?(\\\\x..)?(\\\\x..)?(\\\\x..)?(\\\\x..)?)" "\"\\1\"\n" lines "${escaped}")
  get_filename_component(name "${path}" NAME)
  string(APPEND arrays "constexpr char file_${number}[] =\n${lines};\n")
  string(APPEND rows "    {\"${name}\", {file_${number}, sizeof file_${number} - 1}},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE "${OUT}" "#include \"bridge/http/page_files.h\"

namespace tally::bridge::http {
namespace {
${arrays}
constexpr PageFile files[] = {
${rows}};
}  // namespace

std::span<const PageFile> page_files() { return files; }

}  // namespace tally::bridge::http
")
