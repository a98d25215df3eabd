// SPDX-License-Identifier: Apache-2.0
#include "cli/spawn.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <signal.h>
#include <string_view>
#include <sys/prctl.h>
#include <unistd.h>

extern char** environ;

namespace tally::cli {
namespace {

constexpr int first_passed_descriptor = 3;  // SD_LISTEN_FDS_START
constexpr std::string_view listen_pid = "LISTEN_PID=";

// What a child must not take for its own: our configuration, and what a service manager told us alone.
constexpr std::array<std::string_view, 6> not_inherited = {
    "TALLY_", "LISTEN_", "NOTIFY_SOCKET=", "WATCHDOG_USEC=", "WATCHDOG_PID", "MAINPID="};

std::vector<std::string> child_environment(bool with_socket) {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable; ++variable) {
    const std::string_view text(*variable);
    if (std::ranges::none_of(not_inherited, [&](std::string_view prefix) { return text.starts_with(prefix); }))
      variables.emplace_back(text);
  }
  if (with_socket) {
    variables.emplace_back("LISTEN_FDS=1");
    variables.emplace_back(std::string(listen_pid) + std::string(20, '\0'));  // the child writes its number here
  }
  return variables;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// From here on the code runs in the child of a process that may have threads: system calls only, no memory.

void write_number(char* to, unsigned long number) {
  char digits[20];
  int count = 0;
  for (; number > 0; number /= 10) digits[count++] = static_cast<char>('0' + number % 10);
  while (count > 0) *to++ = digits[--count];
}

void say(const char* text) {
  // Nothing can be done where this fails.
  [[maybe_unused]] const ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
}

void reset_signals() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD}) ::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Leaves 0, 1, 2 and perhaps 3 open. The sources are above all of these, or are where they belong.
void arrange_descriptors(const SpawnRequest& request, int null_device) {
  dup2(null_device, STDIN_FILENO);
  dup2(request.output, STDOUT_FILENO);
  dup2(request.output, STDERR_FILENO);
  if (request.listening_socket == first_passed_descriptor)
    fcntl(first_passed_descriptor, F_SETFD, 0);
  else if (request.listening_socket >= 0)
    dup2(request.listening_socket, first_passed_descriptor);
  close_range(static_cast<unsigned>(first_passed_descriptor + (request.listening_socket >= 0 ? 1 : 0)), ~0u, 0);
}

[[noreturn]] void become(const SpawnRequest& request, pid_t parent, int null_device, char* const* arguments,
                         char* const* environment) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // the parent died before it could take us with it
  setpgid(0, 0);
  arrange_descriptors(request, null_device);
  reset_signals();
  execve(arguments[0], arguments, environment);
  say(arguments[0]);
  say(": cannot be executed\n");
  _exit(127);
}

}  // namespace

pid_t spawn(const SpawnRequest& request) {
  std::vector<std::string> command = request.command;
  std::vector<std::string> variables = child_environment(request.listening_socket >= 0);
  const std::vector<char*> arguments = pointers_to(command);
  const std::vector<char*> environment = pointers_to(variables);
  const int null_device = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null_device < 0) return -1;
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) {
    if (request.listening_socket >= 0)
      write_number(variables.back().data() + listen_pid.size(), static_cast<unsigned long>(getpid()));
    become(request, parent, null_device, arguments.data(), environment.data());
  }
  const int reason = errno;
  close(null_device);
  errno = reason;
  return child;
}

}  // namespace tally::cli
