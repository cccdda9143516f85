/** Which addresses may carry secrets. */
import { isLoopback } from "../../proto/loopback.ts";

/** https, or plain http that stays on this machine. */
export const isSecureUrl = ({ protocol, hostname }: URL): boolean =>
  protocol === "https:" || (protocol === "http:" && isLoopback(hostname.replace(/^\[|\]$/g, "")));
