/** Where this host is dialled and where it therefore listens. */
import { networkInterfaces } from "node:os";

import { isLoopback } from "../../proto/loopback.ts";
import { BadConfig, type ListenAddress, parseListen } from "../config.ts";
import type { Credentials } from "./credentials.ts";
import { addressTowards } from "./route.ts";

export const DEFAULT_PORT = 7_070;

/** Without the brackets that an IPv6 address has in a URL. */
export const hostnameOf = ({ hostname }: URL): string => hostname.replaceAll(/^\[|\]$/g, "");

/** On loopback for an address there, else on all addresses of the same family: the machine's may change. */
export const listenFor = (address: URL): ListenAddress => {
  const hostname = hostnameOf(address);
  const port = Number(address.port) || (address.protocol === "https:" ? 443 : 80);
  if (isLoopback(hostname)) return { hostname: hostname === "localhost" ? "127.0.0.1" : hostname, port };
  return { hostname: hostname.includes(":") ? "::" : "0.0.0.0", port };
};

/**
 * Where the agent listens: as configured, as said at registration, or as its address needs it.
 * @throws BadConfig for plain HTTP that other machines could reach, and for HTTPS without a certificate.
 */
export const chooseListen = (
  configured: ListenAddress | null,
  { credentials, address }: { credentials: Credentials; address: URL },
): ListenAddress => {
  const said = credentials.listen === undefined ? null : parseListen(credentials.listen);
  const listen = configured ?? said ?? listenFor(address);
  const hasCertificate = credentials.tls_cert !== null;
  if (!hasCertificate && (address.protocol === "https:" || !isLoopback(listen.hostname))) {
    throw new BadConfig(
      `${address.origin} on ${listen.hostname}:${listen.port} needs a certificate, and this host registered on ` +
        "loopback, without one: register it again with --address https://…",
    );
  }
  return listen;
};

const isOwnAddress = (hostname: string): boolean =>
  Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === hostname));

/**
 * What the server is to dial, asked before each beat. One that the operator gave stays; one that was found
 * out is found anew once this machine has it no longer, and kept while there is no other.
 */
export const followAddress = (options: {
  given: string | null;
  credentials: Pick<Credentials, "address" | "address_found" | "server_url">;
}): (() => Promise<string>) => {
  const { given, credentials } = options;
  let address = new URL(given ?? credentials.address);
  return async () => {
    const isFound = given === null && credentials.address_found === true;
    if (isFound && !isLoopback(hostnameOf(address)) && !isOwnAddress(hostnameOf(address))) {
      const hostname = await addressTowards(credentials.server_url).catch(() => null);
      if (hostname !== null && !isLoopback(hostname)) {
        address = new URL(`${address.protocol}//${inUrl(hostname)}:${address.port}`);
      }
    }
    return address.origin;
  };
};

/** An IPv6 address needs brackets in a URL. */
export const inUrl = (hostname: string): string => (hostname.includes(":") ? `[${hostname}]` : hostname);
