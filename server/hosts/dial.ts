/** Whether the server can call a host at its address. */
import { Code, ConnectError } from "@connectrpc/connect";

import type { Log } from "../log.ts";
import type { HostClientPool } from "./client-pool.ts";
import type { HostEndpoint } from "./host-fetch.ts";
import { whyUnreachable } from "./unreachable.ts";

const DIAL_MS = 5_000;

/** What a host says when it is there but does not know this server's key yet: it is registering. */
const THERE = new Set([Code.Unauthenticated, Code.PermissionDenied, Code.NotFound, Code.Unimplemented]);

export class Dialer {
  constructor(
    private readonly hosts: HostClientPool,
    private readonly log: Log,
  ) {}

  /** `reason` is empty when it does. Takes 5 s at most, never throws. */
  async reaches(endpoint: HostEndpoint): Promise<{ reachable: boolean; reason: string }> {
    try {
      await this.hosts.client(endpoint).getHostStatus({}, { timeoutMs: DIAL_MS });
    } catch (thrown) {
      if (!THERE.has(ConnectError.from(thrown).code)) {
        this.log.warn("a host that registers cannot be called", { host: endpoint.id, error: thrown });
        return { reachable: false, reason: whyUnreachable(endpoint, thrown) };
      }
    }
    return { reachable: true, reason: "" };
  }
}
