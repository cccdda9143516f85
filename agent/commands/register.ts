/** `register`: joins a server with a one-time token. */
import { BadConfig, loadConfig } from "../config.ts";
import { register } from "../control/register.ts";
import { openLayout } from "../images/layout.ts";
import { openVmRuntime } from "../open-host.ts";
import { AGENT_VERSION } from "../version.ts";
import { lockDirectory } from "./lock.ts";

/** Throws `BadConfig`, `ServerRefused`, `ServerUnreachable`, and what keeps sandboxes from running here. */
export const registerAgent = async (flags: Record<string, string>): Promise<void> => {
  const { WRENN_REGISTRATION_TOKEN: flag, ...rest } = flags;
  const config = await loadConfig(rest);
  const token = flag ?? process.env["WRENN_REGISTRATION_TOKEN"] ?? "";
  if (config.serverUrl === null) throw new BadConfig("--server (WRENN_SERVER) must be the server's URL");
  if (token === "") throw new BadConfig("--token (WRENN_REGISTRATION_TOKEN) must be the one-time token");
  const layout = await openLayout(config.directory);
  const lock = lockDirectory(layout);
  try {
    const { runtime } = await openVmRuntime(config, layout);
    const { credentials, unreachable } = await register({
      serverUrl: config.serverUrl,
      token,
      address: config.address,
      listen: config.listen,
      directory: layout.root,
      credentialsPath: layout.credentialsFile,
      agentVersion: AGENT_VERSION,
      accelerator: runtime.accelerator,
      runtimeId: runtime.runtimeId,
    });
    process.stdout.write(
      `registered as ${credentials.host_id}; the server will dial ${credentials.address}\n`,
    );
    if (unreachable !== "") {
      process.stdout.write(
        `but ${unreachable}\nUntil it can, no sandbox is put on this host: open the port in the firewall, or ` +
          "register with the --address that the server reaches.\n",
      );
    }
  } finally {
    lock.unlock();
  }
};
