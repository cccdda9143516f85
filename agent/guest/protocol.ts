/** What the host asks of the guest agent beyond E2B's envd contract: port, routes, and the body of /init. */

/** The guest agent's port inside every sandbox. */
export const GUEST_PORT = 49983;

/** The only address /init is accepted from: the host's end of the sandbox's tap. */
export const HOST_ADDRESS = "169.254.0.22";

/** Body of `POST /init`; sent after every boot and restore, before the sandbox is handed out. */
export interface InitRequest {
  /** RFC 3339: the wall clock to set. */
  timestamp: string;
  /** Base64 of fresh random bytes, mixed into the kernel's generator, which is then reseeded. */
  entropy: string;
  accessToken: string;
  /** Replaces the sandbox-wide environment when given; a resume leaves it. */
  envVars?: Record<string, string>;
  defaultUser?: string;
  defaultWorkdir?: string;
  /** Given for clones, never for a resume: what makes this machine its own. */
  identity?: { hostname: string; machineId: string };
}
