/** Joins a server with a one-time token and keeps what it answers. */
import type { Server } from "bun";

import { isLoopback } from "../../proto/loopback.ts";
import { BadConfig, type ListenAddress } from "../config.ts";
import { cpuCores, readDisk, readMemory } from "../system/machine.ts";
import { DEFAULT_PORT, hostnameOf, inUrl, listenFor } from "./address.ts";
import { makeCertificate } from "./certificate.ts";
import { type Credentials, writeCredentials } from "./credentials.ts";
import { addressTowards } from "./route.ts";
import { type RegisterAnswer, registerHost } from "./server-client.ts";

const ARCHITECTURES: Record<string, string> = { x64: "x86_64", arm64: "aarch64" };

export interface RegisterOptions {
  serverUrl: string;
  token: string;
  /** What the server dials; null: found out from the route to it. */
  address: string | null;
  /** Where the operator says to listen; null: as the address needs it. */
  listen: ListenAddress | null;
  directory: string;
  credentialsPath: string;
  agentVersion: string;
  accelerator: "kvm" | "emulated";
  runtimeId: string;
}

/** Plain HTTP stays on this machine: any other address gets HTTPS with a certificate of its own. */
const chooseAddress = async (options: RegisterOptions): Promise<URL> => {
  if (options.address !== null) return new URL(options.address);
  const hostname = await addressTowards(options.serverUrl);
  const port = options.listen?.port ?? DEFAULT_PORT;
  return new URL(`${isLoopback(hostname) ? "http" : "https"}://${inUrl(hostname)}:${port}`);
};

/**
 * There while the server dials back, so that it can tell whether it gets through; every call is refused:
 * whose calls are to be taken is not known yet.
 */
const greet = (listen: ListenAddress, tls: { cert: string; key: string } | null): Server<undefined> => {
  try {
    return Bun.serve({
      ...listen,
      ...(tls === null ? {} : { tls }),
      fetch: () => Response.json({ code: "unauthenticated", message: "registering" }, { status: 401 }),
    });
  } catch (cause) {
    throw new BadConfig(
      `${listen.hostname}:${listen.port} cannot be listened on: choose another place with --listen HOST:PORT`,
      { cause },
    );
  }
};

/** Plain HTTP towards another machine was asked for. */
export class PlainHttpRefused extends Error {
  override name = "PlainHttpRefused";
}

export interface Registered {
  credentials: Credentials;
  /** What keeps the server from calling this host; empty when nothing does. */
  unreachable: string;
}

/**
 * Throws `ServerUnreachable`, `ServerRefused`, `PlainHttpRefused`, `BadConfig`. The token is used up on
 * success only.
 */
export const register = async (options: RegisterOptions): Promise<Registered> => {
  const { serverUrl, token, directory, agentVersion, accelerator, runtimeId } = options;
  const address = await chooseAddress(options);
  if (address.protocol === "http:" && !isLoopback(hostnameOf(address))) {
    throw new PlainHttpRefused(
      `${address.origin} would send sandbox traffic in the clear: use https:// (the agent makes its certificate)`,
    );
  }
  const tls = address.protocol === "https:" ? makeCertificate(hostnameOf(address)) : null;
  const [memory, disk] = await Promise.all([readMemory(), readDisk(directory)]);
  const greeter = greet(options.listen ?? listenFor(address), tls);
  let answer: RegisterAnswer;
  try {
    answer = await registerHost(serverUrl, {
      token,
      arch: ARCHITECTURES[process.arch] ?? process.arch,
      cpu_cores: cpuCores(),
      memory_mb: memory.totalMb,
      disk_gb: Math.floor(disk.totalMb / 1024),
      address: address.origin,
      agent_version: agentVersion,
      accelerator,
      runtime_id: runtimeId,
      tls_cert: tls?.cert ?? null,
    });
  } finally {
    await greeter.stop(true);
  }
  const { unreachable_reason: unreachable = "", ...issued } = answer;
  const credentials: Credentials = {
    ...issued,
    server_url: serverUrl,
    address: address.origin,
    address_found: options.address === null,
    ...(options.listen === null
      ? {}
      : { listen: `${inUrl(options.listen.hostname)}:${options.listen.port}` }),
    tls_cert: tls?.cert ?? null,
    tls_key: tls?.key ?? null,
  };
  await writeCredentials(options.credentialsPath, credentials);
  return { credentials, unreachable };
};
