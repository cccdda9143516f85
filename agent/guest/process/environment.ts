/** What a command finds in its environment; the agent's own (library path, BUN_*) never reaches it. */
import type { User } from "../users.ts";

const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export interface EnvironmentSources {
  user: User;
  /** Sandbox-wide, from /init. */
  sandbox: Readonly<Record<string, string>>;
  /** Of this request; later wins. */
  request: Readonly<Record<string, string>>;
  terminal: boolean;
}

export const composeEnvironment = ({
  user,
  sandbox,
  request,
  terminal,
}: EnvironmentSources): Record<string, string> => ({
  PATH: DEFAULT_PATH,
  HOME: user.home,
  USER: user.name,
  LOGNAME: user.name,
  ...(terminal ? { TERM: "xterm-256color" } : {}),
  ...sandbox,
  ...request,
  E2B_SANDBOX: "true",
});
