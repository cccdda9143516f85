/** One copy of a fork: the sandbox, or why there is none. */
import type { Static } from "@sinclair/typebox";

import type { Sandbox } from "../sandboxes/sandbox.ts";
import { isFinal } from "../sandboxes/status.ts";
import { type Keys, presentSandbox } from "./present.ts";
import type { ForkResultModel } from "./schemas.ts";

export const presentFork = (child: Sandbox, keys: Keys): Static<typeof ForkResultModel> => {
  if (!isFinal(child.status)) return { sandbox: presentSandbox(child, keys) };
  return { error: { code: 500, message: `The copy could not be started: ${child.statusReason}.` } };
};
