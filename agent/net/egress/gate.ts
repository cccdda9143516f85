/**
 * The way out of one sandbox that may reach named hosts only. It listens inside the slot's namespace, where
 * nothing but that sandbox's guest can get at it, and connects from there: what the host refuses to the
 * sandbox it refuses to this. The kernel's rules lead here what goes to the ports of HTTP and TLS.
 */
import { join } from "node:path";

import { GATEWAY_ADDRESS } from "../../system/guest-network.ts";
import { inNetworkNamespace } from "../../system/network-namespace.ts";
import { DomainList } from "../domains.ts";
import { NAMESPACE_DIRECTORY } from "../plan.ts";
import { isAddressOpen } from "../policy.ts";
import type { NetworkPolicy, NetworkSlot } from "../slots.ts";
import { GuestConnection } from "./connection.ts";
import { serveDns } from "./dns-server.ts";
import { DomainResolver, type DomainResolverOptions } from "./domain-resolver.ts";
import { HoldBudget } from "./hold-budget.ts";
import { HTTP, type Protocol, TLS } from "./protocols.ts";
import { idleSink, type Sink, sinkHandlers, type TcpSocket } from "./sockets.ts";

/** Of one sandbox, those being ended and those still trying to reach a server included. */
const MAX_CONNECTIONS = 256;

const NO_DOMAINS = new DomainList([]);

export class Gate {
  readonly #slot: NetworkSlot;
  readonly #namespacePath: string;
  readonly #resolver: DomainResolver;
  readonly #budget = new HoldBudget();
  readonly #connections = new Set<GuestConnection>();
  #domains = NO_DOMAINS;
  #listeners: { stop(): void }[] = [];

  constructor(slot: NetworkSlot, options: DomainResolverOptions) {
    this.#slot = slot;
    this.#namespacePath = join(NAMESPACE_DIRECTORY, slot.namespace);
    this.#resolver = new DomainResolver(options);
  }

  /** Until a policy is set, every name is refused. Throws what keeps a port from being opened; then none is. */
  async listen(): Promise<void> {
    if (this.#listeners.length > 0) return;
    try {
      for (const protocol of [HTTP, TLS]) this.#listeners.push(this.#listenTcp(protocol));
      const isAllowed = (name: string) => this.#domains.admits(name);
      const dns = await inNetworkNamespace(this.#namespacePath, () =>
        serveDns({ resolver: this.#resolver, isAllowed }),
      );
      this.#listeners.push({ stop: () => dns.close() });
    } catch (error) {
      this.#stopListening();
      throw error;
    }
  }

  /** Ends connections that the policy does not allow; without domains no further ones are taken. */
  setPolicy(policy: NetworkPolicy): void {
    this.#domains = new DomainList(policy.allowDomains);
    const isStillAllowed = ({ destination }: GuestConnection): boolean =>
      destination === null ||
      (policy.allowInternet &&
        (this.#domains.admits(destination.name) || isAddressOpen(policy, destination.address)));
    for (const connection of this.#connections) if (!isStillAllowed(connection)) connection.end();
    if (policy.allowDomains.length === 0 || !policy.allowInternet) this.#stopListening();
  }

  /** The slot is given back: nothing goes on. */
  close(): void {
    this.#stopListening();
    for (const connection of this.#connections) connection.end();
  }

  #stopListening(): void {
    for (const listener of this.#listeners.splice(0)) listener.stop();
  }

  #listenTcp(protocol: Protocol): { stop(): void } {
    return inNetworkNamespace(this.#namespacePath, () =>
      Bun.listen<{ sink: Sink }>({
        hostname: GATEWAY_ADDRESS,
        port: protocol.port,
        allowHalfOpen: true,
        data: { sink: idleSink() },
        socket: { ...sinkHandlers, open: (guest) => this.#accept(guest, protocol) },
      }),
    );
  }

  #accept(guest: TcpSocket, protocol: Protocol): void {
    guest.data = { sink: idleSink() };
    if (this.#connections.size >= MAX_CONNECTIONS) {
      guest.terminate();
      return;
    }
    const connection = new GuestConnection(guest, {
      protocol,
      dialler: { namespacePath: this.#namespacePath, address: this.#slot.address },
      resolver: this.#resolver,
      budget: this.#budget,
      isAllowed: (name) => this.#domains.admits(name),
    });
    this.#connections.add(connection);
    void connection.gone.then(() => this.#connections.delete(connection));
  }
}
