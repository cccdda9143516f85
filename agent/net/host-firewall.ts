/** Keeps the host's rules for an instance's sandboxes in force, and true to the host's own networks. */
import { run } from "../system/exec.ts";
import type { AddressRange } from "./cidr.ts";
import { admitThroughForeignChains, leaveForeignChains } from "./foreign-chains.ts";
import { hostRules } from "./host-rules.ts";
import { connectedNetworks } from "./local-networks.ts";
import { tableName } from "./plan.ts";
import { findResolver } from "./resolver.ts";

export interface HostFirewallOptions {
  instanceId: string;
  range: AddressRange;
  /** Networks that sandboxes may reach although they are not the internet. */
  egressAllow: string[];
  /** A DNS server for sandboxes instead of the one this host asks. */
  resolver?: string | undefined;
}

export class HostFirewall {
  readonly #options: HostFirewallOptions;
  #applied = "";
  #resolver: string | null = null;

  constructor(options: HostFirewallOptions) {
    this.#options = options;
  }

  /** The resolver is this machine itself, at a loopback address. */
  get isResolverLocal(): boolean {
    return this.#resolver?.startsWith("127.") ?? false;
  }

  /**
   * Puts the rules in force when they are not, or when the host has joined another network or changed
   * its resolver since. Throws `BadCidr`, `CommandFailed`.
   */
  async follow(): Promise<void> {
    const { instanceId, range, egressAllow } = this.#options;
    this.#resolver = this.#options.resolver ?? (await findResolver());
    const surroundings = connectedNetworks(instanceId);
    const rules = hostRules({ instanceId, range, egressAllow, surroundings, resolver: this.#resolver });
    if (rules === this.#applied) return;
    await run(["nft", "-f", "-"], { input: rules });
    this.#applied = rules;
  }

  /** Another firewall's table may drop all forwarding by default: sandboxes are admitted there, too. */
  async admit(): Promise<void> {
    await admitThroughForeignChains(this.#options.instanceId);
  }

  async remove(): Promise<void> {
    const { instanceId } = this.#options;
    await leaveForeignChains(instanceId);
    const table = tableName(instanceId);
    await run(["nft", "-f", "-"], { input: `table inet ${table}\ndelete table inet ${table}\n` });
    this.#applied = "";
  }
}
