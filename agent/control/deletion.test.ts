import { expect, test } from "bun:test";

import { exportJWK, generateKeyPair, SignJWT } from "jose";

import { formatHostId, newId } from "../../proto/ids.ts";
import type { Credentials } from "./credentials.ts";
import { DeletionNotProven, verifyDeletion } from "./deletion.ts";

const HOST = newId();
const INSTANCE = newId();
const { privateKey, publicKey } = await generateKeyPair("EdDSA", { extractable: true });
const other = await generateKeyPair("EdDSA");

const credentials: Credentials = {
  host_id: formatHostId(HOST),
  server_url: "http://127.0.0.1:9",
  token: "",
  refresh_token: "",
  server_public_key: await exportJWK(publicKey),
  instance_id: INSTANCE,
  address: "http://127.0.0.1:9",
  tls_cert: null,
  tls_key: null,
};

interface Claims {
  typ?: string;
  iss?: string;
  aud?: string;
  iat?: number;
  exp?: number;
}

const RIGHT: Claims = { typ: "host-deleted+jwt", iss: INSTANCE, aud: HOST, iat: 1_700_000_000 };

const sign = (claims: Claims, key = privateKey): Promise<string> => {
  const { typ, ...payload } = claims;
  const header = typ === undefined ? { alg: "EdDSA" } : { alg: "EdDSA", typ };
  return new SignJWT(payload).setProtectedHeader(header).sign(key);
};

test("the server's own statement is believed, however old", async () => {
  await verifyDeletion(await sign(RIGHT), credentials);
});

test("without knowing its instance, an agent believes nobody", async () => {
  const ignorant: Partial<Credentials> = { ...credentials };
  delete ignorant.instance_id;
  for (const claims of [RIGHT, without("iss")]) {
    const believed = verifyDeletion(await sign(claims), ignorant as Credentials);
    await expect(believed).rejects.toThrow(DeletionNotProven);
  }
});

const without = (name: keyof Claims): Claims => {
  const { [name]: _left, ...rest } = RIGHT;
  return rest;
};

const refused: [what: string, statement: () => Promise<string>][] = [
  ["another server's key", () => sign(RIGHT, other.privateKey)],
  ["another host", () => sign({ ...RIGHT, aud: newId() })],
  ["the host's prefixed id", () => sign({ ...RIGHT, aud: formatHostId(HOST) })],
  ["another instance", () => sign({ ...RIGHT, iss: newId() })],
  ["no instance", () => sign(without("iss"))],
  ["no host", () => sign(without("aud"))],
  ["no time", () => sign(without("iat"))],
  ["a token for calls", async () => sign({ ...without("typ"), exp: Math.floor(Date.now() / 1_000) + 60 })],
  ["another type", () => sign({ ...RIGHT, typ: "JWT" })],
  ["a changed one", async () => `${(await sign(RIGHT)).slice(0, -4)}AAAA`],
  ["no signature", async () => `${btoa('{"alg":"none","typ":"host-deleted+jwt"}')}.${btoa("{}")}.`],
  ["words", async () => "deleted"],
];
for (const [what, statement] of refused) {
  test(`${what} proves nothing`, async () => {
    await expect(verifyDeletion(await statement(), credentials)).rejects.toThrow(DeletionNotProven);
  });
}
