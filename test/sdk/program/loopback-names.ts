/**
 * Preloaded into Node: names under `.localhost` are this machine's (RFC 6761), which Bun and browsers know
 * by themselves and the resolver of a plain Linux does not.
 */
import dns from "node:dns";

type Callback = (error: Error | null, address: string | dns.LookupAddress[], family?: number) => void;
type Options = { all?: boolean };

const original = dns.lookup as (name: string, ...rest: unknown[]) => void;

const lookup = (name: string, ...rest: [Callback] | [Options | number, Callback]): void => {
  if (!name.endsWith(".localhost")) return original(name, ...rest);
  const options = typeof rest[0] === "object" ? rest[0] : {};
  const callback = rest.at(-1);
  if (typeof callback !== "function") throw new TypeError("lookup needs a callback");
  process.nextTick(() => {
    if (options.all === true) callback(null, [{ address: "127.0.0.1", family: 4 }]);
    else callback(null, "127.0.0.1", 4);
  });
};

Object.assign(dns, { lookup });
