/** What the host asks of the guest agent beyond E2B's envd contract: addresses, routes, and the body of /init. */

/** The sandbox's own address on its tap. */
export const GUEST_ADDRESS = "169.254.0.21";

/** The only address /init is accepted from: the host's end of the sandbox's tap. */
export const HOST_ADDRESS = "169.254.0.22";

/**
 * Environment of the guest agent under software emulation. No tier ever compiles, because freshly
 * generated code is what emulation is slowest at (a warm `true` takes 70 ms with the defaults). The JIT
 * as a whole stays on: without it there is no `bun:ffi`, which user rights, clock and watches need.
 */
export const EMULATED_ENVIRONMENT: Readonly<Record<string, string>> = {
  BUN_JSC_useBaselineJIT: "0",
  BUN_JSC_useDFGJIT: "0",
  BUN_JSC_useFTLJIT: "0",
  BUN_JSC_useRegExpJIT: "0",
  BUN_JSC_useConcurrentJIT: "0",
  BUN_JSC_useConcurrentGC: "0",
  BUN_JSC_numberOfGCMarkers: "1",
  BUN_GC_TIMER_DISABLE: "1",
};

/** What /init tells the guest agent. Before the next request is looked at, or after a quiet while, it cuts all streams. */
export interface InitSettings {
  accessToken: string;
  /**
   * The same in every attempt of one initialisation, 32 hex digits. A repeated one is answered and otherwise passed
   * over: it must not cut streams that were opened after the first.
   */
  attemptId?: string;
  /** Replaces the sandbox-wide environment when given; a resume leaves it. */
  envVars?: Record<string, string>;
  defaultUser?: string;
  defaultWorkdir?: string;
  /** Given for clones, never for a resume: what makes this machine its own. */
  identity?: { hostname: string; machineId: string };
}

/**
 * Body of `POST /init`; sent after every boot and restore, before the sandbox is handed out. As a datagram:
 * `init/wire.ts`.
 */
export interface InitRequest extends InitSettings {
  /** RFC 3339: the wall clock to set. */
  timestamp: string;
  /** Base64 of fresh random bytes, mixed into the kernel's generator, which is then reseeded. */
  entropy: string;
}

/** Answer of `GET /metrics`: sizes in bytes, `ts` in unix seconds, `cpu_used_pct` since the call before. */
export interface GuestMetrics {
  ts: number;
  cpu_count: number;
  cpu_used_pct: number;
  mem_total: number;
  mem_used: number;
  mem_cache: number;
  disk_used: number;
  disk_total: number;
}

/** Answer of `GET /ports`: TCP ports something listens on, ascending; the guest agent's own left out. */
export interface GuestPorts {
  ports: number[];
}
