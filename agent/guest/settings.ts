/** What /init told about this sandbox; everything else in the guest agent asks here. */
import { UserDirectory } from "./users.ts";

export class SandboxSettings {
  readonly users: UserDirectory;
  /** Null until the first /init: then nothing is secret yet and every route is open. */
  accessToken: string | null = null;
  environment: Readonly<Record<string, string>> = {};
  /** Where relative paths and commands start; null = the user's home. */
  workdir: string | null = null;

  constructor(users = new UserDirectory()) {
    this.users = users;
  }
}
