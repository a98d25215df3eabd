// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/administration.h"

#include "cli/outcome.h"
#include "cli/report.h"
#include "client/client.h"

namespace tally::cli {

ExitCode run_administration(const AdministrationOptions& options) {
  const auto group = find_group(options.group);
  if (!group) return fail(group.error());
  const auto token = admin_token(*group);
  if (!token) return fail(token.error());
  AdminCommand command = options.command;
  command.token = *token;
  auto client = connect_to(*group);
  if (!client) return fail(client.error());
  return report(client->admin(command, group->timeout()), options.json);
}

}  // namespace tally::cli
