/** Which DNS server the host itself asks: sandboxes ask the same one, by way of their gateway. */
import { readFile } from "node:fs/promises";
import { isIPv4 } from "node:net";

/** With a local stub in /etc/resolv.conf, systemd keeps the real servers in the second file. */
const FILES = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"];

/** @param text content of a resolv.conf */
export const parseNameservers = (text: string): string[] =>
  text.split("\n").flatMap((line) => {
    const [keyword, address] = line.trim().split(/\s+/);
    return keyword === "nameserver" && address !== undefined && isIPv4(address) ? [address] : [];
  });

const isLoopback = (address: string): boolean => address.startsWith("127.");

/** A server elsewhere is preferred to one on this machine. Null when the host has none with IPv4. */
export const chooseResolver = (texts: string[]): string | null => {
  const servers = texts.flatMap(parseNameservers);
  return servers.find((server) => !isLoopback(server)) ?? servers[0] ?? null;
};

export const findResolver = async (): Promise<string | null> =>
  chooseResolver(await Promise.all(FILES.map((path) => readFile(path, "utf8").catch(() => ""))));
