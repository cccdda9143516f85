/** Keeps the host's rules for an instance's sandboxes in force, and true to the host's own networks. */
import { run } from "../system/exec.ts";
import { type AddressRange, holdAddress } from "./cidr.ts";
import { admitThroughForeignChains, leaveForeignChains } from "./foreign-chains.ts";
import { hostRules } from "./host-rules.ts";
import { connectedNetworks, NOT_INTERNET } from "./local-networks.ts";
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
  #surroundings: string[] = [];

  constructor(options: HostFirewallOptions) {
    this.#options = options;
  }

  /** The DNS server sandboxes ask, as an address. Null: this host has none. */
  get resolver(): string | null {
    return this.#resolver;
  }

  /** Whether the rules in force let sandboxes through to an address, be it nobody's. */
  isReachable(address: string): boolean {
    if (holdAddress(this.#options.egressAllow, address)) return true;
    return !holdAddress([...NOT_INTERNET, ...this.#surroundings], address);
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
    this.#surroundings = connectedNetworks(instanceId);
    const rules = hostRules({
      instanceId,
      range,
      egressAllow,
      surroundings: this.#surroundings,
      resolver: this.#resolver,
    });
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
