/** Whether the server can call a host at its address. */
import { Code, ConnectError } from "@connectrpc/connect";

import type { HostClientPool } from "./client-pool.ts";
import type { HostEndpoint } from "./host-fetch.ts";

const DIAL_MS = 5_000;

/** What a host says when it is there but does not know this server's key yet: it is registering. */
const THERE = new Set([Code.Unauthenticated, Code.PermissionDenied, Code.NotFound, Code.Unimplemented]);

export class Dialer {
  constructor(private readonly hosts: HostClientPool) {}

  /** `reason` is empty when it does. Takes 5 s at most, never throws. */
  async reaches(endpoint: HostEndpoint): Promise<{ reachable: boolean; reason: string }> {
    try {
      await this.hosts.client(endpoint).getHostStatus({}, { timeoutMs: DIAL_MS });
    } catch (thrown) {
      const error = ConnectError.from(thrown);
      if (!THERE.has(error.code)) {
        return {
          reachable: false,
          reason: `the server cannot reach ${endpoint.address}: ${error.rawMessage}`,
        };
      }
    }
    return { reachable: true, reason: "" };
  }
}
