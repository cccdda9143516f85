/** What /init told about this sandbox, and what it has to end; everything else in the guest agent asks here. */
import { OpenStreams } from "./streams.ts";
import { UserDirectory } from "./users.ts";

export class SandboxSettings {
  readonly users: UserDirectory;
  readonly streams = new OpenStreams();
  /** Null until the first /init: then nothing is secret yet and every route is open. */
  accessToken: string | null = null;
  /** Of the last /init that took effect; null when it named none. */
  attemptId: string | null = null;
  environment: Readonly<Record<string, string>> = {};
  /** Where relative paths and commands start; null = the user's home. */
  workdir: string | null = null;

  constructor(users = new UserDirectory()) {
    this.users = users;
  }
}
