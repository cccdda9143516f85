/** What must be renewed after every boot and restore, before the sandbox is handed out. */
import { recordIdentity, takeHostname } from "../clone-identity.ts";
import { problem } from "../http/problem.ts";
import { keepSettings } from "../kept-settings.ts";
import type { SandboxSettings } from "../settings.ts";
import { setWallClock } from "../system/clock.ts";
import { reseedKernel } from "../system/entropy.ts";
import { InvalidInit, parseRenewal, parseSettings, type Renewal, type Settings } from "./request.ts";
import type { InitThread } from "./thread.ts";

const MAX_BODY_BYTES = 4 * 1024 * 1024;

export interface InitTargets {
  settings: SandboxSettings;
  closeIdleConnections: () => void;
}

const renew = ({ timestamp, entropy }: Renewal, { identity }: Settings): void => {
  setWallClock(timestamp);
  reseedKernel(entropy);
  if (identity) takeHostname(identity.hostname);
};

/**
 * By datagram, a thread of its own renews the machine and answers; the rest, which nothing sees before somebody
 * asks this program, waits for that: its system calls, disk writes and mount are code that emulation has to translate
 * anew, and of twenty copies made at once the first would do it at the cost of the last, 60 ms of a processor each.
 */
export class Inits {
  /** Null until there is one: then no datagram has come. */
  thread: InitThread | null = null;
  #failure: unknown = null;

  constructor(private readonly targets: InitTargets) {}

  /** To be called before a request is looked at. Throws what failed, each time, until the next /init succeeds. */
  settle(): void {
    const came = this.thread?.take() ?? [];
    if (came.length > 0) this.#failure = null;
    for (const text of came) {
      try {
        this.#take(parseSettings(JSON.parse(text)));
      } catch (error) {
        this.#failure = error;
        console.error("init failed after its answer:", error);
      }
    }
    if (this.#failure !== null) throw this.#failure;
  }

  /** Nobody has asked for a while. */
  rest(): void {
    try {
      this.settle();
    } catch {
      // Kept: every request until the next /init is refused with it.
    }
  }

  /**
   * `POST /init`: 204 when nothing asked of this sandbox from now on can see its earlier life, 400 for a body that
   * is wrong, 500 when the kernel refused; then the log says why.
   */
  async handle(request: Request): Promise<Response> {
    if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY_BYTES) {
      return problem(413, "the body is too large");
    }
    const text = await request.text();
    this.rest();
    try {
      const body: unknown = JSON.parse(text);
      const [renewal, settings] = [parseRenewal(body), parseSettings(body)];
      if (!this.#isKnown(settings)) renew(renewal, settings);
      this.#take(settings);
      this.#failure = null;
      if (settings.attemptId !== null) this.thread?.passed(settings.attemptId);
      return new Response(null, { status: 204 });
    } catch (error) {
      if (error instanceof InvalidInit) return problem(400, error.message);
      if (error instanceof SyntaxError) return problem(400, "the body is not JSON");
      console.error("init failed:", error);
      return problem(500, "the sandbox could not be initialised: see the guest agent's log");
    }
  }

  #isKnown({ attemptId }: Settings): boolean {
    return attemptId !== null && attemptId === this.targets.settings.attemptId;
  }

  #take(order: Settings): void {
    if (this.#isKnown(order)) return;
    const { settings, closeIdleConnections } = this.targets;
    // Whoever was connected before the restore is not there any more and will never say so.
    settings.streams.cutAll();
    // Now, while the connection of the request that brought this is not idle. No other one that is in use can be: what
    // is answered before this keeps none (routes.ts).
    closeIdleConnections();
    settings.accessToken = order.accessToken;
    if (order.envVars !== null) settings.environment = order.envVars;
    if (order.defaultUser !== null) settings.users.setDefault(order.defaultUser);
    if (order.defaultWorkdir !== null) settings.workdir = order.defaultWorkdir;
    // After the reseed: the identity draws from the kernel's generator.
    if (order.identity) recordIdentity(order.identity);
    keepSettings(settings);
    // Last: an attempt that failed is none, and its repetition does all of it again.
    settings.attemptId = order.attemptId;
  }
}
