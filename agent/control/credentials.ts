/** What registration gave this host, kept in `host-credentials.json` (0600, replaced by rename). */
import { readFile } from "node:fs/promises";

import type { JWK } from "jose";

import { isUuid, parseHostId } from "../../proto/ids.ts";
import { OperatorNeeded } from "../errors.ts";
import { writeDurably } from "../system/durable.ts";

export interface Credentials {
  /** Prefixed: `host-…`. */
  host_id: string;
  server_url: string;
  /** Host JWT. */
  token: string;
  refresh_token: string;
  server_public_key: JWK;
  instance_id: string;
  /** What the server was told to dial. */
  address: string;
  /** The operator named no address: it was found out, and is again where the machine has lost it. */
  address_found?: boolean;
  /** `HOST:PORT` where the operator said to listen. */
  listen?: string;
  /** PEM; null where HTTP is plain. The key is beside it, never sent. */
  tls_cert: string | null;
  tls_key: string | null;
  /** Set while a refresh is under way: its answer may have been lost, so the next start asks again at once. */
  refresh_pending?: boolean;
  /** The server's signed word that this host was deleted, from then until nothing is left of it. */
  deletion_statement?: string;
}

/** The file is there but of no use; the message says what to do. */
export class BadCredentials extends OperatorNeeded {
  override name = "BadCredentials";
}

const REQUIRED = ["host_id", "server_url", "token", "refresh_token", "instance_id", "address"] as const;

/** Null when this directory was never registered. Throws `BadCredentials`. */
export const readCredentials = async (path: string): Promise<Credentials | null> => {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (text === null) return null;
  const damaged = (cause?: unknown) =>
    new BadCredentials(`${path} is damaged: register this host again with a new token`, { cause });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw damaged(cause);
  }
  if (typeof value !== "object" || value === null) throw damaged();
  const fields = value as Record<string, unknown>;
  const isWhole =
    REQUIRED.every((key) => typeof fields[key] === "string" && fields[key] !== "") &&
    typeof fields["server_public_key"] === "object" &&
    fields["server_public_key"] !== null &&
    parseHostId(String(fields["host_id"])) !== null;
  if (!isWhole) throw damaged();
  // Checked above; the TLS pair may be absent in a hand-written file.
  return { tls_cert: null, tls_key: null, ...fields } as unknown as Credentials;
};

export const writeCredentials = (path: string, credentials: Credentials): Promise<void> =>
  writeDurably(path, `${JSON.stringify(credentials, null, 2)}\n`, 0o600);

/** The bare UUID: audience of the server's tokens. */
export const hostUuid = ({ host_id }: Credentials): string => {
  const id = parseHostId(host_id);
  if (id === null || !isUuid(id)) throw new BadCredentials(`${host_id} is not a host id`);
  return id;
};
