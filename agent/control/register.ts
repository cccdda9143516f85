/** Joins a server with a one-time token and keeps what it answers. */
import { isLoopback } from "../../proto/loopback.ts";
import { cpuCores, readDisk, readMemory } from "../system/machine.ts";
import { makeCertificate } from "./certificate.ts";
import { type Credentials, writeCredentials } from "./credentials.ts";
import { addressTowards } from "./route.ts";
import { registerHost } from "./server-client.ts";

const ARCHITECTURES: Record<string, string> = { x64: "x86_64", arm64: "aarch64" };

export interface RegisterOptions {
  serverUrl: string;
  token: string;
  /** What the server dials; null: found out from the route to it. */
  address: string | null;
  port: number;
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
  return new URL(`${isLoopback(hostname) ? "http" : "https"}://${hostname}:${options.port}`);
};

/** Plain HTTP towards another machine was asked for. */
export class PlainHttpRefused extends Error {
  override name = "PlainHttpRefused";
}

/** Throws `ServerUnreachable`, `ServerRefused`, `PlainHttpRefused`. The token is used up on success only. */
export const register = async (options: RegisterOptions): Promise<Credentials> => {
  const { serverUrl, token, directory, agentVersion, accelerator, runtimeId } = options;
  const address = await chooseAddress(options);
  if (address.protocol === "http:" && !isLoopback(address.hostname)) {
    throw new PlainHttpRefused(
      `${address.origin} would send sandbox traffic in the clear: use https:// (the agent makes its certificate)`,
    );
  }
  const tls = address.protocol === "https:" ? makeCertificate(address.hostname) : null;
  const [memory, disk] = await Promise.all([readMemory(), readDisk(directory)]);
  const answer = await registerHost(serverUrl, {
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
  const credentials: Credentials = {
    ...answer,
    server_url: serverUrl,
    address: address.origin,
    tls_cert: tls?.cert ?? null,
    tls_key: tls?.key ?? null,
  };
  await writeCredentials(options.credentialsPath, credentials);
  return credentials;
};
