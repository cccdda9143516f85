/** Which address of this machine the server can dial: that of the route to the server. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";

import { isLoopback } from "../../proto/loopback.ts";
import { run } from "../system/exec.ts";

/** Source address of the route to the server. Throws when there is none. */
export const addressTowards = async (serverUrl: string): Promise<string> => {
  const hostname = new URL(serverUrl).hostname.replace(/^\[|\]$/g, "");
  if (isLoopback(hostname)) return "127.0.0.1";
  const ip = isIP(hostname) === 0 ? (await lookup(hostname, { family: 4 })).address : hostname;
  const answer = await run(["ip", "-json", "route", "get", ip], { timeoutMs: 5_000 });
  const [route] = JSON.parse(answer) as { prefsrc?: string }[];
  if (route?.prefsrc === undefined) throw new Error(`no route to the server at ${hostname}`);
  return route.prefsrc;
};
