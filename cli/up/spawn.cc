// SPDX-License-Identifier: Apache-2.0
#include "cli/up/spawn.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <signal.h>
#include <span>
#include <string_view>
#include <sys/prctl.h>
#include <unistd.h>

#include "runtime/service_manager.h"

extern char** environ;

namespace tally::cli {
namespace {

constexpr int first_passed_descriptor = 3;  // SD_LISTEN_FDS_START

// What a child must not take for its own: our configuration, and what a service manager has told us
// alone.
constexpr std::array<std::string_view, 6> not_inherited = {"TALLY_",         "LISTEN_",      "NOTIFY_",
                                                           "WATCHDOG_USEC=", "WATCHDOG_PID", "MAINPID="};

// Variables for a child, and the places in them where the child must write its own process id,
// which only the child knows. The texts that have such places are too long for std::string to keep
// inside itself, so the places do not move.
struct Environment {
  std::vector<std::string> variables;
  std::vector<char*> number_places;

  void add_number_of_child(const std::string& name_and_equals) {
    variables.push_back(name_and_equals + std::string(20, '\0'));
    number_places.push_back(variables.back().data() + name_and_equals.size());
  }
};

// The notify socket comes behind the sockets that the child listens on.
int manager_place(const SpawnRequest& request) {
  return first_passed_descriptor + static_cast<int>(request.listening_sockets.size());
}

std::string names_of(const std::vector<NamedSocket>& sockets) {
  std::string names;
  for (const NamedSocket& socket : sockets) names += (names.empty() ? "" : ":") + socket.name;
  return names;
}

Environment child_environment(const SpawnRequest& request) {
  Environment child;
  std::vector<std::string>& variables = child.variables;
  for (char** variable = environ; *variable; ++variable) {
    const std::string_view text(*variable);
    if (std::ranges::none_of(not_inherited, [&](std::string_view prefix) { return text.starts_with(prefix); }))
      variables.emplace_back(text);
  }
  if (request.notify_socket >= 0)
    variables.push_back(manager_descriptor_variable + ("=" + std::to_string(manager_place(request))));
  if (!request.listening_sockets.empty()) {
    variables.push_back("LISTEN_FDS=" + std::to_string(request.listening_sockets.size()));
    variables.push_back("LISTEN_FDNAMES=" + names_of(request.listening_sockets));
    child.add_number_of_child("LISTEN_PID=");
  }
  if (request.watchdog > Duration{}) {
    variables.push_back("WATCHDOG_USEC=" + std::to_string(request.watchdog.nanoseconds / 1000));
    child.add_number_of_child("WATCHDOG_PID=");
  }
  return child;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// The functions from here on run in the child of a process that may have threads. So they may only
// make system calls, and must not allocate memory.

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

// Leaves 0, 1, 2 and what is handed down open. All that is handed down is moved out of the way
// first, because a descriptor may have the number that another one is to get.
void arrange_descriptors(const SpawnRequest& request, std::span<int> handed, int null_device) {
  const int places_end = first_passed_descriptor + static_cast<int>(handed.size());
  for (int& descriptor : handed) descriptor = fcntl(descriptor, F_DUPFD, places_end);
  dup2(null_device, STDIN_FILENO);
  dup2(request.output, STDOUT_FILENO);
  dup2(request.output, STDERR_FILENO);
  int place = first_passed_descriptor;
  for (const int descriptor : handed) dup2(descriptor, place++);
  close_range(static_cast<unsigned>(places_end), ~0u, 0);
}

[[noreturn]] void become(const SpawnRequest& request, pid_t parent, std::span<int> handed, int null_device,
                         char* const* arguments, char* const* environment) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // the parent died before it could take us with it
  setpgid(0, 0);
  arrange_descriptors(request, handed, null_device);
  reset_signals();
  execve(arguments[0], arguments, environment);
  say(arguments[0]);
  say(": cannot be executed\n");
  _exit(127);
}

}  // namespace

pid_t spawn(const SpawnRequest& request) {
  std::vector<std::string> command = request.command;
  Environment of_child = child_environment(request);
  const std::vector<char*> arguments = pointers_to(command);
  const std::vector<char*> environment = pointers_to(of_child.variables);
  std::vector<int> handed;
  for (const NamedSocket& socket : request.listening_sockets) handed.push_back(socket.descriptor);
  if (request.notify_socket >= 0) handed.push_back(request.notify_socket);
  const int null_device = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null_device < 0) return -1;
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) {
    for (char* const place : of_child.number_places) write_number(place, static_cast<unsigned long>(getpid()));
    become(request, parent, handed, null_device, arguments.data(), environment.data());
  }
  const int reason = errno;
  close(null_device);
  errno = reason;
  return child;
}

}  // namespace tally::cli
