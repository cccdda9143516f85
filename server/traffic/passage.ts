/** A request on its way to a port: what is the sandbox's of its address, and how the client came. */
import type { PortRef } from "./target.ts";

export interface Passage extends PortRef {
  /** From the first slash, without dots that lead upwards. */
  pathAndQuery: string;
  /**
   * What comes before the sandbox's own path in the address the client knows: `/preview/{sandbox}/{port}`, or
   * nothing where the whole host name is the sandbox's. Null where no part of the address is.
   */
  prefix: string | null;
  /** Of the address the client knows, whatever proxies are in between. */
  scheme: "http" | "https";
}

export const schemeOf = (url: string): Passage["scheme"] => (url.startsWith("https:") ? "https" : "http");
