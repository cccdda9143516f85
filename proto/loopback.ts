/** Whether a name surely stays on its machine: then plain HTTP is safe. */

/** @param hostname as in a URL, IPv6 without brackets. */
export const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
