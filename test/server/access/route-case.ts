/** One cell of the matrix: a door, and a request that is right in all but, perhaps, who sends it. */
import type { Door } from "./doors.ts";
import type { World } from "./world.ts";

interface Call {
  path: string;
  body?: unknown;
}

export interface RouteCase {
  door: Door;
  call: (world: World) => Call;
  /** Statuses of a call that passed the door. */
  passed: readonly number[];
  /** A call that passes changes the world for the next ones. */
  changes?: boolean;
  /** Errors are E2B's: a number for a code. */
  isE2b?: boolean;
}

export const route = (
  door: Door,
  passed: number | number[],
  call: (world: World) => string | Call,
  changes = false,
): RouteCase => ({
  door,
  passed: [passed].flat(),
  call: (world) => {
    const made = call(world);
    return typeof made === "string" ? { path: made } : made;
  },
  changes,
});
export const CHANGES = true;

export const keyOrTeam = (options: {
  scopes?: readonly ("sandboxes" | "templates")[];
  readable?: boolean;
  of?: "team" | "thing";
  absent?: string;
}): Door => ({ kind: "key or team", scopes: ["sandboxes"], readable: false, of: "thing", ...options });
