/** What starting the hosts of an instance takes, and what `up` knows of them afterwards. */
import type { ApiClient } from "./api-client.ts";

/** What starting a host of this instance takes. */
export interface HostStart {
  api: ApiClient;
  agentPath: string;
  /** Where the server is for this machine itself. */
  serverUrl: string;
}

/** What `up` knows of the hosts it has started. */
export interface StartedHosts {
  /** Rejects when an agent could not be kept going. */
  failed: Promise<never>;
  /** `WRENN_DIR` of the first. */
  directory: string;
  /** Null when this machine itself is the only one. */
  many: HostOfMany[] | null;
}

export interface HostOfMany {
  id: string;
  directory: string;
  /** The network namespace it lives in. */
  namespace: string;
  address: string;
}
