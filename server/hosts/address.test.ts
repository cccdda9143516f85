import { expect, test } from "bun:test";

import { newId } from "../../proto/ids.ts";
import { ApiError } from "../errors.ts";
import { checkAddress, type HostAddress, type Reach } from "./address.ts";

const TEAM = newId();

const LOCAL: Reach = { isLoopback: true, publicUrl: "http://127.0.0.1:4400", trustedProxies: [] };
const PUBLIC: Reach = { isLoopback: false, publicUrl: "https://192.0.2.1:4400", trustedProxies: [] };

/** The field that is wrong, or null. */
const refusal = (host: Partial<HostAddress> & { address: string }, server = PUBLIC): string | null => {
  try {
    checkAddress({ tlsCert: "a certificate", teamId: null, ...host }, server);
  } catch (error) {
    if (error instanceof ApiError) return String(error.details["field"]);
    throw error;
  }
  return null;
};

const NO_TEAMS = [
  "https://127.0.0.1:7070",
  "https://127.8.9.1:7070",
  "https://0x7f.1:7070",
  "https://2130706433:7070",
  "https://0.0.0.0:7070",
  "https://169.254.169.254",
  "https://224.0.0.251:7070",
  "https://255.255.255.255:7070",
  "https://[::]:7070",
  "https://[::1]:7070",
  "https://[::7f00:1]:7070",
  "https://[::ffff:127.0.0.1]:7070",
  "https://[::ffff:8.8.8.8]:7070",
  "https://[64:ff9b::7f00:1]:7070",
  "https://[2002:7f00:1::]:7070",
  "https://[fe80::1]:7070",
  "https://[febf::1]:7070",
  "https://[ff02::1]:7070",
  "https://localhost:7070",
  "https://localhost.:7070",
  "https://box.example.com:7070",
  "http://127.0.0.1:7070",
];

test.each(NO_TEAMS)("a team's host is not at %s, unless only this machine reaches the server", (address) => {
  expect(refusal({ address, teamId: TEAM })).toBe("address");
  expect(refusal({ address, teamId: TEAM }, LOCAL)).toBeNull();
  expect(refusal({ address })).toBeNull();
});

test.each([
  "https://192.0.2.7:7070",
  "https://10.0.0.7:7070",
  "https://223.255.255.255",
  "https://[2001:db8::7]:7070",
  "https://[fd00::7]:7070",
])("it may be at %s", (address) => {
  expect(refusal({ address, teamId: TEAM })).toBeNull();
});

test.each([
  "http://192.0.2.7:7070",
  "10.0.0.5:7070",
  "ftp://10.0.0.5",
  "https://10.0.0.5:7070/x",
  "https://a@10.0.0.5:7070",
])("nobody's is at %s", (address) => {
  expect(refusal({ address })).toBe("address");
  expect(refusal({ address }, LOCAL)).toBe("address");
});

test("https needs the certificate that the host registered with", () => {
  expect(refusal({ address: "https://192.0.2.7:7070", tlsCert: null })).toBe("address");
  expect(refusal({ address: "http://127.0.0.1:7070", tlsCert: null })).toBeNull();
});

test.each<[string, Partial<Reach>]>([
  ["has a public name", { publicUrl: "https://wrenn.example.com" }],
  ["trusts a proxy", { trustedProxies: ["127.0.0.1"] }],
  ["listens elsewhere", { isLoopback: false }],
])("a server that %s is reached by others, even through loopback", (_what, reach) => {
  const address = "https://127.0.0.1:7070";
  expect(refusal({ address, teamId: TEAM }, { ...LOCAL, ...reach })).toBe("address");
  expect(refusal({ address, teamId: TEAM }, { ...LOCAL, publicUrl: "http://[::1]:4400" })).toBeNull();
});
